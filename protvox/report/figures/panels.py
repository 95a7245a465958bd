"""Residues in the panels of a figure: how they are split and labelled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ONE_LETTER
from protvox.messages import chain_label
from protvox.report.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from protvox.predict.results.residue_table import ResidueTable

_MIN_LENGTH: Final = 80
_MAX_PANELS: Final = 60
_MAX_LETTERS: Final = 160
_NUMBER_EVERY: Final = 10


def panels(chain: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    """Split residues into panels.

    Parameters
    ----------
    chain
        ``residue``, chain names.

    Returns
    -------
    list of ndarray
        Rows of each panel, all of one chain. A panel holds 80 residues, or more if there would be
        too many panels for a figure.
    """
    names = list(dict.fromkeys(chain.tolist()))
    room = max(1, _MAX_PANELS - len(names))
    length = max(_MIN_LENGTH, math.ceil(len(chain) / room))
    lines: list[NDArray[np.int64]] = []
    for name in names:
        rows = np.flatnonzero(chain == name)
        lines += [rows[start : start + length] for start in range(0, len(rows), length)]
    return lines


def label_residues(axes: Axes, residues: ResidueTable, line: NDArray[np.int64]) -> None:
    """Label a panel with its chain, its sequence and every tenth author number.

    Parameters
    ----------
    axes
        Axes with the residues at x = 0, 1, 2, ...
    residues
        Table of residues.
    line
        Rows of the panel in the table.
    """
    letters = [ONE_LETTER[name] for name in residues.wild_type[line].tolist()]
    short = len(line) <= _MAX_LETTERS
    step = _NUMBER_EVERY if short else max(_NUMBER_EVERY, len(line) // 20)
    labels = []
    for i, row in enumerate(line.tolist()):
        number = f"{residues.number[row]}{residues.insertion_code[row]}" if i % step == 0 else ""
        labels.append(f"{letters[i] if short else ''}\n{number}")
    axes.set_xticks(range(len(line)), labels, fontsize=6)
    axes.tick_params(axis="x", length=0 if short else 2)
    axes.set_xlabel(printable(chain_label(str(residues.chain[line[0]]))), fontsize=8, loc="left")
