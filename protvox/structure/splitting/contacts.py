"""The residue contacts by which a chain is split."""

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
"""Å between CA atoms; pairs further apart are ignored."""

_CONTACT: Final = 8.0
"""Distance at which a contact counts one half, Å."""

_APART: Final = 3
"""Least sequence separation; closer pairs are in contact whatever the fold."""

_LONG: Final = 12
"""Sequence separation from which a contact is informative about the fold."""

_SHEET: Final = 6.5
"""Å between residues of neighbouring strands."""

_STRANDS: Final = 3.0
"""Weight of a contact between two strands: domain boundaries rarely cut a sheet."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a chain.

    Attributes
    ----------
    ca
        ``residue 3`` float64, Å.
    secondary
        ``residue`` uint8, `protvox.structure.geometry.secondary_structure.SecondaryStructure`.
    sse
        ``residue`` int64, number of its helix or strand from 1, 0 for coil.
    depth
        ``residue`` int64, number of residues of its helix or strand on either side of a cut in
        front of it, whichever is fewer; 0 for coil.
    first, second
        ``pair`` int64, residues less than `REACH` apart, ``first < second``.
    weight
        ``pair`` float64, cost of a cut between the two residues.
    counts
        ``pair 4`` float64: contact, long-range contact, contact between strands, proximity
        (1 for every pair).
    """

    ca: NDArray[np.float64]
    secondary: NDArray[np.uint8]
    sse: NDArray[np.int64]
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
        sse, depth = _number_sses(secondary)
        weight = np.where(strands, _STRANDS * contact, contact)
        return cls(points, secondary, sse, depth, first, second, weight, counts)

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
        distance = np.empty(0)
        for sweep in range(2):  # The first sweep counts, the second writes.
            if sweep == 1:
                first = np.empty(total, dtype=np.int64)
                second = np.empty(total, dtype=np.int64)
                distance = np.empty(total)
            total = 0
            for i in range(n):
                for j in range(i + apart, n):
                    x = points[i, 0] - points[j, 0]
                    y = points[i, 1] - points[j, 1]
                    z = points[i, 2] - points[j, 2]
                    square = x * x + y * y + z * z
                    if square < reach * reach:
                        if sweep == 1:
                            first[total] = i
                            second[total] = j
                            distance[total] = np.sqrt(square)
                        total += 1
        return first, second, distance

    return compile_exact(find)


def _number_sses(secondary: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each residue's helix or strand, and its depth in it."""
    n = len(secondary)
    sse, depth = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    ends = [0, *(np.flatnonzero(np.diff(secondary)) + 1).tolist(), n] if n else []
    number = 0
    for start, stop in pairwise(ends):
        if secondary[start] != SecondaryStructure.COIL:
            number += 1
            before = np.arange(stop - start)
            sse[start:stop] = number
            depth[start:stop] = np.minimum(before, stop - start - before)
    return sse, depth
