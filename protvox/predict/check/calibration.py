"""What the check has learned from correct models, and how sure it is of a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

FOLDER: Final = Path(__file__).parent
HEAD_FILE: Final = "head.safetensors"
CONSTANTS_FILE: Final = "calibration.json"

ALARMS: Final = {
    "register": 4e-4,
    "sequence": 4e-4,
    "chain": 1e-4,
    "direction": 1e-4,
    "mistraced": 2e-4,
}
"""Findings of each kind per residue of correct models at which they are reported."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Constants from ``python -m experiments.check.calibrate``.

    Attributes
    ----------
    model
        ``name@version`` of the environment model that they belong to.
    weights, bias
        ``20 feature`` and ``20``: amino acids from the features of surroundings without side
        chains, for which the output of the model itself was not trained.
    background
        ``20``, frequency of each amino acid.
    tails
        Kind of finding to intercept and slope: of correct models, ``exp(intercept - slope x)``
        findings per residue have log odds of at least x.
    """

    model: str
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    background: NDArray[np.float64]
    tails: Mapping[str, tuple[float, float]]

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of each amino acid.

        Parameters
        ----------
        features
            ``residue feature``, from surroundings without side chains.

        Returns
        -------
        ndarray
            ``residue 20`` float64.
        """
        logits = (features @ self.weights.T + self.bias).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        weights = np.exp(logits)
        shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        return shares

    def log_rate(self, kind: str, log_odds: float) -> float:
        """Return the logarithm of how many findings as strong a correct model has per residue.

        Parameters
        ----------
        kind
            Kind of finding.
        log_odds
            Its log odds, nats.
        """
        intercept, slope = self.tails[kind]
        return min(intercept - slope * log_odds, 0.0)

    def p_value(self, kind: str, log_odds: float, n_residues: int) -> float:
        """Return the probability that a correct chain has a finding as strong.

        Parameters
        ----------
        kind
            Kind of finding.
        log_odds
            Its log odds, nats.
        n_residues
            Length of the chain.
        """
        return float(-np.expm1(-n_residues * np.exp(self.log_rate(kind, log_odds))))


@lru_cache(maxsize=1)
def released_calibration() -> Calibration:
    """Return the calibration of the released environment model."""
    constants: dict[str, Any] = json.loads((FOLDER / CONSTANTS_FILE).read_text(encoding="utf-8"))
    head = load_file(FOLDER / HEAD_FILE)
    return Calibration(
        model=constants["model"],
        weights=head["weights"].astype(np.float32),
        bias=head["bias"].astype(np.float32),
        background=np.array(constants["background"]),
        tails={kind: (tail[0], tail[1]) for kind, tail in constants["tails"].items()},
    )
