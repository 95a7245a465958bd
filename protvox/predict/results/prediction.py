"""What a prediction is: frozen records, their JSON form and their tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.structure import Dropped, Structure

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "SCHEMA",
    "DomainPrediction",
    "InputInfo",
    "Neighbour",
    "Prediction",
    "RankedLabel",
    "ResidueTable",
    "Tables",
    "rounded",
]

SCHEMA: Final = "protvox.classify/1"
"""Name and version of the JSON form; a change that breaks a reader raises the number."""

_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class InputInfo:
    """What was read.

    Attributes
    ----------
    name
        File name or identifier the user gave.
    format
        ``"pdb"``, ``"mmcif"`` or ``"bcif"``.
    sha256
        Hex digest of the bytes as given.
    model
        Number of the model read, as in the file.
    n_atoms, n_residues
        Counts after cleaning; protein and everything else.
    dropped
        What was left out, with reasons.
    """

    name: str
    format: str
    sha256: str
    model: int
    n_atoms: int
    n_residues: int
    dropped: tuple[Dropped, ...] = ()

    @classmethod
    def of(cls, structure: Structure) -> InputInfo:
        """Return what a prediction remembers of its structure.

        Parameters
        ----------
        structure
            The structure as read, before any chain or domain is selected.
        """
        return cls(
            # A file name may hold bytes that are no text; tables and JSON cannot.
            name=structure.name.encode("utf-8", "backslashreplace").decode(),
            format=structure.format,
            sha256=structure.sha256,
            model=structure.model,
            n_atoms=structure.n_atoms,
            n_residues=structure.n_residues,
            dropped=structure.dropped,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as the ``input`` of every JSON form."""
        return {
            "name": self.name,
            "format": self.format,
            "sha256": self.sha256,
            "model": self.model,
            "n_atoms": self.n_atoms,
            "n_residues": self.n_residues,
            "dropped": [{"what": d.what, "where": d.where, "why": d.why} for d in self.dropped],
        }


@dataclass(frozen=True, slots=True)
class RankedLabel:
    """A CATH node and how probable it is.

    Attributes
    ----------
    label
        CATH code, ``"3"`` or ``"3.40"``.
    name
        Its name, ``"3-Layer(aba) Sandwich"``.
    probability
        Calibrated, 0 to 1.
    """

    label: str
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known domain whose embedding is close.

    Attributes
    ----------
    domain
        CATH domain id, ``"1abcA01"``.
    cath
        Its full code, ``"3.40.50.300"``.
    similarity
        Cosine, -1 to 1.
    """

    domain: str
    cath: str
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as every JSON form has it."""
        return {"domain": self.domain, "cath": self.cath, "similarity": rounded(self.similarity)}


@dataclass(frozen=True, slots=True)
class DomainPrediction:
    """The CATH answer for one domain.

    Attributes
    ----------
    id
        Name of the domain, unique within its input.
    chain
        Author chain name.
    chopping
        Author residue ranges, ``"1-90,120-150"``; ``""`` for the whole chain.
    n_residues
        Protein residues in it.
    in_range
        False when the model was trained on no such domains.
    model
        ``name@version`` of the model that answered.
    cath_class
        Most probable class; probability summed over its architectures.
    architectures
        Most probable first, at most ``top_k``.
    nearest
        Closest known domains, closest first; empty when no index was searched.
    flags
        Why it is not in range, see `protvox.predict.applicability.find_flags`.
    embedding
        ``axis`` float32 of length 1, near for domains of one fold; None when no embedding was
        trained for the model. The JSON form of a classification leaves it out.
    """

    id: str
    chain: str
    chopping: str
    n_residues: int
    in_range: bool
    model: str
    cath_class: RankedLabel
    architectures: tuple[RankedLabel, ...]
    nearest: tuple[Neighbour, ...] = ()
    flags: tuple[str, ...] = ()
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


class Tables(NamedTuple):
    """A prediction as two data frames.

    Attributes
    ----------
    domains
        One row a domain.
    residues
        One row a residue.
    """

    domains: pd.DataFrame
    residues: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Everything protvox says about one structure.

    Attributes
    ----------
    input
        What was read.
    domains
        CATH answers; empty when they were not asked for.
    residues
        Environment answers; ``None`` when they were not asked for.
    models
        Task (``"cath"``, ``"environment"``) to the ``name@version`` that answered.
    warnings
        What the user should know, one sentence each.
    """

    input: InputInfo
    domains: tuple[DomainPrediction, ...] = ()
    residues: ResidueTable | None = None
    models: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction by the schema ``protvox.classify/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats rounded to 6 significant
            digits, ``None`` for a number that does not exist.
        """
        return {
            "schema": SCHEMA,
            "input": self.input.to_dict(),
            "models": dict(sorted(self.models.items())),
            "domains": [_domain_dict(domain) for domain in self.domains],
            "residues": [] if self.residues is None else list(_residue_dicts(self.residues)),
            "warnings": list(self.warnings),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the prediction as JSON text, ``protvox.classify/1``.

        Parameters
        ----------
        indent
            Blanks a level; ``None`` puts everything on one line.
        """
        separators = (",", ":") if indent is None else None
        return json.dumps(
            self.to_dict(),
            indent=indent,
            separators=separators,
            ensure_ascii=False,
            allow_nan=False,
        )

    def to_pandas(self) -> Tables:
        """Return the prediction as two data frames, ``domains`` and ``residues``.

        Both have the key column ``id``, the input's name. Values are not rounded.
        """
        from protvox.predict.results.tables import domain_frame, residue_frame

        return Tables(domain_frame([self]), residue_frame([self]))


def _domain_dict(domain: DomainPrediction) -> dict[str, Any]:
    return {
        "id": domain.id,
        "chain": domain.chain,
        "chopping": domain.chopping,
        "n_residues": domain.n_residues,
        "in_range": domain.in_range,
        "flags": list(domain.flags),
        "model": domain.model,
        "class": _label_dict(domain.cath_class),
        "architectures": [_label_dict(label) for label in domain.architectures],
        "nearest": [near.to_dict() for near in domain.nearest],
    }


def _label_dict(label: RankedLabel) -> dict[str, Any]:
    return {"label": label.label, "name": label.name, "probability": rounded(label.probability)}


def _residue_dicts(table: ResidueTable) -> Iterable[dict[str, Any]]:
    rows = zip(
        table.chain.tolist(),
        table.number.tolist(),
        table.insertion_code.tolist(),
        table.wild_type.tolist(),
        table.predicted.tolist(),
        table.p_wild_type.tolist(),
        table.entropy.tolist(),
        table.probabilities.tolist(),
        strict=True,
    )
    for chain, number, insertion_code, wild_type, predicted, p, entropy, probabilities in rows:
        yield {
            "chain": chain,
            "number": number,
            "insertion_code": insertion_code,
            "wild_type": wild_type,
            "predicted": predicted,
            "p_wild_type": rounded(p),
            "entropy": rounded(entropy),
            "probabilities": {
                name: rounded(value) for name, value in zip(AMINO_ACIDS, probabilities, strict=True)
            },
        }


def rounded(value: float) -> float | None:
    """Return a float with 6 significant digits, ``None`` when it is not finite.

    Parameters
    ----------
    value
        Any number.
    """
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
