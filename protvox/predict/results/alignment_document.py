"""The JSON document of two aligned structures, and the record in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from protvox.predict.results.document_base import Document
from protvox.predict.results.fields import Number
from protvox.predict.results.records import InputInfo


@dataclass(frozen=True, slots=True)
class AlignedPart:
    """One of two aligned structures.

    Attributes
    ----------
    input
        The structure that was read.
    n_residues
        Residues that were aligned: those of the part with a CA atom.
    tm_score
        TM-score normalised by ``n_residues``.
    row
        Its row of the alignment: one-letter codes, ``X`` for others, ``-`` for gaps.
    """

    input: InputInfo
    n_residues: int
    tm_score: Number
    row: str


class PairwiseAlignment(Document):
    """Result of ``protvox align``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    query
        The structure that is moved.
    target
        The structure that it is moved onto.
    n_aligned
        Number of aligned residues.
    rmsd
        Root-mean-square distance of the aligned CA atoms after least-squares superposition, Å.
    identity
        Fraction of the aligned residues with the same amino acid.
    rotation
        Rows of the rotation of the query, for the highest TM-score by the shorter part.
    translation
        Translation after the rotation, Å.
    pairs
        Aligned residues of query and target, by chain and author number.
    """

    schema_: Literal["protvox.align/1"] = Field("protvox.align/1", alias="schema")
    query: AlignedPart
    target: AlignedPart
    n_aligned: int
    rmsd: Number
    identity: Number
    rotation: tuple[tuple[Number, ...], ...]
    translation: tuple[Number, ...]
    pairs: tuple[tuple[str, ...], ...]
