"""How a structure was determined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Method = Literal["", "X-ray", "EM", "NMR", "other"]
"""Experimental method; ``""`` if the file does not state it."""

METHODS: Final[tuple[Method, ...]] = get_args(Method)


@dataclass(frozen=True, slots=True)
class Experiment:
    """What a file says about the experiment.

    Attributes
    ----------
    method
        Experimental method.
    resolution
        Å; None if not stated.
    cell
        Lengths (Å) and angles (degrees) of the unit cell; empty if there is none.
    space_group
        Hermann-Mauguin symbol, ``"P 21 21 21"``; ``""`` if not stated.
    to_fractional
        From coordinates to fractions of the cell, ``3 4`` row by row: a matrix (1/Å) and a shift,
        as in the records SCALE; empty if not stated.
    """

    method: Method = ""
    resolution: float | None = None
    cell: tuple[float, ...] = ()
    space_group: str = ""
    to_fractional: tuple[float, ...] = ()


NOT_STATED: Final = Experiment()
"""That of a file that says nothing about it."""
