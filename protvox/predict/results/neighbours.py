"""Records of known domains near a query, and of their superposition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from protvox.predict.results.fields import HIDDEN, WITHOUT_NONE, Number
from protvox.structure.alignment.domain_trace import DomainTrace


@dataclass(frozen=True, slots=True)
class HitAlignment:
    """Structural alignment of a query domain with a known one.

    Attributes
    ----------
    tm_query
        TM-score normalised by the residues of the query.
    tm_hit
        TM-score normalised by the residues of the known domain.
    rmsd
        Root-mean-square distance of the aligned CA atoms after least-squares superposition, Å.
    n_aligned
        Number of aligned residues.
    identity
        Fraction of the aligned residues with the same amino acid; null if the sequence of the known
        domain is not in the index.
    query_row, hit_row
        The alignment: one-letter codes, ``X`` for others, ``-`` for gaps. Residues without a CA
        atom are skipped.
    rotation
        Rows of the rotation that moves the known domain, as the index holds it, onto the query.
    translation
        Translation after the rotation, Å.
    ca
        CA atoms of the known domain moved onto the query, Å: one point per letter of ``hit_row``,
        gaps skipped; absent unless requested.
    """

    tm_query: Number
    tm_hit: Number
    rmsd: Number
    n_aligned: int
    identity: Number
    query_row: str
    hit_row: str
    rotation: tuple[tuple[Number, ...], ...]
    translation: tuple[Number, ...]
    ca: Annotated[tuple[tuple[Number, ...], ...] | None, WITHOUT_NONE] = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known domain with a similar embedding.

    Attributes
    ----------
    domain
        CATH domain id, ``"1abcA01"``.
    cath
        CATH code down to the superfamily, ``"3.40.50.300"``.
    similarity
        Cosine of the two embeddings, -1 to 1.
    name
        Name of the superfamily, or else of its topology; ``""`` if neither has one.
    p_superfamily
        Probability that the query belongs to its superfamily; absent if no domain of it was aligned
        for this, or the index is not that of the model.
    p_topology
        Probability that the query belongs to its topology; absent like ``p_superfamily``.
    alignment
        Its alignment with the query; absent if they were not aligned.
    trace
        Its CA atoms and sequence, if they were aligned. Not part of the JSON form.
    """

    domain: str
    cath: str
    similarity: Number
    name: str = ""
    p_superfamily: Annotated[Number | None, WITHOUT_NONE] = None
    p_topology: Annotated[Number | None, WITHOUT_NONE] = None
    alignment: Annotated[HitAlignment | None, WITHOUT_NONE] = None
    trace: Annotated[DomainTrace | None, *HIDDEN] = field(default=None, compare=False, repr=False)

    def superposed(self) -> NDArray[np.float64] | None:
        """Return its CA atoms moved onto the query.

        Returns
        -------
        ndarray or None
            ``residue 3`` float64, Å, in the frame of the query; None if they were not aligned.

        Examples
        --------
        >>> found = protvox.search("1ubi.pdb")  # doctest: +SKIP
        >>> found.domains[0].nearest[0].superposed().shape  # doctest: +SKIP
        (76, 3)
        """
        if self.alignment is None or self.trace is None:
            return None
        rotation = np.array(self.alignment.rotation)
        return self.trace.ca @ rotation.T + np.array(self.alignment.translation)
