"""Amino-acid probabilities per residue, and residues that look wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.comparable import Comparable
from protvox.messages import count


class Suspect(NamedTuple):
    """A residue whose environment favours another amino acid.

    Attributes
    ----------
    row
        Row of the `ResidueTable`.
    odds
        Probability of the predicted amino acid divided by that of the wild type, above 1.
    """

    row: int
    odds: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResidueTable(Comparable):
    """Predicted amino acids of residues, in file order.

    Attributes
    ----------
    chain, insertion_code
        ``residue``, author chain name and insertion code (``""`` if none).
    number
        ``residue`` int32, author residue number.
    wild_type
        ``residue``, the standard amino acid in the structure, three letters.
    probabilities
        ``residue 20`` float32, columns in the order of `protvox.chemistry.AMINO_ACIDS`;
        every row sums to 1.
    domain
        ``residue``, id of its domain, ``""`` if none; empty if no domains were requested.
    plddt
        ``residue`` float32, predicted confidence from 0 to 100, NaN where the file has none;
        ``None`` for a structure without.
    disordered
        ``residue`` bool, whether the pLDDT is below the limit; ``None`` like ``plddt``.
    """

    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    domain: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))
    plddt: NDArray[np.float32] | None = None
    disordered: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.chain)

    def __repr__(self) -> str:
        """Return one line with the number of residues."""
        return f"ResidueTable({count(len(self), 'residue')})"

    @property
    def predicted(self) -> NDArray[np.str_]:
        """``residue``, the most probable amino acid, three letters."""
        names: NDArray[np.str_] = np.take(AMINO_ACIDS, self.probabilities.argmax(axis=1))
        return names

    @property
    def p_wild_type(self) -> NDArray[np.float32]:
        """``residue`` float32, probability of the wild type; NaN if it is not standard."""
        columns = np.array([AMINO_ACID_INDEX.get(name, -1) for name in self.wild_type], dtype=int)
        chosen = self.probabilities[np.arange(len(self)), columns]
        return np.where(columns < 0, np.float32(np.nan), chosen)

    @property
    def entropy(self) -> NDArray[np.float32]:
        """``residue`` float32, entropy in nats, from 0 (certain) to ln 20 = 3.0 (uniform)."""
        p = np.clip(self.probabilities, np.finfo(np.float32).tiny, None)
        return np.asarray(-(self.probabilities * np.log(p)).sum(axis=1), dtype=np.float32)

    def suspects(self, *, odds: float = 10.0, limit: int | None = None) -> tuple[Suspect, ...]:
        """Return the residues whose environment favours another amino acid, worst first.

        Parameters
        ----------
        odds
            Minimum ratio of the probabilities of another amino acid and the wild type.
        limit
            Maximum number of residues.
        """
        present = np.clip(self.p_wild_type, np.finfo(np.float32).tiny, None)
        ratio = self.probabilities.max(axis=1) / present
        rows = np.flatnonzero(ratio >= odds)
        worst = rows[np.argsort(-ratio[rows], kind="stable")][:limit]
        return tuple(Suspect(int(row), float(ratio[row])) for row in worst)
