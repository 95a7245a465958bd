"""OpenAPI description of responses with predictions: their schema and an example of each."""

from __future__ import annotations

from typing import Any, Final

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.json_documents import COMBINED, DOCUMENTS
from protvox.service.released import released_model

REF_TEMPLATE: Final = "#/components/schemas/{model}"
"""References from one schema of the OpenAPI description to another."""

_CATH: Final = released_model("cath")["reference"]
_ENVIRONMENT: Final = released_model("environment")["reference"]
_BACKBONE: Final = released_model("backbone")["reference"]
_INPUT: Final = {
    "name": "1pwc",
    "format": "mmcif",
    "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c0",
    "model": 1,
    "n_atoms": 2638,
    "n_residues": 345,
    "dropped": [],
}
_NEIGHBOUR: Final = {
    "domain": "1pwcA00",
    "cath": "3.40.710.10",
    "similarity": 1.0,
    "name": "DD-peptidase/beta-lactamase superfamily",
}
_DOMAIN: Final = {
    "id": "A",
    "chain": "A",
    "chopping": "",
    "n_residues": 345,
    "in_range": True,
    "flags": [],
    "model": _CATH,
}
_CLASSIFIED: Final = {
    **_DOMAIN,
    "class": {"label": "3", "name": "Alpha Beta", "probability": 0.98},
    "architectures": [{"label": "3.40", "name": "3-Layer(aba) Sandwich", "probability": 0.99}],
    "topologies": [{"label": "3.40.710", "name": "Beta-lactamase", "probability": 0.99}],
    "superfamilies": [{"label": "3.40.710.10", "name": _NEIGHBOUR["name"], "probability": 0.99}],
    "novel": "",
    "hits": [{**_NEIGHBOUR, "p_superfamily": 0.99, "p_topology": 0.99}],
    "nearest": [_NEIGHBOUR],
}
_RESIDUE: Final = {
    "chain": "A",
    "number": 62,
    "insertion_code": "",
    "wild_type": "SER",
    "predicted": "GLY",
    "p_wild_type": 0.0164,
    "entropy": 0.24,
    "probabilities": {name: {"GLY": 0.96, "SER": 0.0164}.get(name, 0.0013) for name in AMINO_ACIDS},
}
_MUTATION: Final = {
    "chain": "A",
    "number": 62,
    "insertion_code": "",
    "wild_type": "SER",
    "mutant": "TRP",
    "mutation": "S62W",
    "score": 1.9,
    "percentile": 61.2,
    "environment": 4.8,
    "backbone": 2.7,
    "ddg": 1.2,
    "ddg_low": -0.4,
    "ddg_high": 2.9,
    "p_destabilising": 0.52,
}
_SUGGESTION: Final = {
    **{name: value for name, value in _MUTATION.items() if name not in ("environment", "backbone")},
    "reason": "buried polar group without a partner",
    "flags": ["catalytic"],
    "alternatives": ["S62F", "S62Y"],
    "copies": [],
}
_SEGMENT: Final = {
    "kind": "register",
    "chain": "A",
    "first": "120",
    "last": "133",
    "shift": 1,
    "log_odds": 24.6,
    "p_value": 1.3e-6,
    "suggestion": "Move the sequence by +1: these residues are then SDENVKAKIQDKEG",
}
_UNLIKELY: Final = {
    "chain": "A",
    "number": 62,
    "insertion_code": "",
    "wild_type": "SER",
    "predicted": "GLY",
    "odds": 1450.0,
    "reasons": ["1.4 A from PNM A400"],
}
_CLASSIFICATION: Final = {
    "schema": "protvox.classify/1",
    "input": _INPUT,
    "models": {},
    "domains": [],
    "residues": [],
    "warnings": [],
}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "cath": {**_CLASSIFICATION, "models": {"cath": _CATH}, "domains": [_CLASSIFIED]},
    "environment": {
        **_CLASSIFICATION,
        "models": {"environment": _ENVIRONMENT},
        "residues": [_RESIDUE],
    },
    "mutations": {
        "schema": "protvox.mutations/3",
        "input": _INPUT,
        "models": {"environment": _ENVIRONMENT, "backbone": _BACKBONE},
        "score": COMBINED,
        "mutations": [_MUTATION],
        "failures": [],
        "warnings": [],
    },
    "suggest": {
        "schema": "protvox.suggest/1",
        "input": _INPUT,
        "models": {"environment": _ENVIRONMENT, "backbone": _BACKBONE},
        "suggestions": [_SUGGESTION],
        "warnings": [],
    },
    "embed": {
        "schema": "protvox.embed/1",
        "input": _INPUT,
        "models": {"cath": _CATH},
        "domains": [{**_DOMAIN, "embedding": [0.0312, -0.118, 0.0541]}],
        "residues": [],
        "warnings": [],
    },
    "search": {
        "schema": "protvox.search/1",
        "input": _INPUT,
        "models": {"cath": _CATH},
        "index": {"name": "CATH domains", "n_domains": 17731},
        "domains": [{**_DOMAIN, "nearest": [_NEIGHBOUR]}],
        "warnings": [],
    },
    "check": {
        "schema": "protvox.check/1",
        "input": _INPUT,
        "model": _ENVIRONMENT,
        "overall": {
            "n_residues": 345,
            "log_likelihood": -1.05,
            "percentile": 61.7,
            "reference": "40 X-ray structures of 1.9 to 2.1 Å",
            "method": "X-ray",
            "resolution": 2.0,
        },
        "segments": [_SEGMENT],
        "residues": [_UNLIKELY],
        "warnings": [],
    },
}


def describe_result(task: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the response with a result.

    Parameters
    ----------
    task
        ``"mutations"``, ``"embed"``, ``"search"``, ``"check"``, or the name of a task.
    """
    command = task if task in DOCUMENTS else "classify"
    arguments = command if task in DOCUMENTS else f"classify --task {task}"
    name = DOCUMENTS[command].__name__
    value = _EXAMPLES.get(task, _CLASSIFICATION)
    example = {"summary": "Shortened, with invented numbers", "value": value}
    return {
        200: {
            "description": f"The same bytes as `protvox {arguments} --format jsonl` writes.",
            "content": {
                "application/json": {
                    "schema": {"$ref": REF_TEMPLATE.format(model=name)},
                    "examples": {"short": example},
                }
            },
        }
    }
