"""What the domain card says about chains that are no proteins, made from known domains.

Domains of the released index are mirrored, reversed, or cut into segments that are put in another
order; their places stay. Random walks have the same lengths. None of these is a protein. A probable
superfamily is an error, a lesser one if it is that of the domain: parts of a shuffled domain that
stayed in order still resemble it.

Example: ``python -m experiments.search.decoys -o experiments/search/results/decoys.json``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from experiments.search.aligned_hits import sample
from protvox.predict.model_cache import load_domain_predictor
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.tasks.cath.applicability import find_flags

SEGMENTS = 6
"""Parts of a shuffled domain."""

BOND = 3.8
"""Distance of neighbouring CA atoms, Å."""

Trace = NDArray[np.float64]


def mirror(ca: Trace, _rng: np.random.Generator) -> Trace:
    """Return the mirror image of a trace."""
    return ca * [-1.0, 1.0, 1.0]


def reverse(ca: Trace, _rng: np.random.Generator) -> Trace:
    """Return a trace from its last to its first residue."""
    return ca[::-1].copy()


def shuffle(ca: Trace, rng: np.random.Generator) -> Trace:
    """Return the segments of a trace in an order in which no two neighbours stay together."""
    parts = np.array_split(ca, SEGMENTS)
    while True:
        order = rng.permutation(SEGMENTS)
        if (np.diff(order) != 1).all():
            return np.concatenate([parts[part] for part in order])


def walk(ca: Trace, rng: np.random.Generator) -> Trace:
    """Return a random walk of as many residues."""
    steps = rng.normal(size=ca.shape)
    return np.cumsum(BOND * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def unchanged(ca: Trace, _rng: np.random.Generator) -> Trace:
    """Return the trace."""
    return ca


KINDS: dict[str, Callable[[Trace, np.random.Generator], Trace]] = {
    "unchanged": unchanged,
    "mirrored": mirror,
    "reversed": reverse,
    "shuffled": shuffle,
    "random walk": walk,
}


def interval(wrong: NDArray[np.float64]) -> list[float]:
    """Return the 95 % interval of a share by Wilson's formula, which fits shares near 0."""
    found = binomtest(int(wrong.sum()), len(wrong)).proportion_ci(method="wilson")
    return [float(found.low), float(found.high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=60, help="number of domains")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    predictor = load_domain_predictor("cath", "cpu")
    index = predictor.released.index()
    if index.traces is None:
        raise SystemExit("the index holds no traces")
    codes = dict(zip(index.domains, index.cath, strict=True))
    topologies = [code.rpartition(".")[0] for code in index.cath]
    chosen = sample(topologies, len(index), 1, 0)
    rows = np.random.default_rng(0).choice(chosen, min(options.size, len(chosen)), replace=False)
    measured: dict[str, Any] = {}
    for kind, change in KINDS.items():
        answers = []
        for row in rows.tolist():
            ca = change(index.traces.ca(row).astype(np.float64), np.random.default_rng(row))
            found = predictor.predict_trace(DomainTrace(ca), index.domains[row])
            flags = find_flags(ca.astype(np.float32), len(ca), predictor.card)
            if found.relatives is None:
                answers.append((index.domains[row], "", 0.0, 0.0, bool(flags)))
                continue
            superfamilies = found.relatives.probabilities.superfamilies
            best = max(superfamilies, key=lambda code, p=superfamilies: p[code])
            topology = max(found.relatives.probabilities.topologies().values())
            answers.append((index.domains[row], best, superfamilies[best], topology, bool(flags)))
        families, folds, flagged = (
            np.array([value >= 0.5 for value in column], dtype=float)
            for column in list(zip(*answers, strict=True))[2:]
        )
        measured[kind] = {
            "n": len(answers),
            "superfamily": float(families.mean()),
            "superfamily_interval": interval(families),
            "topology": float(folds.mean()),
            "topology_interval": interval(folds),
            "flagged": float(flagged.mean()),
            "confident": [
                {
                    "domain": name,
                    "superfamily": best,
                    "probability": round(p, 3),
                    "own": best == codes[name],
                }
                for name, best, p, *_ in answers
                if p >= 0.5 and kind != "unchanged"
            ],
        }
        print(kind, json.dumps(measured[kind]), file=sys.stderr, flush=True)
    document = {
        "schema": "protvox.decoys/1",
        "model": index.model,
        "head": index.head,
        "n_index": len(index),
        "kinds": measured,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
