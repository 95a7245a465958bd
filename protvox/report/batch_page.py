"""The report of a run as one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.cath_names import CATH_NAMES
from protvox.report import html
from protvox.report.batch_data import Summary
from protvox.report.frames_data import Course
from protvox.report.png import matrix_png

CLASS_COLOURS: Final = {
    "1": "#c8553d",
    "2": "#2f6fb3",
    "3": "#4c9a6a",
    "4": "#8c6bb1",
    "6": "#b08a2e",
}
"""Colour of each CATH class."""

_GREY: Final = "#8a929c"
_ARCHITECTURES_SHOWN: Final = 24
_STRUCTURES_SHOWN: Final = 10
_AXIS: Final = ("0", "0.5", "1")


def render_page(summary: Summary) -> str:
    """Return the report as HTML that stands alone.

    Parameters
    ----------
    summary
        What to say.
    """
    return html.page(f"protvox: {summary.name}", _body(summary))


def _body(summary: Summary) -> Iterator[str]:
    models = ", ".join(summary.models)
    yield f"<h1>{html.text(summary.name)}</h1>"
    within = f"; names are those within {summary.within}" if summary.within else ""
    scored_by = html.text(f"Scored by protvox {summary.version} with {models}{within}")
    yield f'<p class="soft">{scored_by}</p>'
    yield f'<div class="tiles">{"".join(_tiles(summary))}</div>'
    yield '<div class="grid">'
    yield from map(_course, summary.courses)
    if summary.n_residues:
        yield from _environments(summary)
    if summary.n_domains:
        yield from _domains(summary)
    if summary.failures:
        yield _failures(summary)
    yield "</div>"


def _tiles(summary: Summary) -> Iterator[str]:
    yield html.tile(f"{summary.n_scored:,}", "structures scored")
    yield html.tile(f"{summary.n_failed:,}", "failed", bad=summary.n_failed > 0)
    if summary.n_domains:
        yield html.tile(f"{summary.n_domains:,}", "domains")
        outside = 1 - summary.in_range / summary.n_domains
        yield html.tile(f"{outside:.0%}", "of them unlike the training domains")
    if summary.n_residues:
        yield html.tile(f"{summary.n_residues:,}", "residues")
        yield html.tile(f"{summary.recovered:.0%}", "are what their surroundings predict")


def _environments(summary: Summary) -> Iterator[str]:
    yield html.card(
        "Probability of the amino acid present",
        "All residues, from their surroundings alone.",
        html.histogram(summary.probability, _AXIS),
        half=True,
    )
    shares = np.histogram([one.recovered for one in summary.structures], bins=20, range=(0, 1))[0]
    yield html.card(
        "Structures by the share of residues predicted",
        "Well refined structures lie near 0.6; a model far below deserves a look.",
        html.histogram(shares, _AXIS),
        half=True,
    )
    if summary.suspects:
        rows = (
            (
                s.id,
                s.residue,
                s.wild_type,
                f"{s.p_wild_type:.2g}",
                s.predicted,
                f"{s.p_predicted:.2f}",
                f"{s.odds:,.0f} : 1",
            )
            for s in summary.suspects
        )
        head = ("structure", "residue", "present", "p(present)", "expected", "p(expected)", "odds")
        yield html.card(
            "Most suspicious residues",
            "Their surroundings ask for another amino acid, by the odds; at most three of a "
            "structure. Some are errors, some are active sites.",
            html.table(head, rows, "i  n nn"),
        )
    lowest = summary.structures[:_STRUCTURES_SHOWN]
    yield html.card(
        "Structures with the fewest predicted residues",
        "Lowest first.",
        html.table(
            ("structure", "residues", "predicted"),
            ((s.id, f"{s.residues:,}", f"{s.recovered:.0%}") for s in lowest),
            "inn",
        ),
        half=bool(summary.n_domains),
    )


def _course(course: Course) -> str:
    first, last = (_moment(course, column) for column in (0, -1))
    middle = _moment(course, len(course.frames) // 2)
    return html.card(
        f"Over time: {course.path}",
        f"Probability of the amino acid present in {len(course.frames):,} frames, from dark red "
        f"(0) to dark blue (1); {len(course.residues):,} residues from "
        f"{course.residues[0]} at the top to {course.residues[-1]}.",
        html.picture(
            matrix_png(course.probability),
            "heat map over time",
            height=max(160, min(3 * len(course.residues), 640)),
        )
        + html.axis((first, middle, last)),
    )


def _moment(course: Course, column: int) -> str:
    time = course.times[column]
    frame = f"frame {course.frames[column]}"
    return f"{frame}, {time:g} ps" if np.isfinite(time) else frame


def _domains(summary: Summary) -> Iterator[str]:
    yield html.card(
        "Probability of the first architecture",
        "All domains, calibrated.",
        html.histogram(summary.confidence, _AXIS),
        half=bool(summary.n_residues),
    )
    shown = summary.architectures[:_ARCHITECTURES_SHOWN]
    rest = sum(n for _, _, n in summary.architectures[_ARCHITECTURES_SHOWN:])
    rows = [(f"{label} {name}", n, _colour(label)) for label, name, n in shown]
    rows += [("others", rest, _GREY)] if rest else []
    yield html.card(
        "CATH architectures",
        "Domains by the most probable architecture.",
        html.key(_classes(summary)) + html.bars(rows),
    )
    if len(summary.embeddings) > 2:
        points, explained = project(summary.embeddings)
        names = [f"{name}: {label}" for name, label in summary.embedded_as]
        colours = [_colour(label) for _, label in summary.embedded_as]
        yield html.card(
            "Map of the domains",
            f"The two main components of their embeddings ({explained:.0%} of the variance), "
            "coloured by class; point at a dot for its name.",
            html.key(_classes(summary)) + html.scatter(points, names, colours),
        )


def project(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """Lay vectors out in the plane of their two main components.

    Parameters
    ----------
    vectors
        ``point feature``.

    Returns
    -------
    points : ndarray
        ``point 2``; of each axis the sign is such that its largest component is positive.
    explained : float
        Share of the variance that lies in the plane.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, size, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    variance = size**2
    return centred @ axes.T, float(variance[:2].sum() / max(variance.sum(), 1e-300))


def _failures(summary: Summary) -> str:
    counts = ", ".join(f"{n} x {code}" for code, n in summary.failure_counts.items())
    total = sum(summary.failure_counts.values())
    note = (
        counts if total == len(summary.failures) else f"{counts}; the first {len(summary.failures)}"
    )
    rows = ((name, code, f"{what}. {remedy}.") for name, code, what, remedy in summary.failures)
    return html.card("Failures", note, html.table(("structure", "code", "what to do"), rows, "i i"))


def _classes(summary: Summary) -> list[tuple[str, str]]:
    counts: Counter[str] = Counter()
    for label, _, n in summary.architectures:
        counts[label.split(".")[0]] += n
    return [
        (f"{CATH_NAMES.get(top, top)} ({n / summary.n_domains:.0%})", _colour(top))
        for top, n in sorted(counts.items())
    ]


def _colour(label: str) -> str:
    return CLASS_COLOURS.get(label.split(".")[0], _GREY)
