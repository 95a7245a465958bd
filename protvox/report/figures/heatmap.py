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
        marks the amino acid present. The colour scale ends at the 98th percentile of the
        magnitudes.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    rows = [AMINO_ACID_INDEX[THREE_LETTER[one]] for one in ORDER]
    matrix = scores.matrix[:, rows]
    limit = max(float(np.percentile(np.abs(matrix), 98)), 1e-6)
    parts = panels(scores.residues.chain)
    figure = new_figure(14.0, _PANEL_INCHES * len(parts) + _MARGIN)
    grid = np.atleast_1d(figure.subplots(len(parts), 1))
    width = max(len(part) for part in parts)
    row_of = {name: i for i, name in enumerate(THREE_LETTER[one] for one in ORDER)}
    present = np.array([row_of[name] for name in scores.residues.wild_type.tolist()])
    picture = None
    for axes, part in zip(grid, parts, strict=True):
        picture = axes.imshow(
            matrix[part].T,
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
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
        )
    return figure


def _label(axes: Axes, scores: MutationScores, part: np.ndarray, width: int) -> None:
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_yticks(range(len(ORDER)), list(ORDER), fontsize=6)
    label_residues(axes, scores.residues, part)
    axes.set_ylabel("mutant")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
