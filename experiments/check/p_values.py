"""Whether the p-values of the check hold: in correct chains, and in wrong segments.

``python -m experiments.check.p_values test.npz -o experiments/check/results/p_values.json``
with archives of ``experiments.check.features``. In correct chains, a p-value of at most x should
occur in at most a share of x of the chains.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.check.calibrate import STRANGERS
from experiments.check.chains import Chain, read_all
from experiments.check.measures import bootstrap_ratio
from experiments.check.wrong_models import shift_types, shuffle_types
from protvox.predict.check.calibration import Calibration, released_calibration
from protvox.predict.check.segments import (
    Finding,
    chain_findings,
    direction_findings,
    mistraced_findings,
    register_findings,
)
from protvox.predict.check.sequence import ChainModel

LEVELS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5)
LENGTH = 16
"""Residues of a wrong segment."""


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    measures = measure(read_all(options.archives), released_calibration())
    options.output.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(measures, indent=1))
    return 0


def measure(chains: Sequence[Chain], calibration: Calibration) -> dict[str, Any]:
    """Return the shares of chains with p-values below some levels.

    Parameters
    ----------
    chains
        Correct chains.
    calibration
        Gives the p-values.
    """
    rng = np.random.default_rng(0)
    correct: dict[str, list[float]] = {kind: [] for kind in ("register", "direction", "mistraced")}
    correct["chain"] = []
    wrong: dict[str, list[float]] = {"shifted": [], "shuffled": []}
    for chain in chains:
        odds, model = chain.odds(calibration), chain.model()
        free = np.zeros(len(model), dtype=np.bool_)
        found = {
            "register": register_findings(model, odds),
            "direction": direction_findings(model, odds),
            "mistraced": mistraced_findings(model, odds, free),
            "chain": _foreign(chain, chains, odds, rng),
        }
        for kind, findings in found.items():
            correct[kind].append(smallest_p(findings, len(model), calibration))
        for kind, changed in wrong_models(chain, rng).items():
            findings = [*register_findings(changed, odds), *mistraced_findings(changed, odds, free)]
            wrong[kind].append(smallest_p(findings, len(model), calibration))
    return {
        "n_chains": len(chains),
        "n_residues": sum(len(chain.types) for chain in chains),
        "correct": {kind: shares(values) for kind, values in correct.items()},
        "wrong": {kind: {"n": len(v), **shares(v)} for kind, v in wrong.items()},
    }


def smallest_p(findings: Sequence[Finding], length: int, calibration: Calibration) -> float:
    """Return the smallest p-value of the findings in a chain, 1 if there are none.

    Parameters
    ----------
    findings
        Also those that are not reported.
    length
        Residues of the chain.
    calibration
        Gives the p-values.
    """
    return min((calibration.p_value(f.kind, f.log_odds, length) for f in findings), default=1.0)


def shares(values: Sequence[float]) -> dict[str, Any]:
    """Return the share of p-values up to each level, with its 95 % interval.

    Parameters
    ----------
    values
        One p-value per chain.
    """
    return {
        str(level): {
            "share": round(float(np.mean(np.array(values) <= level)), 4),
            "interval": bootstrap_ratio([[int(value <= level), 1] for value in values]),
        }
        for level in LEVELS
    }


def wrong_models(chain: Chain, rng: np.random.Generator) -> dict[str, ChainModel]:
    """Return a chain with one shifted, and with one shuffled segment.

    Parameters
    ----------
    chain
        A correct chain.
    rng
        Source of random numbers.
    """
    if len(chain.types) < LENGTH + 10:
        return {}
    first = int(rng.integers(0, len(chain.types) - LENGTH + 1))
    types = {
        "shifted": shift_types(chain, first, LENGTH, int(rng.choice((-2, -1, 1, 2)))),
        "shuffled": shuffle_types(chain, first, LENGTH, rng),
    }
    return {kind: chain.model(changed) for kind, changed in types.items() if changed is not None}


def _foreign(
    chain: Chain,
    chains: Sequence[Chain],
    odds: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[Finding]:
    model = chain.model()
    others = [chains[int(i)] for i in rng.integers(len(chains), size=STRANGERS)]
    return [
        finding
        for other in others
        if other is not chain
        for finding in chain_findings(model, odds, other.name, other.types, len(others))
    ]


if __name__ == "__main__":
    raise SystemExit(main())
