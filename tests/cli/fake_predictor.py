"""A predictor without networks, and a script that runs the command line with it.

``python fake_predictor.py MODE ARGUMENTS...`` where MODE is ``predict``, ``sleep`` (writes READY
to stderr, then hangs), ``crash`` (a bug), ``memory`` or ``device``.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import DeviceError
from protvox.predict.results.prediction import (
    DomainPrediction,
    InputInfo,
    Prediction,
    RankedLabel,
    ResidueTable,
)

ARCHITECTURES = (
    ("3.40", "3-Layer(aba) Sandwich", 0.912345678),
    ("3.30", "2-Layer Sandwich", 0.05),
    ("3.90", "Alpha-Beta Complex", 0.02),
    ("2.60", "Sandwich", 0.01),
    ("1.10", "Orthogonal Bundle", 0.005),
    ("1.20", "Up-down Bundle", 0.001),
)
CALLS: list[dict] = []


def predict(structure, *, task="all", domains=None, chain=None, top_k=5, progress=None, **rest):
    CALLS.append({"task": task, "domains": domains, "chain": chain, "top_k": top_k, **rest})
    rows = np.flatnonzero(structure.is_protein & (structure.parent != ""))
    if chain is not None:
        rows = rows[structure.chain[rows] == chain]
    if progress is not None:
        progress(len(rows), len(rows))
    selected = [(c, "") for c in structure.protein_chains if chain in (None, c)]
    if domains and not isinstance(domains, str):
        selected = [(s.chains[0] or structure.protein_chains[0], s.chopping) for s in domains]
    return Prediction(
        input=InputInfo.of(structure),
        domains=() if task == "environment" else tuple(domain(*p, top_k) for p in selected),
        residues=None if task == "cath" else residues(structure, rows),
        models={"environment": "fake@1", "cath": "fake@1"},
        warnings=structure.warnings,
    )


def domain(chain, chopping, top_k):
    labels = tuple(RankedLabel(*a) for a in ARCHITECTURES[:top_k])
    return DomainPrediction(
        id=chain,
        chain=chain,
        chopping=chopping,
        n_residues=345,
        in_range=True,
        model="fake@1",
        cath_class=RankedLabel("3", "Alpha Beta", 0.98),
        architectures=labels,
    )


def residues(structure, rows):
    present = np.array([AMINO_ACID_INDEX[name] for name in structure.parent[rows]])
    logits = np.random.default_rng(0).normal(0, 1.5, (len(rows), 20))
    logits[np.arange(len(rows)), present] += 3
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return ResidueTable(
        structure.chain[rows],
        structure.number[rows],
        structure.insertion_code[rows],
        structure.parent[rows],
        probabilities.astype(np.float32),
        structure.chain[rows],
    )


def sleep(structure, **_):
    sys.stderr.write("READY\n")
    sys.stderr.flush()
    time.sleep(120)


def crash(structure, **_):
    raise ZeroDivisionError("float division by zero\nsecond line")


def memory(structure, **_):
    raise MemoryError


def device(structure, **_):
    raise DeviceError("there is no GPU", remedy="Use --device cpu", code="device.missing")


MODES = {f.__name__: f for f in (predict, sleep, crash, memory, device)}

if __name__ == "__main__":
    import protvox.predict.classify as module
    from protvox.cli import main

    module.classify = MODES[sys.argv.pop(1)]
    main()
