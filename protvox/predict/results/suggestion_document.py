"""The JSON document of suggested mutations, and the record in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from protvox.predict.results.document_base import Document
from protvox.predict.results.fields import Number
from protvox.predict.results.records import InputInfo


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mutation that may stabilise.

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
    mutant
        Amino acid after the mutation, three letters.
    mutation
        In one-letter codes: ``F45W``.
    score
        As in ``protvox mutations``, nats, positive = predicted destabilising.
    percentile
        Rank of the score among all single substitutions of the structure, 0 to 100.
    ddg
        Estimated change of the free energy of folding, kcal/mol, positive = destabilising;
        ``null`` for models that were not calibrated, like the next three.
    ddg_low
        Lower end of its 80 % interval, kcal/mol.
    ddg_high
        Upper end of its 80 % interval, kcal/mol.
    p_destabilising
        Probability that the change is above 1 kcal/mol.
    reason
        Why the mutation may stabilise.
    flags
        What speaks against it: ``ligand``, ``metal``, ``interface``, ``disulfide``,
        ``catalytic``, ``glycine``, ``disordered``.
    alternatives
        Other mutations of the residue that would be listed, best first.
    copies
        Identical chains, which have the same residue.
    """

    chain: str
    number: int
    insertion_code: str
    wild_type: str
    mutant: str
    mutation: str
    score: Number
    percentile: Number
    ddg: Number
    ddg_low: Number
    ddg_high: Number
    p_destabilising: Number
    reason: str
    flags: tuple[str, ...]
    alternatives: tuple[str, ...]
    copies: tuple[str, ...]


class Suggestions(Document):
    """Result of ``protvox suggest``.

    Attributes
    ----------
    schema_
        Name and version of this form.
    input
        The structure that was read.
    models
        Task (``environment``, ``backbone``) to ``name@version`` of its model.
    suggestions
        Mutations that may stabilise, best first, one per residue.
    warnings
        One sentence each.
    """

    schema_: Literal["protvox.suggest/1"] = Field("protvox.suggest/1", alias="schema")
    input: InputInfo
    models: Mapping[str, str]
    suggestions: tuple[Suggestion, ...]
    warnings: tuple[str, ...]
