"""Small results of protvox, and where the plugins are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"
MODULE = ROOT / "plugins" / "pymol" / "protvox_viewer" / "predictions.py"
INPUT = {
    "name": "1ubi",
    "format": "pdb",
    "sha256": "0" * 64,
    "model": 1,
    "n_atoms": 602,
    "n_residues": 76,
    "dropped": [],
}
DOMAIN = {
    "id": "A:1-40",
    "chain": "A",
    "chopping": "1-20,31-40",
    "n_residues": 30,
    "in_range": True,
    "flags": [],
    "model": "cath@5",
    "class": {"label": "3", "name": "Alpha Beta", "probability": 0.98},
    "architectures": [{"label": "3.10", "name": "Roll", "probability": 0.9}],
    "topologies": [],
    "superfamilies": [{"label": "3.10.20.90", "name": "Ubiquitin-like", "probability": 0.8}],
    "novel": "",
    "hits": [],
    "nearest": [],
}


def mutation(number: int, mutant: str, score: float) -> dict:
    return {
        "chain": "A",
        "number": number,
        "insertion_code": "",
        "wild_type": "LEU",
        "mutant": mutant,
        "mutation": f"L{number}X",
        "score": score,
        "percentile": 50.0,
        "environment": score,
        "backbone": score,
        "ddg": score,
        "ddg_low": score,
        "ddg_high": score,
        "p_destabilising": 0.5,
    }


RESULTS = {
    "domains": {
        "schema": "protvox.classify/1",
        "input": INPUT,
        "models": {},
        "domains": [DOMAIN],
        "residues": [],
        "warnings": ["one warning"],
    },
    "check": {
        "schema": "protvox.check/1",
        "input": INPUT,
        "model": "environment@7",
        "overall": {
            "n_residues": 76,
            "log_likelihood": -1.0,
            "percentile": 50.0,
            "reference": "40 X-ray structures",
            "method": "X-ray",
            "resolution": 1.8,
        },
        "segments": [
            {
                "kind": "register",
                "chain": "A",
                "first": "10",
                "last": "20",
                "shift": 1,
                "log_odds": 20.0,
                "p_value": 1e-6,
                "suggestion": "Move the sequence by +1",
            }
        ],
        "residues": [
            {
                "chain": "A",
                "number": 50,
                "insertion_code": "",
                "wild_type": "LEU",
                "predicted": "GLY",
                "odds": 30.0,
                "reasons": ["buried"],
            }
        ],
        "warnings": [],
    },
    "mutations": {
        "schema": "protvox.mutations/3",
        "input": INPUT,
        "models": {},
        "score": "log odds",
        "mutations": [mutation(3, "TRP", 4.0), mutation(3, "GLY", 2.0), mutation(5, "GLY", -1.5)],
        "failures": [],
        "warnings": [],
    },
}
TITLES = {"domains": "classify", "check": "check", "mutations": "mutations"}
