"""Disordered residues of predicted models: those with a pLDDT below a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.selection import ResidueId, Segment
from protvox.structure.structure import Structure

DEFAULT_LIMIT: Final = 50.0
"""pLDDT below which AlphaFold DB calls a residue "very low", a good sign of disorder."""


LONGEST_ISLAND: Final = 10
"""Residues; a shorter stretch between disordered ones is too short to be a part of a domain."""


@dataclass(frozen=True, slots=True)
class DisorderOption:
    """Which residues of a predicted model are disordered, and what becomes of them.

    Attributes
    ----------
    limit
        Residues with a lower pLDDT are disordered, and are not part of domains; 0 for none.
    hide
        Whether the environments of other residues leave them out.
    """

    limit: float = DEFAULT_LIMIT
    hide: bool = False

    def __post_init__(self) -> None:
        """Check the limit."""
        if not 0 <= self.limit <= 100:
            raise fail("usage.plddt", where=f"plddt {self.limit}")

    def outside_domains(self, structure: Structure) -> NDArray[np.bool_]:
        """Return the residues that are kept out of domains.

        These are the disordered ones, and islands between them: stretches of fewer than
        `LONGEST_ISLAND` other residues that are not longer than the disordered stretches on
        either side.

        Parameters
        ----------
        structure
            The whole structure.

        Returns
        -------
        ndarray
            ``residue`` bool.
        """
        mask = structure.is_disordered(self.limit)
        out = mask.copy()
        for chain in structure.protein_chains if mask.any() else ():
            rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
            starts = _run_starts(mask[rows])
            lengths = np.diff(starts, append=len(rows))
            low = mask[rows[starts]]
            for i in np.flatnonzero(~low & (lengths < LONGEST_ISLAND)).tolist():
                beside = [lengths[j] for j in (i - 1, i + 1) if 0 <= j < len(low)]
                if beside and min(beside) >= lengths[i]:
                    out[rows[starts[i] : starts[i] + lengths[i]]] = True
        return out

    def hidden(self, structure: Structure) -> NDArray[np.bool_] | None:
        """Return the residues that others do not see, ``residue`` bool; None for none.

        Parameters
        ----------
        structure
            The whole structure.
        """
        mask = structure.is_disordered(self.limit)
        return mask if self.hide and mask.any() else None


DEFAULT_DISORDER: Final = DisorderOption()


def describe_runs(structure: Structure, residues: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return residues as ranges, one for each run of consecutive residues in a chain.

    Parameters
    ----------
    structure
        The structure.
    residues
        ``residue`` mask.

    Returns
    -------
    tuple of str
        For example ``("A:1-34", "A:210-228")``, in file order.
    """
    rows = np.flatnonzero(structure.is_protein)
    chosen, chain = residues[rows], structure.chain[rows]
    starts = _run_starts(chosen, chain)
    stops = np.append(starts[1:], len(rows))
    found = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if chosen[start]:
            ends = (
                ResidueId(int(structure.number[row]), str(structure.insertion_code[row]))
                for row in (rows[start], rows[stop - 1])
            )
            found.append(f"{chain[start]}:{Segment(None, *ends).range}")
    return tuple(found)


def _run_starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows in which a column differs from the previous row.

    The same as `protvox.structure.atom_table.run_starts`, without the compiled loops beside it.
    """
    new = np.ones(len(columns[0]), dtype=np.bool_)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(new)
