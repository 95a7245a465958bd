"""Residues in lines of a picture: where they break, and how they are labelled."""

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

_SHORTEST: Final = 80
_MOST_PANELS: Final = 60
_LETTERS_FIT: Final = 160
_NUMBER_EVERY: Final = 10


def panels(chain: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    """Break residues into lines.

    Parameters
    ----------
    chain
        ``residue``, chain names.

    Returns
    -------
    list of ndarray
        Rows of each line, of one chain each. Lines hold 80 residues, more where there would
        be too many lines for a picture.
    """
    names = list(dict.fromkeys(chain.tolist()))
    room = max(1, _MOST_PANELS - len(names))
    length = max(_SHORTEST, math.ceil(len(chain) / room))
    lines: list[NDArray[np.int64]] = []
    for name in names:
        rows = np.flatnonzero(chain == name)
        lines += [rows[start : start + length] for start in range(0, len(rows), length)]
    return lines


def place_labels(axes: Axes, residues: ResidueTable, line: NDArray[np.int64]) -> None:
    """Label a line with its chain, its sequence and every tenth author number.

    Parameters
    ----------
    axes
        Residues lie at 0, 1, 2, ...
    residues
        The table the rows count in.
    line
        Rows of the line.
    """
    letters = [ONE_LETTER[name] for name in residues.wild_type[line].tolist()]
    short = len(line) <= _LETTERS_FIT
    step = _NUMBER_EVERY if short else max(_NUMBER_EVERY, len(line) // 20)
    labels = []
    for i, row in enumerate(line.tolist()):
        number = f"{residues.number[row]}{residues.insertion_code[row]}" if i % step == 0 else ""
        labels.append(f"{letters[i] if short else ''}\n{number}")
    axes.set_xticks(range(len(line)), labels, fontsize=6)
    axes.tick_params(axis="x", length=0 if short else 2)
    axes.set_xlabel(printable(chain_label(str(residues.chain[line[0]]))), fontsize=8, loc="left")
