"""Amino-acid probabilities of every residue, and what stands out in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS


class Suspect(NamedTuple):
    """A residue whose surroundings ask for another amino acid.

    Attributes
    ----------
    row
        Row of the `ResidueTable`.
    odds
        Probability of the predicted amino acid over that of the one present, above 1.
    """

    row: int
    odds: float


@dataclass(frozen=True, slots=True, eq=False)
class ResidueTable:
    """The environment answer for every residue, in file order.

    Attributes
    ----------
    chain, insertion_code
        ``residue``, author chain name and insertion code (``""`` if none).
    number
        ``residue`` int32, author residue number.
    wild_type
        ``residue``, the standard amino acid present, three letters.
    probabilities
        ``residue 20`` float32, columns in the order of `protvox.chemistry.AMINO_ACIDS`;
        every row sums to 1.
    domain
        ``residue``, id of the domain it lies in, ``""`` if none; empty when no domains
        were asked for.
    """

    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    domain: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))

    def __len__(self) -> int:
        return len(self.chain)

    @property
    def predicted(self) -> NDArray[np.str_]:
        """``residue``, the most probable amino acid, three letters."""
        names: NDArray[np.str_] = np.take(AMINO_ACIDS, self.probabilities.argmax(axis=1))
        return names

    @property
    def p_wild_type(self) -> NDArray[np.float32]:
        """``residue`` float32, probability of the amino acid present; NaN if not standard."""
        columns = np.array([AMINO_ACID_INDEX.get(name, -1) for name in self.wild_type], dtype=int)
        chosen = self.probabilities[np.arange(len(self)), columns]
        return np.where(columns < 0, np.float32(np.nan), chosen)

    @property
    def entropy(self) -> NDArray[np.float32]:
        """``residue`` float32, entropy in nats: 0 is certain, ln 20 = 3.0 is no idea."""
        p = np.clip(self.probabilities, np.finfo(np.float32).tiny, None)
        return np.asarray(-(self.probabilities * np.log(p)).sum(axis=1), dtype=np.float32)

    def suspects(self, *, odds: float = 10.0, limit: int | None = None) -> tuple[Suspect, ...]:
        """Return the residues whose environment contradicts their type, worst first.

        Parameters
        ----------
        odds
            How many times likelier than the residue present another must be.
        limit
            At most this many.
        """
        present = np.clip(self.p_wild_type, np.finfo(np.float32).tiny, None)
        ratio = self.probabilities.max(axis=1) / present
        rows = np.flatnonzero(ratio >= odds)
        worst = rows[np.argsort(-ratio[rows], kind="stable")][:limit]
        return tuple(Suspect(int(row), float(ratio[row])) for row in worst)
