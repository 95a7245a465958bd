"""Ranked bars of mutations, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from protvox.report.figures.figure import new_figure
from protvox.report.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from protvox.predict.mutations.scores import MutationScores

SHOWN: Final = 40
"""Most bars of a figure."""

_WORSE: Final = "#b2182b"
_BETTER: Final = "#2166ac"


def draw_bars(scores: MutationScores) -> Figure:
    """Draw the mutations from the least to the most destabilising, as horizontal bars.

    Parameters
    ----------
    scores
        Scores of a list or a scan; of more than `SHOWN`, the least destabilising are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        The estimated change in kcal/mol with its 80 % interval; for models that were not
        calibrated, the score in nats.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    table = scores.table
    calibrated = bool(np.isfinite(table.ddg).all())
    values = table.ddg if calibrated else table.score
    order = np.argsort(values, kind="stable")[:SHOWN]
    chains = len(set(table.chain.tolist())) > 1
    names = [
        f"{table.chain[row]} {table.mutation[row]}" if chains else str(table.mutation[row])
        for row in order.tolist()
    ]
    figure = new_figure(7.0, 1.2 + 0.22 * len(order))
    axes = figure.subplots()
    heights = np.arange(len(order))
    colours = [_WORSE if value > 0 else _BETTER for value in values[order].tolist()]
    axes.barh(heights, values[order], color=colours)
    if calibrated:
        ends = [(values - table.ddg_low)[order], (table.ddg_high - values)[order]]
        axes.errorbar(values[order], heights, xerr=ends, fmt="none", ecolor="0.3", elinewidth=0.8)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set_yticks(heights, [printable(name) for name in names], fontsize=7)
    axes.invert_yaxis()
    axes.set_ylim(len(order) - 0.4, -0.6)
    unit = "ΔΔG, kcal/mol, with its 80 % interval" if calibrated else "score, nats"
    axes.set_xlabel(f"{unit}; positive = destabilising")
    axes.set_title(f"{printable(scores.input.name)} ({scores.model})", fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
