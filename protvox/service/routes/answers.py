"""What OpenAPI says of the answers: their schemas, and an example of each."""

from __future__ import annotations

from typing import Any, Final

from protvox.chemistry import AMINO_ACIDS
from protvox.service.released import released

Schema = dict[str, Any]

SCHEMA: Final = "protvox.classify/1"
"""As in `protvox.predict.results.prediction`, which the process that answers does without."""

SCORE: Final = (
    "log odds of the amino acid present against the mutant, in nats, less the same of a residue "
    "in solvent; positive = predicted destabilising"
)
"""As in `protvox.predict.mutations.scores`."""

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_NUMBER: Final = {"type": ["number", "null"]}
_TEXTS: Final = {"type": "array", "items": _TEXT}


def _record(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


_INPUT: Final = _record(
    name=_TEXT,
    format={"enum": ["pdb", "mmcif", "bcif"]},
    sha256=_TEXT,
    model=_WHOLE,
    n_atoms=_WHOLE,
    n_residues=_WHOLE,
    dropped=_list(_record(what=_TEXT, where=_TEXT, why=_TEXT)),
)
_LABEL: Final = _record(label=_TEXT, name=_TEXT, probability=_NUMBER)
_NEIGHBOUR: Final = _record(domain=_TEXT, cath=_TEXT, similarity=_NUMBER)
_DOMAIN: Final = _record(
    id=_TEXT,
    chain=_TEXT,
    chopping=_TEXT,
    n_residues=_WHOLE,
    in_range={"type": "boolean"},
    flags=_TEXTS,
    model=_TEXT,
    **{"class": _LABEL},
    architectures=_list(_LABEL),
    nearest=_list(_NEIGHBOUR),
)
_RESIDUE: Final = _record(
    chain=_TEXT,
    number=_WHOLE,
    insertion_code=_TEXT,
    wild_type=_TEXT,
    predicted=_TEXT,
    p_wild_type=_NUMBER,
    entropy=_NUMBER,
    probabilities=_record(**{name: _NUMBER for name in AMINO_ACIDS}),
)
_PREDICTION: Final = _record(
    schema={"const": SCHEMA},
    input=_INPUT,
    models={"type": "object", "additionalProperties": _TEXT},
    domains=_list(_DOMAIN),
    residues=_list(_RESIDUE),
    warnings=_TEXTS,
)
_MUTATIONS: Final = _record(
    schema=_TEXT,
    input=_INPUT,
    model=_TEXT,
    score=_TEXT,
    mutations=_list(
        _record(
            chain=_TEXT,
            number=_WHOLE,
            insertion_code=_TEXT,
            wild_type=_TEXT,
            mutant=_TEXT,
            score=_NUMBER,
            percentile=_NUMBER,
        )
    ),
    failures=_list(_record(row=_WHOLE, mutation=_TEXT, why=_TEXT, code=_TEXT)),
    warnings=_TEXTS,
)

_ID: Final[Schema] = {
    "id": _TEXT,
    "chain": _TEXT,
    "chopping": _TEXT,
    "n_residues": _WHOLE,
    "in_range": {"type": "boolean"},
    "flags": _TEXTS,
    "model": _TEXT,
}
_MODELS: Final = {"type": "object", "additionalProperties": _TEXT}
_EMBEDDINGS: Final = _record(
    schema=_TEXT,
    input=_INPUT,
    models=_MODELS,
    domains=_list(_record(**_ID, embedding=_list(_NUMBER))),
    residues=_list(
        _record(
            chain=_TEXT,
            number=_WHOLE,
            insertion_code=_TEXT,
            wild_type=_TEXT,
            embedding=_list(_NUMBER),
        )
    ),
    warnings=_TEXTS,
)
_FOUND: Final = _record(
    schema=_TEXT,
    input=_INPUT,
    models=_MODELS,
    index=_record(name=_TEXT, n_domains=_WHOLE),
    domains=_list(_record(**_ID, nearest=_list(_NEIGHBOUR))),
    warnings=_TEXTS,
)

_CATH: Final = released("cath")["reference"]
_ENVIRONMENT: Final = released("environment")["reference"]
_READ: Final = {
    "name": "1pwc",
    "format": "mmcif",
    "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c0",
    "model": 1,
    "n_atoms": 2638,
    "n_residues": 345,
    "dropped": [],
}
_ONE_NEIGHBOUR: Final = {"domain": "1pwcA00", "cath": "3.40.710.10", "similarity": 1.0}
_ONE_PART: Final = {
    "id": "A",
    "chain": "A",
    "chopping": "",
    "n_residues": 345,
    "in_range": True,
    "flags": [],
    "model": _CATH,
}
_ONE_DOMAIN: Final = {
    **_ONE_PART,
    "class": {"label": "3", "name": "Alpha Beta", "probability": 0.98},
    "architectures": [{"label": "3.40", "name": "3-Layer(aba) Sandwich", "probability": 0.58}],
    "nearest": [_ONE_NEIGHBOUR],
}
_ONE_RESIDUE: Final = {
    "chain": "A",
    "number": 62,
    "insertion_code": "",
    "wild_type": "SER",
    "predicted": "GLY",
    "p_wild_type": 0.0164,
    "entropy": 0.24,
    "probabilities": {name: {"GLY": 0.96, "SER": 0.0164}.get(name, 0.0013) for name in AMINO_ACIDS},
}
_ONE_MUTATION: Final = {
    "chain": "A",
    "number": 62,
    "insertion_code": "",
    "wild_type": "SER",
    "mutant": "TRP",
    "score": 1.9,
    "percentile": 61.2,
}


def _predicted(models: dict[str, str], **parts: Any) -> Schema:
    answer = {"schema": SCHEMA, "input": _READ, "models": models, "domains": [], "residues": []}
    return {**answer, **parts, "warnings": []}


_EXAMPLES: Final[dict[str, Schema]] = {
    "cath": _predicted({"cath": _CATH}, domains=[_ONE_DOMAIN]),
    "environment": _predicted({"environment": _ENVIRONMENT}, residues=[_ONE_RESIDUE]),
    "mutations": {
        "schema": "protvox.mutations/1",
        "input": _READ,
        "model": _ENVIRONMENT,
        "score": SCORE,
        "mutations": [_ONE_MUTATION],
        "failures": [],
        "warnings": [],
    },
    "embed": {
        "schema": "protvox.embed/1",
        "input": _READ,
        "models": {"cath": _CATH},
        "domains": [{**_ONE_PART, "embedding": [0.0312, -0.118, 0.0541]}],
        "residues": [],
        "warnings": [],
    },
    "search": {
        "schema": "protvox.search/1",
        "input": _READ,
        "models": {"cath": _CATH},
        "index": {"name": "CATH training domains", "n_domains": 8966},
        "domains": [{**_ONE_PART, "nearest": [_ONE_NEIGHBOUR]}],
        "warnings": [],
    },
}


_SCHEMAS: Final = {"mutations": _MUTATIONS, "embed": _EMBEDDINGS, "search": _FOUND}


def answer(task: str) -> dict[int | str, Schema]:
    """Return the documentation of the answer to a task.

    Parameters
    ----------
    task
        ``"cath"``, ``"environment"``, ``"mutations"``, ``"embed"`` or ``"search"``.
    """
    command = task if task in _SCHEMAS else f"classify --task {task}"
    schema = _SCHEMAS.get(task, _PREDICTION)
    return {
        200: {
            "description": f"Byte for byte what `protvox {command} --format jsonl` writes.",
            "content": {
                "application/json": {
                    "schema": schema,
                    "examples": {
                        "short": {
                            "summary": "Shortened, with invented numbers",
                            "value": _EXAMPLES[task],
                        }
                    },
                }
            },
        }
    }
