"""Heat map of a mutation scan: every residue against every amino acid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.report.figures.figure import new_figure
from protvox.report.figures.panels import label_residues, panels
from protvox.report.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from protvox.predict.mutations.scores import MutationScores

ORDER: Final = "GAVLIMCPFWYSTNQHKRDE"
"""Amino acids from top to bottom; similar ones are adjacent."""

_PANEL_INCHES: Final = 2.9
_MARGIN: Final = 0.9


def draw_heatmap(scores: MutationScores) -> Figure:
    """Draw the score of every substitution, red where destabilising, blue where stabilising.

    Parameters
    ----------
    scores
        Scores of a list or a scan. All residues with a prediction are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Residues from left to right in file order, split into panels by chain and length. A dot
        marks the amino acid present. Each sign has a scale of its own, which ends at the 98th
        percentile of its magnitudes: stabilising scores are few and small, and would be white on
        a common scale.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    rows = [AMINO_ACID_INDEX[THREE_LETTER[one]] for one in ORDER]
    matrix = scores.matrix[:, rows]
    parts = panels(scores.residues.chain)
    figure = new_figure(14.0, _PANEL_INCHES * len(parts) + _MARGIN)
    from matplotlib.colors import TwoSlopeNorm

    low, high = -_limit(-matrix), _limit(matrix)
    norm = TwoSlopeNorm(0.0, low, high)
    grid = np.atleast_1d(figure.subplots(len(parts), 1))
    width = max(len(part) for part in parts)
    row_of = {name: i for i, name in enumerate(THREE_LETTER[one] for one in ORDER)}
    present = np.array([row_of[name] for name in scores.residues.wild_type.tolist()])
    picture = None
    for axes, part in zip(grid, parts, strict=True):
        picture = axes.imshow(
            matrix[part].T,
            cmap="RdBu_r",
            norm=norm,
            aspect="auto",
            interpolation="nearest",
        )
        axes.plot(np.arange(len(part)), present[part], "k.", markersize=2.5)
        _label(axes, scores, part, width)
    grid[0].set_title(
        f"{printable(scores.input.name)}: predicted effect of every substitution ({scores.model})"
    )
    if picture is not None:
        figure.colorbar(
            picture,
            ax=grid.tolist(),
            label="score, positive = destabilising",
            aspect=max(20, 8 * len(parts)),
            fraction=0.02,
            extend="both",
            spacing="uniform",
            ticks=np.round([low, low / 2, 0, high / 2, high], 1),
        )
    return figure


def _limit(matrix: np.ndarray) -> float:
    """Return the 98th percentile of the positive values."""
    positive = matrix[matrix > 0]
    return max(float(np.percentile(positive, 98)), 1e-6) if len(positive) else 1e-6


def _label(axes: Axes, scores: MutationScores, part: np.ndarray, width: int) -> None:
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_yticks(range(len(ORDER)), list(ORDER), fontsize=6)
    label_residues(axes, scores.residues, part)
    axes.set_ylabel("mutant")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
