"""Figures of any result with residues: a profile, a matrix and a logo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.errors import fail
from protvox.predict.check.results import CheckResult
from protvox.predict.mutations.scores import MutationScores
from protvox.predict.results.prediction import Prediction
from protvox.predict.results.residue_table import ResidueTable
from protvox.report.figures.figure import new_figure
from protvox.report.figures.heatmap import ORDER, draw_heatmap
from protvox.report.figures.logo import draw_logo, logo_of_residues
from protvox.report.figures.panels import label_residues, panels
from protvox.report.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Result = Prediction | MutationScores | CheckResult
"""Results that have residues."""

_INCHES: Final = 1.5
_MATRIX_INCHES: Final = 2.9
_MARGIN: Final = 0.6
_WRONG: Final = "#c8321e"
_BAR: Final = "#1f5fa8"
_ABOVE: Final = "#b23410"


class Profile(NamedTuple):
    """One value per residue.

    Attributes
    ----------
    residues
        The residues.
    values
        ``residue``, NaN where there is none.
    label
        What they are, with the unit.
    signed
        Whether zero divides them; otherwise they are probabilities.
    """

    residues: ResidueTable
    values: NDArray[np.floating]
    label: str
    signed: bool


def profile_of(result: Result) -> Profile:
    """Return the value per residue that shows most of a result.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check.

    Raises
    ------
    UsageError
        If nothing was predicted for residues (``usage.no_residues``).
    """
    residues = residues_of(result)
    if isinstance(result, MutationScores):
        means = result.matrix.sum(axis=1) / (result.matrix.shape[1] - 1)
        return Profile(residues, means, "mean score (destabilising > 0)", True)
    return Profile(residues, residues.p_wild_type, "p of the amino acid present", False)


def residues_of(result: Result) -> ResidueTable:
    """Return the residues of a result.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check.

    Raises
    ------
    UsageError
        If nothing was predicted for residues (``usage.no_residues``).
    """
    residues = result.table if isinstance(result, CheckResult) else result.residues
    if residues is None or not len(residues):
        raise fail("usage.no_residues", where=result.input.name)
    return residues


def draw_profile(result: Result) -> Figure:
    """Draw one value per residue along every chain.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check; the wrong stretches of a check are red.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each chain, or for each part of a long one.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``), or there are no residues
        (``usage.no_residues``).
    """
    residues, values, label, signed = profile_of(result)
    wrong = _wrong_rows(result, residues)
    lines = panels(residues.chain)
    figure = new_figure(14.0, _INCHES * len(lines) + _MARGIN)
    grid = np.atleast_1d(figure.subplots(len(lines), 1))
    width = max(map(len, lines))
    shown = np.nan_to_num(values.astype(np.float64))
    low, high = (min(0.0, float(shown.min())), float(shown.max())) if signed else (0.0, 1.0)
    for axes, line in zip(grid, lines, strict=True):
        colours = [
            _WRONG if wrong[row] else _ABOVE if signed and shown[row] > 0 else _BAR
            for row in line.tolist()
        ]
        axes.bar(np.arange(len(line)), shown[line], width=0.9, color=colours)
        axes.set(xlim=(-0.5, width - 0.5), ylim=(1.05 * low, 1.05 * high or 1.0))
        _finish(axes, residues, line)
    grid[0].set_title(f"{printable(result.input.name)}: {label}")
    return figure


def draw_matrix(result: Result) -> Figure:
    """Draw every residue against every amino acid.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check.

    Returns
    -------
    matplotlib.figure.Figure
        Scores of substitutions for mutations, otherwise probabilities. A dot marks the amino
        acid present.

    Raises
    ------
    UsageError
        As for `draw_profile`.
    """
    residues = residues_of(result)
    if isinstance(result, MutationScores):
        return draw_heatmap(result)
    rows = [AMINO_ACID_INDEX[THREE_LETTER[one]] for one in ORDER]
    matrix = residues.probabilities[:, rows]
    row_of = {THREE_LETTER[one]: i for i, one in enumerate(ORDER)}
    present = np.array([row_of.get(name, -1) for name in residues.wild_type.tolist()])
    lines = panels(residues.chain)
    figure = new_figure(14.0, _MATRIX_INCHES * len(lines) + _MARGIN)
    grid = np.atleast_1d(figure.subplots(len(lines), 1))
    picture = None
    for axes, line in zip(grid, lines, strict=True):
        picture = axes.imshow(
            # The square root makes small probabilities visible.
            np.sqrt(matrix[line].T),
            cmap="Blues",
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
        )
        known = present[line] >= 0
        axes.plot(np.flatnonzero(known), present[line][known], "k.", markersize=2.5)
        axes.set_xlim(-0.5, max(map(len, lines)) - 0.5)
        axes.set_yticks(range(len(ORDER)), list(ORDER), fontsize=6)
        _finish(axes, residues, line)
    grid[0].set_title(f"{printable(result.input.name)}: probability of every amino acid")
    if picture is not None:
        bar = figure.colorbar(picture, ax=grid.tolist(), label="probability", fraction=0.02)
        ticks = (0.0, 0.05, 0.2, 0.5, 1.0)
        bar.set_ticks([float(np.sqrt(p)) for p in ticks], labels=[str(p) for p in ticks])
    return figure


def draw_sequence_logo(result: Result) -> Figure:
    """Draw the predicted amino acids as a sequence logo.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check.

    Raises
    ------
    UsageError
        As for `draw_profile`.
    """
    residues = residues_of(result)
    if isinstance(result, MutationScores):
        return draw_logo(result)
    return logo_of_residues(residues, f"{printable(result.input.name)}: amino acids predicted")


def _wrong_rows(result: Result, residues: ResidueTable) -> NDArray[np.bool_]:
    """Return which residues are in a stretch that may be wrong."""
    wrong = np.zeros(len(residues), dtype=np.bool_)
    if isinstance(result, CheckResult):
        names = np.array(
            [
                f"{number}{code}"
                for number, code in zip(residues.number, residues.insertion_code, strict=True)
            ]
        )
        for segment in result.segments:
            inside = np.flatnonzero(residues.chain == segment.chain)
            ends = [inside[names[inside] == end] for end in (segment.first, segment.last)]
            if all(map(len, ends)):
                wrong[ends[0][0] : ends[1][0] + 1] = True
    return wrong


def _finish(axes: Axes, residues: ResidueTable, line: NDArray[np.int64]) -> None:
    label_residues(axes, residues, line)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
