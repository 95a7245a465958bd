"""The page about a run: a summary laid out by the templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.cath_names import CATH_NAMES
from protvox.report.run_page.charts import Column, Dot, bar_chart, histogram, image_source, scatter
from protvox.report.run_page.domain_cards import SHOWN, Cards, DomainCard
from protvox.report.run_page.png import matrix_png
from protvox.report.run_page.summary import Summary
from protvox.report.run_page.trajectories import TrajectoryMap
from protvox.report.run_page.views import Counts, RankedRows
from protvox.report.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment

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
_MIN_MAPPED: Final = 3
_TEMPLATES: Final = Path(__file__).parents[1] / "templates"


class _Tile(NamedTuple):
    value: str
    label: str
    bad: bool = False


class _Trajectory(NamedTuple):
    path: str
    note: str
    source: str
    height: int
    labels: tuple[str, ...]


class _View(NamedTuple):
    title: str
    note: str
    columns: list[Column] | None
    labels: tuple[str, ...]
    rows: list[tuple[str, ...]]
    classes: tuple[str, ...]


class _Map(NamedTuple):
    note: str
    dots: list[Dot]


def render_page(summary: Summary) -> str:
    """Return the page about a run as self-contained HTML.

    Parameters
    ----------
    summary
        Summary of the run.
    """
    shares = [one.recovered for one in summary.structures]
    page: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            summary=summary,
            tiles=list(_tiles(summary)),
            trajectories=[_trajectory(found) for found in summary.trajectories],
            probability=histogram(summary.probability),
            recovered=histogram(np.histogram(shares, bins=20, range=(0, 1))[0]),
            suspects=_suspects(summary),
            lowest=[
                (one.id, f"{one.residues:,}", f"{one.recovered:.0%}")
                for one in summary.structures[:_STRUCTURES_SHOWN]
            ],
            cards=[_relative_name(summary, card) for card in summary.cards.shown],
            card_note=_card_note(summary.cards),
            confidence=histogram(summary.confidence),
            cath_classes=_classes(summary),
            architectures=bar_chart(_architectures(summary)),
            map=_map(summary),
            views=[_view(view) for view in summary.views],
            failure_note=_failure_note(summary),
            failures=[
                (id_, code, f"{what}. {remedy}.") for id_, code, what, remedy in summary.failures
            ],
        )
    )
    return page


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def _printable(value: object) -> object:
    return value if hasattr(value, "__html__") else printable(str(value))


def _tiles(summary: Summary) -> Iterator[_Tile]:
    yield _Tile(f"{summary.n_scored:,}", "structures scored")
    yield _Tile(f"{summary.n_failed:,}", "failed", bad=summary.n_failed > 0)
    if summary.n_domains:
        outside = 1 - summary.in_range / summary.n_domains
        yield _Tile(f"{summary.n_domains:,}", "domains")
        yield _Tile(f"{outside:.0%}", "of the domains are unlike the training domains")
    if summary.n_residues:
        yield _Tile(f"{summary.n_residues:,}", "residues")
        yield _Tile(f"{summary.recovered:.0%}", "of residues match the prediction")
    for name, n in summary.rows.items():
        yield _Tile(f"{n:,}", f"rows in the table {name}")


def _view(view: RankedRows | Counts) -> _View:
    match view:
        case Counts():
            return _View(view.title, view.note, histogram(view.counts), view.labels, [], ())
        case RankedRows():
            classes = tuple("num" if number else "" for number in view.numbers)
            return _View(view.title, view.note, None, view.head, view.rows, ("name", *classes[1:]))


def _suspects(summary: Summary) -> list[tuple[str, ...]]:
    return [
        (
            one.id,
            one.residue,
            one.wild_type,
            f"{one.p_wild_type:.2g}",
            one.predicted,
            f"{one.p_predicted:.2f}",
            f"{one.odds:,.0f} : 1",
        )
        for one in summary.suspects
    ]


def _trajectory(found: TrajectoryMap) -> _Trajectory:
    n_residues = len(found.residues)
    return _Trajectory(
        found.path,
        f"Probability of the amino acid present in {len(found.frames):,} frames, from dark red "
        f"(0) to dark blue (1). {n_residues:,} residues, from {found.residues[0]} (top) to "
        f"{found.residues[-1]} (bottom).",
        image_source(matrix_png(found.probability)),
        max(160, min(3 * n_residues, 640)),
        tuple(_frame_label(found, column) for column in (0, len(found.frames) // 2, -1)),
    )


def _frame_label(found: TrajectoryMap, column: int) -> str:
    time = found.times[column]
    frame = f"frame {found.frames[column]}"
    return f"{frame}, {time:g} ps" if np.isfinite(time) else frame


def _architectures(summary: Summary) -> list[tuple[str, int, str]]:
    shown = summary.architectures[:_ARCHITECTURES_SHOWN]
    rest = sum(n for _, _, n in summary.architectures[_ARCHITECTURES_SHOWN:])
    rows = [(f"{label} {name}", n, _colour(label)) for label, name, n in shown]
    return [*rows, ("others", rest, _GREY)] if rest else rows


def _map(summary: Summary) -> _Map | None:
    if len(summary.embeddings) < _MIN_MAPPED:
        return None
    points, explained = project(summary.embeddings)
    labels = [f"{name}: {label}" for name, label in summary.embedded_as]
    colours = [_colour(label) for _, label in summary.embedded_as]
    return _Map(
        f"First two principal components of the embeddings ({explained:.0%} of the variance), "
        "coloured by class. Point at a dot to see its name.",
        scatter(points, labels, colours),
    )


def project(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """Project vectors onto the plane of their first two principal components.

    Parameters
    ----------
    vectors
        ``point feature``.

    Returns
    -------
    points : ndarray
        ``point 2``. The sign of each axis is such that its largest loading is positive.
    explained : float
        Fraction of the variance in the plane.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, size, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    variance = size**2
    return centred @ axes.T, float(variance[:2].sum() / max(variance.sum(), 1e-300))


def _relative_name(summary: Summary, card: DomainCard) -> DomainCard:
    return replace(card, id=card.id.removeprefix(summary.within))


def _card_note(cards: Cards) -> str:
    known, family, topology = (cards.counts[level] for level in ("", "superfamily", "topology"))
    text = (
        f"Of {cards.n:,} domains, {known:,} belong to a known CATH superfamily, {family:,} to no "
        f"known superfamily of a known topology, {topology:,} to no known topology. Known domains "
        "are those in the index of protvox, which does not contain all of CATH. TM-scores are "
        "normalised by the length of the domain. Chains of a structure with the same result "
        "share a row."
    )
    if len(cards.shown) == SHOWN:
        text += f" The first {SHOWN} rows are shown; all are in the table of domains."
    return text


def _failure_note(summary: Summary) -> str:
    counts = ", ".join(f"{n} x {code}" for code, n in summary.failure_counts.items())
    shown = len(summary.failures)
    if sum(summary.failure_counts.values()) == shown:
        return counts
    return f"{counts}; only the first {shown} are listed"


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
