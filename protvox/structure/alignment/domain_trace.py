"""The part of a domain that an alignment reads: its CA atoms and its sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ONE_LETTER
from protvox.structure.geometry.secondary_structure import secondary_structure
from protvox.structure.structure import Structure


@dataclass(frozen=True, eq=False)
class DomainTrace:
    """CA atoms and sequence of a domain.

    Attributes
    ----------
    ca
        ``residue 3``, Å, in chain order.
    sequence
        One letter per residue, ``X`` for others; ``""`` if not known.
    """

    ca: NDArray[np.floating]
    sequence: str = ""

    @cached_property
    def sse(self) -> NDArray[np.uint8]:
        """Secondary structure, ``residue`` uint8."""
        return secondary_structure(self.ca)

    @classmethod
    def of(cls, part: Structure) -> DomainTrace:
        """Return the trace of a domain; residues without a CA atom are skipped.

        Parameters
        ----------
        part
            The residues of the domain.
        """
        ca = part.backbone()[:, 1]
        present = np.isfinite(ca).all(axis=1)
        letters = (ONE_LETTER.get(name, "X") for name in part.parent[present].tolist())
        return cls(ca[present], "".join(letters))
