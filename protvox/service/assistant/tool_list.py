"""What an assistant can call: each tool is an address of the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from protvox.service.schemas import (
    CheckOptions,
    ClassifyOptions,
    MutationOptions,
    SearchOptions,
    SuggestOptions,
)

INSTRUCTIONS: Final = (
    "protvox analyses protein structures with neural networks. Give a structure file by its "
    "absolute path, or an identifier of the PDB, the AlphaFold database or UniProt. Residues are "
    "numbered as in the file. Results are JSON; they are predictions, not measurements: report the "
    "probabilities, intervals, flags and warnings with them. If a structure has too many residues, "
    "choose one chain; there are no jobs here."
)
_SOURCE: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 4096,
    "description": "Absolute path of a PDB, mmCIF or BinaryCIF file on this computer, plain or "
    "compressed; or an identifier (1pwc, P12345, AF-P12345-F1), which is fetched.",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes
    ----------
    name
        Name of the tool and of the command that computes the same.
    title
        What it does, for people.
    path
        Address of the service.
    options
        The options of that address.
    description
        What it does and returns, for the assistant.
    required
        Options that must be given.
    """

    name: str
    title: str
    path: str
    options: type[BaseModel]
    description: str
    required: tuple[str, ...] = ()

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments."""
        properties = {
            name: {key: value for key, value in field.items() if key != "title"}
            for name, field in self.options.model_json_schema()["properties"].items()
        }
        return {
            "type": "object",
            "properties": {"source": _SOURCE, **properties},
            "required": ["source", *self.required],
            "additionalProperties": False,
        }


TOOLS: Final = (
    Tool(
        "classify",
        "CATH class, architecture and superfamily of every domain",
        "/predict/cath",
        ClassifyOptions,
        "Split a protein structure into domains and classify each in CATH: class and architecture "
        "with calibrated probabilities, the superfamily where it is known, and the nearest known "
        "domains, superposed, with TM-score and RMSD. A domain with in_range false is unlike those "
        "of the training, and its probabilities are not reliable.",
    ),
    Tool(
        "check",
        "What may be wrong with a model",
        "/check",
        CheckOptions,
        "Find what may be wrong with a protein model, from its coordinates alone: segments "
        "with a shifted or wrong sequence (with the sequence that fits, and a p value), and "
        "residues whose surroundings favour another amino acid, with possible reasons. No finding "
        "does not mean that the model is right.",
    ),
    Tool(
        "mutations",
        "Effect of mutations on stability",
        "/predict/mutations",
        MutationOptions,
        "Predict how listed mutations change the stability of a protein: ddg in kcal/mol with an "
        "80 % interval, the probability that it destabilises, and a score in nats. Positive values "
        "predict destabilisation. Write mutations as A:L45W or A:45W (chain, wild type, number, "
        "mutant), several at once as A:L45W+A:F50A. The scores do not say anything about function "
        "or binding. For mutations to order, call suggest.",
        required=("mutations",),
    ),
    Tool(
        "suggest",
        "Mutations that may stabilise",
        "/suggest",
        SuggestOptions,
        "Suggest mutations that may stabilise a protein, one per residue, best first, with ddg in "
        "kcal/mol (negative stabilises), an 80 % interval, a reason, and flags against them "
        "(ligand, metal, interface, disulfide, catalytic, glycine, disordered). Ask for the active "
        "site and name it in fix, since enzymes keep residues for their function.",
    ),
    Tool(
        "search",
        "Known domains nearest to those of a structure",
        "/search",
        SearchOptions,
        "Find the known CATH domains nearest to every domain of a structure, with their "
        "superfamily, similarity, and TM-score and RMSD of the superposition.",
    ),
)
"""All tools."""
