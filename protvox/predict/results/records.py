"""Records of predictions: the input, its domains, their labels and neighbours.

The records are frozen dataclasses. Their field names, field order and types also define the JSON
form (`protvox.predict.results.json_documents`), so each fact is declared once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from protvox.predict.results.fields import HIDDEN, WITHOUT_NONE, Number, Vector
from protvox.predict.results.neighbours import Neighbour
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.disorder import DEFAULT_LIMIT, describe_runs
from protvox.structure.structure import ChainCopy, Dropped, Structure


@dataclass(frozen=True, slots=True)
class Confidence:
    """Predicted confidence (pLDDT) of a structure, and the residues that are disordered by it.

    Attributes
    ----------
    source
        Where the pLDDT was read from: ``"ma_qa_metric_local"``, or ``"B-factors (PROGRAM)"``.
    mean
        Mean over the protein residues, 0 to 100.
    limit
        Residues with a lower pLDDT are disordered.
    n_disordered
        Number of disordered protein residues. They are not part of the domains that are found.
    disordered
        The same as author residue ranges, ``"A:1-34"``.
    """

    source: str
    mean: Number
    limit: Number
    n_disordered: int
    disordered: tuple[str, ...]

    @classmethod
    def of(cls, structure: Structure, limit: float) -> Confidence | None:
        """Return the record of a structure; None for one without pLDDT.

        Parameters
        ----------
        structure
            The structure as read.
        limit
            Residues with a lower pLDDT are disordered.
        """
        if structure.plddt is None:
            return None
        disordered = structure.is_disordered(limit) & structure.is_protein
        return cls(
            source=structure.plddt_source,
            mean=mean_plddt(structure, structure.is_protein) or math.nan,
            limit=limit,
            n_disordered=int(disordered.sum()),
            disordered=describe_runs(structure, disordered),
        )


def mean_plddt(structure: Structure, residues: NDArray[np.bool_]) -> float | None:
    """Return the mean pLDDT of residues; None if none of them has one.

    Parameters
    ----------
    structure
        The structure.
    residues
        ``residue`` mask.
    """
    if structure.plddt is None:
        return None
    values = structure.plddt[residues].astype(np.float64)
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


@dataclass(frozen=True, slots=True)
class InputInfo:
    """The structure that was read.

    Attributes
    ----------
    name
        File name or identifier, as given.
    format
        ``"pdb"``, ``"pqr"``, ``"mmcif"`` or ``"bcif"``, or the library of an object:
        ``"biopython"``, ``"biotite"``, ``"gemmi"``, ``"mdanalysis"`` or ``"mdtraj"``.
    sha256
        Hex digest of the bytes as given.
    model
        Number of the model, as in the file.
    n_atoms, n_residues
        Atoms and residues after cleaning, protein and everything else.
    dropped
        Parts of the input that were ignored, with reasons.
    plddt
        Predicted confidence; absent if the file is not recognised as a predicted model.
    assembly
        Biological assembly that was built; absent if none was requested.
    copies
        Where each chain of the assembly comes from; absent if none was requested.
    same_as
        Chains that were not scored unless named, to the identical chains that were; absent unless
        requested.
    title
        Title in the file; absent if it has none.
    """

    name: str
    format: Literal[
        "pdb", "pqr", "mmcif", "bcif", "biopython", "biotite", "gemmi", "mdanalysis", "mdtraj"
    ]
    sha256: str
    model: int
    n_atoms: int
    n_residues: int
    dropped: tuple[Dropped, ...] = ()
    plddt: Annotated[Confidence | None, WITHOUT_NONE] = None
    assembly: Annotated[str, Field(exclude_if=lambda value: not value)] = ""
    copies: Annotated[tuple[ChainCopy, ...], Field(exclude_if=lambda value: not value)] = ()
    same_as: Annotated[
        Mapping[str, str] | SkipJsonSchema[None], Field(exclude_if=lambda value: value is None)
    ] = None
    title: Annotated[str, Field(exclude_if=lambda value: not value)] = ""

    @classmethod
    def of(cls, structure: Structure, limit: float = DEFAULT_LIMIT) -> InputInfo:
        """Return the record of a structure.

        Parameters
        ----------
        structure
            The structure as read, before any chain or domain is selected.
        limit
            Residues with a lower pLDDT are disordered.
        """
        return cls(
            # A file name may hold bytes that are not text; tables and JSON cannot.
            name=structure.name.encode("utf-8", "backslashreplace").decode(),
            format=structure.format,  # type: ignore[arg-type]
            sha256=structure.sha256,
            model=structure.model,
            n_atoms=structure.n_atoms,
            n_residues=structure.n_residues,
            dropped=structure.dropped,
            plddt=Confidence.of(structure, limit),
            assembly=structure.assembly,
            copies=structure.copies,
            same_as=structure.same_as,
            title=structure.title,
        )


@dataclass(frozen=True, slots=True)
class RankedLabel:
    """A CATH class, architecture, topology or superfamily and its probability.

    Attributes
    ----------
    label
        CATH code, ``"3"``, ``"3.40"``, ``"3.40.50"`` or ``"3.40.50.300"``.
    name
        Name of the node, ``"3-Layer(aba) Sandwich"``.
    probability
        Calibrated, 0 to 1.
    """

    label: str
    name: str
    probability: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRecord:
    """A domain of the input.

    Attributes
    ----------
    id
        Name of the domain, unique within its input.
    chain
        Author chain name, several joined with ``+``.
    chopping
        Author residue ranges, ``"1-90,120-150"``; ``""`` for the whole chain.
    n_residues
        Number of protein residues.
    in_range
        Whether the domain resembles those the model was trained on.
    flags
        Why it is not in range; empty if it is.
    model
        ``name@version`` of the model.
    plddt
        Mean pLDDT of its residues, 0 to 100; absent without.
    """

    id: str
    chain: str
    chopping: str
    n_residues: int
    in_range: bool
    flags: tuple[str, ...] = ()
    model: str
    plddt: Annotated[Number | None, WITHOUT_NONE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPrediction(DomainRecord):
    """A domain with its predicted class and architectures.

    Attributes
    ----------
    cath_class
        Most probable class; its probability is the sum over its architectures.
    architectures
        Most probable first, at most ``top_k``.
    topologies
        Most probable CATH topologies of known domains, most probable first; empty if no known
        domain was aligned.
    superfamilies
        Most probable CATH superfamilies of known domains, most probable first; empty like
        ``topologies``.
    novel
        Highest level at which the domain probably belongs to no known node of CATH:
        ``"topology"``, ``"superfamily"``, or ``""`` if it probably belongs to a known superfamily;
        absent if no known domain was aligned. Known nodes are those in the index of protvox, which
        does not contain all of CATH.
    hits
        The best hit of each of ``superfamilies``, with its alignment.
    nearest
        Nearest known domains by similarity, nearest first; empty when no index was searched.
    same_as
        ``id`` of the first domain with the same residues in an identical chain; absent if there is
        none before this one.
    embedding
        ``axis`` float32 of length 1, similar for domains of one fold; None if the model has no
        embedding. Not part of the JSON form.
    """

    cath_class: Annotated[RankedLabel, Field(alias="class")]
    architectures: tuple[RankedLabel, ...]
    topologies: tuple[RankedLabel, ...] = ()
    superfamilies: tuple[RankedLabel, ...] = ()
    novel: Annotated[Literal["", "superfamily", "topology"] | None, WITHOUT_NONE] = None
    hits: tuple[Neighbour, ...] = ()
    nearest: tuple[Neighbour, ...] = ()
    same_as: Annotated[str | None, WITHOUT_NONE] = None
    embedding: Annotated[Vector | None, Field(exclude=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedDomain(DomainRecord):
    """A domain with its embedding.

    Attributes
    ----------
    embedding
        ``axis`` float32 of length 1, similar for domains of one fold.
    trace
        Its CA atoms and sequence. Not part of the JSON form.
    """

    embedding: Vector
    trace: Annotated[DomainTrace | None, *HIDDEN] = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedDomain(DomainRecord):
    """A domain with the known domains nearest to it.

    Attributes
    ----------
    nearest
        Nearest first.
    trace
        Its CA atoms and sequence. Not part of the JSON form.
    """

    nearest: tuple[Neighbour, ...]
    trace: Annotated[DomainTrace | None, *HIDDEN] = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """The index that was searched.

    Attributes
    ----------
    name
        Description of its contents.
    n_domains
        Number of domains in it.
    """

    name: str
    n_domains: int
