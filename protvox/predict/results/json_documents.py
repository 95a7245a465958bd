"""JSON documents: one pydantic model for each kind of result.

The Python methods ``to_dict`` and ``to_json``, the OpenAPI description of the service and the
published JSON Schema files (``service/schemas``) all come from the models here. Rows of long
tables are described here too, but written from columns (`protvox.predict.results.rows`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, create_model

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.alignment_document import PairwiseAlignment
from protvox.predict.results.document_base import Document
from protvox.predict.results.fields import WITHOUT_NONE, Number
from protvox.predict.results.findings import CheckedResidue, Overall, Segment
from protvox.predict.results.records import (
    DomainPrediction,
    EmbeddedDomain,
    IndexInfo,
    InputInfo,
    SearchedDomain,
)
from protvox.predict.results.suggestion_document import Suggestions

MEANING: Final = (
    "log odds of the wild type over the mutant, in nats, minus the log odds for a residue in "
    "solvent; positive = predicted destabilising"
)
"""Definition of the score of a mutation by one network, as written to JSON."""

COMBINED: Final = (
    "for each of two networks, the log odds of the wild type over the mutant, in nats, minus the "
    "same log odds for a residue in solvent; the score is the weighted sum of both, minus half the "
    "mean of that sum over all substitutions of the chain; positive = predicted destabilising"
)
"""Definition of the score of a mutation by two networks, as written to JSON."""


AminoAcidProbabilities = create_model(
    "AminoAcidProbabilities",
    __base__=Document,
    __doc__="Probability of each of the 20 standard amino acids.",
    **{name: (Number, ...) for name in AMINO_ACIDS},  # type: ignore[call-overload]
)


class ResidueAddress(Document):
    """A residue, by author numbering.

    Attributes
    ----------
    chain
        Author chain name.
    number
        Author residue number.
    insertion_code
        ``""`` if none.
    wild_type
        Amino acid in the structure, three letters.
    plddt
        Predicted confidence of the residue, 0 to 100; absent for a structure without.
    disordered
        Whether the pLDDT is below the limit; absent for a structure without.
    """

    chain: str
    number: int
    insertion_code: str
    wild_type: str
    plddt: Annotated[Number | None, WITHOUT_NONE] = None
    disordered: Annotated[bool | None, WITHOUT_NONE] = None


class Residue(ResidueAddress):
    """A residue with the amino acids predicted from its environment.

    Attributes
    ----------
    predicted
        Most probable amino acid, three letters.
    p_wild_type
        Probability of the amino acid in the structure.
    entropy
        Entropy of the probabilities, nats.
    probabilities
        Probability of each amino acid.
    """

    predicted: str
    p_wild_type: Number
    entropy: Number
    probabilities: AminoAcidProbabilities  # type: ignore[valid-type]


class EmbeddedResidue(ResidueAddress):
    """A residue with its embedding.

    Attributes
    ----------
    embedding
        Features of the environment of the residue.
    """

    embedding: list[Number]


class Mutation(ResidueAddress):
    """A mutation with its score, or several made at once.

    Attributes
    ----------
    chain
        Author chain name; ``""`` for several chains.
    number
        Author residue number; ``null`` for several mutations.
    insertion_code
        ``""`` if none.
    wild_type
        Amino acid in the structure, three letters; ``""`` for several mutations.
    mutant
        Amino acid after the mutation, three letters; ``""`` for several mutations.
    mutation
        In one-letter codes: ``F45W``, ``F45A+L50A``, or ``A:F45A+B:L50A`` for several chains.
    score
        Nats, positive = predicted destabilising.
    percentile
        Rank of the score among all single substitutions of the structure, 0 to 100; 100 is the
        most destabilising; ``null`` for several mutations.
    environment
        Score by the environment network alone, nats; ``null`` if it was not used.
    backbone
        Score by the backbone network alone, nats; ``null`` if it was not used.
    ddg
        Estimated change of the free energy of folding, kcal/mol, positive = destabilising;
        ``null`` for models that were not calibrated, like the next three.
    ddg_low
        Lower end of its 80 % interval, kcal/mol.
    ddg_high
        Upper end of its 80 % interval, kcal/mol.
    p_destabilising
        Probability that the change is above 1 kcal/mol.
    binding
        Score in the complex less that in the separated partners, nats, positive = predicted to
        weaken the complex; ``null`` for residues of other chains; absent if not asked for.
    coupling
        By how much the score exceeds the sum of those of the single mutations, nats; absent if
        there are only single mutations of single chains.
    copies
        Identical chains that are mutated as well; the values are means over the copies. Absent if
        each residue is mutated alone.
    """

    number: int | None  # type: ignore[assignment]
    mutant: str
    mutation: str
    score: Number
    percentile: Number
    environment: Number
    backbone: Number
    ddg: Number
    ddg_low: Number
    ddg_high: Number
    p_destabilising: Number
    binding: Annotated[Number | None, WITHOUT_NONE] = None
    coupling: Annotated[Number | None, WITHOUT_NONE] = None
    copies: Annotated[tuple[str, ...] | None, WITHOUT_NONE] = None


class FailedMutation(Document):
    """A mutation that could not be scored.

    Attributes
    ----------
    row
        Position in the list of mutations, from 0.
    mutation
        The mutation as given.
    why
        Reason.
    code
        Stable code of the error.
    """

    row: int
    mutation: str
    why: str
    code: str


class Classification(Document):
    """Result of ``protvox classify``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    models
        Task (``cath``, ``environment``) to ``name@version`` of its model.
    domains
        Domains with predicted architectures; empty if not requested.
    residues
        Residues with predicted amino acids; empty if not requested.
    warnings
        One sentence each.
    others
        Predictions of tasks that are not built in, one object per thing predicted; absent if
        none was requested.
    """

    schema_: Literal["protvox.classify/1"] = Field("protvox.classify/1", alias="schema")
    input: InputInfo
    models: Mapping[str, str]
    domains: tuple[DomainPrediction, ...]
    residues: list[Residue]
    warnings: tuple[str, ...]
    others: Mapping[str, list[dict[str, Any]]] = Field(
        default_factory=dict, exclude_if=lambda value: not value
    )


class Mutations(Document):
    """Result of ``protvox mutations``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    models
        Task (``environment``, ``backbone``) to ``name@version`` of its model.
    score
        Definition of the score.
    mutations
        Scored mutations, in the order requested.
    failures
        Requested mutations that have no score.
    warnings
        One sentence each.
    """

    schema_: Literal["protvox.mutations/3"] = Field("protvox.mutations/3", alias="schema")
    input: InputInfo
    models: Mapping[str, str]
    score: str
    mutations: list[Mutation]
    failures: list[FailedMutation]
    warnings: tuple[str, ...]


class Embedding(Document):
    """Result of ``protvox embed``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    models
        Task (``cath``, ``environment``) to ``name@version`` of its model.
    domains
        Domains with their embeddings; empty if residues were requested.
    residues
        Residues with their embeddings; empty if domains were requested.
    warnings
        One sentence each.
    """

    schema_: Literal["protvox.embed/1"] = Field("protvox.embed/1", alias="schema")
    input: InputInfo
    models: Mapping[str, str]
    domains: tuple[EmbeddedDomain, ...]
    residues: list[EmbeddedResidue]
    warnings: tuple[str, ...]


class Search(Document):
    """Result of ``protvox search``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    models
        Task (``cath``) to ``name@version`` of the model that embedded the domains.
    index
        The index that was searched.
    domains
        Domains with the known domains nearest to them.
    warnings
        One sentence each.
    """

    schema_: Literal["protvox.search/1"] = Field("protvox.search/1", alias="schema")
    input: InputInfo
    models: Mapping[str, str]
    index: IndexInfo
    domains: tuple[SearchedDomain, ...]
    warnings: tuple[str, ...]


class Check(Document):
    """Result of ``protvox check``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    model
        ``name@version`` of the model.
    overall
        How well the whole model fits its sequence.
    segments
        Stretches that may be wrong, in file order.
    residues
        Residues whose surroundings strongly favour another amino acid, in file order.
    warnings
        One sentence each.
    """

    schema_: Literal["protvox.check/1"] = Field("protvox.check/1", alias="schema")
    input: InputInfo
    model: str
    overall: Overall
    segments: tuple[Segment, ...]
    residues: tuple[CheckedResidue, ...]
    warnings: tuple[str, ...]


DOCUMENTS: Final[dict[str, type[Document]]] = {
    "classify": Classification,
    "mutations": Mutations,
    "embed": Embedding,
    "search": Search,
    "check": Check,
    "suggest": Suggestions,
    "align": PairwiseAlignment,
}
"""Command to the document it writes."""
