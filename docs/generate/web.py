"""The generated parts of the web page: how good the predictions are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from docs.generate.values import interval, results

_ANSWERS: Final = (
    (
        "What is this domain?",
        "Every domain with its CATH architecture, calibrated probabilities, and the nearest known "
        "domains.",
    ),
    (
        "Is anything wrong with this model?",
        "Stretches with a shifted or wrong sequence, and residues whose surroundings favour "
        "another amino acid, with possible reasons.",
    ),
    (
        "Which mutations?",
        "A score for every substitution as a map of the chain, and suggestions of what to order, "
        "with reasons and cautions.",
    ),
)


def welcome() -> str:
    """Return the three questions of the empty page, each with a measured result."""
    cards = [
        line
        for (question, answer), (value, meaning, bounds) in zip(_ANSWERS, _measures(), strict=True)
        for line in (
            '        <section class="card">',
            f"          <h2>{escape(question)}</h2>",
            *_wrapped(f"<p>{escape(answer)}</p>", 10),
            f'          <p class="measure"><span class="value">{value}</span>',
            *_wrapped(f"{meaning} (95 % interval {bounds})", 12),
            '            <a href="docs/#results">How it was measured</a></p>',
            "        </section>",
        )
    ]
    return "\n".join(['      <div class="answers">', *cards, "      </div>"])


def results_table(rows: Sequence[Sequence[str]]) -> str:
    """Return the table of results as HTML.

    Parameters
    ----------
    rows
        Question, test set and result, as in README; without links.
    """
    lines = [
        '          <div class="scroll" tabindex="0" role="region" aria-label="Results">',
        "          <table>",
        "            <thead><tr><th>Question</th><th>Test set</th>",
        "              <th>Result (95 % interval)</th></tr></thead>",
        "            <tbody>",
    ]
    for question, *cells in rows:
        lines.append(f"            <tr><td>{escape(question[1:].partition(']')[0])}</td>")
        lines += [f"              <td>{escape(cell)}</td>" for cell in cells]
        lines[-1] += "</tr>"
    return "\n".join([*lines, "            </tbody>", "          </table>", "          </div>"])


def _measures() -> list[tuple[str, str, str]]:
    """Return value, meaning and interval of the three results."""
    cath, mutation = results("cath/metrics"), results("mutations/metrics")
    shifts = results("check/metrics")["register"]["range"]["12 and more"]
    return [
        (
            f"{100 * cath['top1']:.0f} %",
            f"of {cath['n']} domains from superfamilies not seen in training get the right "
            "architecture",
            _percent(cath["intervals"]["top1"]),
        ),
        (
            f"{100 * shifts['found']:.0f} %",
            f"of {shifts['n']} stretches of 12 to 40 residues with a shifted sequence are found",
            _percent(shifts["interval"]),
        ),
        (
            f"{mutation['spearman']:.2f}",
            f"rank correlation with {mutation['n']:,} measured stability changes",
            interval(mutation["intervals"]["spearman"], 2),
        ),
    ]


def _percent(bounds: Sequence[float]) -> str:
    low, high = bounds
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _wrapped(text: str, indent: int) -> list[str]:
    from textwrap import wrap

    space = " " * indent
    return wrap(text, width=99, initial_indent=space, subsequent_indent=space)
