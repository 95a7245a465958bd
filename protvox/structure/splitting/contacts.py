"""The contacts of a chain that decide where it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.geometry.secondary_structure import SecondaryStructure, secondary_structure

REACH: Final = 12.0
"""Å between CA atoms, the most that counts at all."""

_CONTACT: Final = 8.0
"""Å, where a contact counts one half."""

_APART: Final = 3
"""Pairs closer in the chain are there whatever the fold."""

_LONG: Final = 12
"""Residues apart in the chain, from where a contact says something about the fold."""

_SHEET: Final = 6.5
"""Å between residues of neighbouring strands."""

_STRANDS: Final = 3.0
"""Weight of a contact between two strands: sheets are seldom cut."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """A chain as its contacts.

    Attributes
    ----------
    ca
        ``residue 3`` float64, Å.
    secondary
        ``residue`` uint8, `protvox.structure.geometry.secondary_structure.SecondaryStructure`.
    element
        ``residue`` int64, number of its helix or strand from 1, 0 for coil.
    depth
        ``residue`` int64, how many residues of its helix or strand come before it, or after a
        cut in front of it if those are fewer; 0 for coil.
    first, second
        ``pair`` int64, residues less than `REACH` apart, ``first < second``.
    weight
        ``pair`` float64, what a cut between the two costs.
    counts
        ``pair 4`` float64: contact, contact of residues far apart in the chain, contact
        between strands, nearness (1 for every pair).
    """

    ca: NDArray[np.float64]
    secondary: NDArray[np.uint8]
    element: NDArray[np.int64]
    depth: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weight: NDArray[np.float64]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, ca: NDArray[np.floating]) -> Contacts:
        """Find the contacts of a chain.

        Parameters
        ----------
        ca
            ``residue 3``, Å, in chain order, all finite.
        """
        points = np.ascontiguousarray(ca, dtype=np.float64)
        secondary = secondary_structure(points)
        first, second, distance = _pair_finder()(points, REACH, _APART)
        contact = 1.0 / (1.0 + np.exp(distance - _CONTACT))
        strands = (secondary[first] == SecondaryStructure.STRAND) & (
            secondary[second] == SecondaryStructure.STRAND
        )
        counts = np.stack(
            [
                contact,
                contact * (second - first >= _LONG),
                strands & (distance < _SHEET),
                np.ones_like(contact),
            ],
            axis=1,
        )
        element, depth = _elements(secondary)
        weight = np.where(strands, _STRANDS * contact, contact)
        return cls(points, secondary, element, depth, first, second, weight, counts)

    def __len__(self) -> int:
        """Return the number of residues."""
        return len(self.ca)


@lru_cache(maxsize=1)
def _pair_finder() -> Any:
    def find(points, reach, apart):  # type: ignore[no-untyped-def]
        n = len(points)
        total = 0
        first = np.empty(0, dtype=np.int64)
        second = np.empty(0, dtype=np.int64)
        apart_by = np.empty(0)
        for turn in range(2):  # the first counts, the second writes
            if turn == 1:
                first = np.empty(total, dtype=np.int64)
                second = np.empty(total, dtype=np.int64)
                apart_by = np.empty(total)
            total = 0
            for i in range(n):
                for j in range(i + apart, n):
                    x = points[i, 0] - points[j, 0]
                    y = points[i, 1] - points[j, 1]
                    z = points[i, 2] - points[j, 2]
                    square = x * x + y * y + z * z
                    if square < reach * reach:
                        if turn == 1:
                            first[total] = i
                            second[total] = j
                            apart_by[total] = np.sqrt(square)
                        total += 1
        return first, second, apart_by

    return compile_exact(find)


def _elements(secondary: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = len(secondary)
    element, depth = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    ends = [0, *(np.flatnonzero(np.diff(secondary)) + 1).tolist(), n] if n else []
    number = 0
    for start, stop in pairwise(ends):
        if secondary[start] != SecondaryStructure.COIL:
            number += 1
            place = np.arange(stop - start)
            element[start:stop] = number
            depth[start:stop] = np.minimum(place, stop - start - place)
    return element, depth
