"""Sequence logo of a structure: which amino acids each site accepts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER
from protvox.report.figures.figure import new_figure
from protvox.report.figures.panels import label_residues, panels
from protvox.report.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path

    from protvox.predict.mutations.scores import MutationScores
    from protvox.predict.results.residue_table import ResidueTable

_COLOURS: Final = {
    "AVLIMC": "#2b5d9b",
    "FWYH": "#7b3fa0",
    "STNQ": "#2e8b57",
    "KR": "#c0392b",
    "DE": "#c2378f",
    "GP": "#d98c1f",
}
_MAX_BITS: Final = float(np.log2(len(AMINO_ACIDS)))
_MIN_HEIGHT: Final = 0.02  # bits; smaller letters are invisible
_WIDTH: Final = 0.92
_PANEL_INCHES: Final = 1.7
_MARGIN: Final = 0.5


def draw_logo(scores: MutationScores) -> Figure:
    """Draw the probabilities of the amino acids at every residue as a sequence logo.

    The probabilities are those of the environment network, unless only the other one was used.

    Parameters
    ----------
    scores
        Scores of a list or a scan. All residues with a prediction are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        The height of a stack is its information content, log2(20) minus the entropy, in bits
        (Schneider and Stephens 1990). Letters share it by probability, the most probable on top.
        The sequence of the structure is shown below.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    model = next(iter(scores.models.values()))
    title = f"{printable(scores.input.name)}: amino acids accepted ({model})"
    return logo_of_residues(scores.residues, title)


def logo_of_residues(residues: ResidueTable, title: str) -> Figure:
    """Draw the probabilities of a table of residues as a sequence logo.

    Parameters
    ----------
    residues
        Residues with probabilities.
    title
        Title of the figure.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    lines = panels(residues.chain)
    figure = new_figure(14.0, _PANEL_INCHES * len(lines) + _MARGIN)
    grid = np.atleast_1d(figure.subplots(len(lines), 1))
    heights = letter_heights(residues.probabilities)
    width = max(len(line) for line in lines)
    for axes, line in zip(grid, lines, strict=True):
        _draw_stacks(axes, heights[line])
        axes.set(xlim=(-0.5, width - 0.5), ylim=(0, _MAX_BITS), ylabel="bits")
        label_residues(axes, residues, line)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    grid[0].set_title(title)
    return figure


def letter_heights(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the height of each letter of a logo.

    Parameters
    ----------
    probabilities
        ``residue 20``, rows sum to 1.

    Returns
    -------
    ndarray
        ``residue 20`` float64, heights in bits.
    """
    p = np.clip(probabilities.astype(np.float64), np.finfo(np.float32).tiny, None)
    information = _MAX_BITS + (p * np.log2(p)).sum(axis=1, keepdims=True)
    heights: NDArray[np.float64] = p * np.clip(information, 0.0, None)
    return heights


def _draw_stacks(axes: Axes, heights: NDArray[np.float64]) -> None:
    from matplotlib.collections import PathCollection
    from matplotlib.transforms import Affine2D

    order = np.argsort(heights, axis=1, kind="stable")
    sorted_heights = np.take_along_axis(heights, order, axis=1)
    bottoms = np.cumsum(sorted_heights, axis=1) - sorted_heights
    paths: dict[str, list[Path]] = {}
    for site, rank in np.argwhere(sorted_heights >= _MIN_HEIGHT).tolist():
        letter = ONE_LETTER[AMINO_ACIDS[order[site, rank]]]
        transform = Affine2D().scale(_WIDTH, sorted_heights[site, rank])
        transform = transform.translate(site - _WIDTH / 2, bottoms[site, rank])
        paths.setdefault(letter, []).append(transform.transform_path(_glyph(letter)))
    for letter, glyphs in paths.items():
        colour = next(colour for group, colour in _COLOURS.items() if letter in group)
        axes.add_collection(PathCollection(glyphs, facecolors=colour, linewidths=0))


@lru_cache(maxsize=len(AMINO_ACIDS))
def _glyph(letter: str) -> Path:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    # In a font without serifs, a stretched I would look like a bar.
    font = FontProperties(family="DejaVu Sans Mono", weight="bold")
    path = TextPath((0, 0), letter, size=1, prop=font)
    box = path.get_extents()
    unit = Affine2D().translate(-box.x0, -box.y0).scale(1 / box.width, 1 / box.height)
    return unit.transform_path(path)
