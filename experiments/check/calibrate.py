"""Fit what the check knows of correct models.

``python -m experiments.check.calibrate --train train.npz --val val.npz -o protvox/predict/check``
with archives of ``experiments.check.features``. Writes ``head.safetensors`` (amino acids from
features of surroundings without side chains) and ``calibration.json`` (background, and how often
correct chains of ``--val`` have findings).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from experiments.check.chains import Chain, read_chains
from protvox.predict.check.calibration import CONSTANTS_FILE, HEAD_FILE, Calibration
from protvox.predict.check.segments import (
    Finding,
    chain_findings,
    direction_findings,
    mistraced_findings,
    register_findings,
)
from protvox.predict.check.sequence import UNKNOWN
from protvox.predict.model_cache import load_residue_predictor

EPOCHS = 15
BATCH = 512
RATE = 2e-3
DECAY = 1e-3
TAIL = 100
"""Number of strongest findings in correct chains to which a tail is fitted."""

STRANGERS = 10
"""Number of foreign sequences that are tried on every chain."""


def main() -> int:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--val", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    calibration = fit_head(read_chains(options.train))
    chains = read_chains(options.val)
    print("log likelihood on val", round(mean_log_likelihood(chains, calibration), 4))
    tails = fit_tails(chains, calibration)
    save_file(
        {"weights": calibration.weights.astype(np.float16), "bias": calibration.bias},
        options.output / HEAD_FILE,
    )
    constants = {
        "model": calibration.model,
        "background": [round(float(b), 5) for b in calibration.background],
        "tails": {kind: [round(a, 3), round(b, 3)] for kind, (a, b) in tails.items()},
    }
    text = json.dumps(constants, indent=1) + "\n"
    (options.output / CONSTANTS_FILE).write_text(text, encoding="utf-8")
    print(text)
    return 0


def fit_head(chains: Sequence[Chain]) -> Calibration:
    """Fit amino acids to features by multinomial regression.

    Parameters
    ----------
    chains
        Training chains.
    """
    features = np.concatenate([chain.features for chain in chains])
    types = np.concatenate([chain.types[chain.rows] for chain in chains])
    known = types != UNKNOWN
    features, types = features[known], types[known]
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    inputs = torch.from_numpy((features - mean) / scale)
    targets = torch.from_numpy(types)
    torch.manual_seed(0)
    layer = torch.nn.Linear(features.shape[1], 20)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(types) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    for epoch in range(EPOCHS):
        order = np.random.default_rng(epoch).permutation(len(types))
        for batch in np.array_split(order, len(types) // BATCH):
            loss = torch.nn.functional.cross_entropy(layer(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    weights = layer.weight.detach().numpy() / scale
    return Calibration(
        model=load_residue_predictor("environment", "cpu").card.reference,
        weights=weights,
        bias=layer.bias.detach().numpy() - weights @ mean,
        background=np.bincount(types, minlength=20) / len(types),
        tails={},
    )


def mean_log_likelihood(chains: Sequence[Chain], calibration: Calibration) -> float:
    """Return the mean log probability of the amino acids present, nats.

    Parameters
    ----------
    chains
        The chains.
    calibration
        With the head.
    """
    logs = []
    for chain in chains:
        types = chain.types[chain.rows]
        shares = calibration.probabilities(chain.features)[types != UNKNOWN]
        logs.append(np.log(shares[np.arange(len(shares)), types[types != UNKNOWN]]))
    return float(np.concatenate(logs).mean())


def fit_tails(chains: Sequence[Chain], calibration: Calibration) -> dict[str, tuple[float, float]]:
    """Fit how many findings of each kind correct chains have.

    Parameters
    ----------
    chains
        Correct chains.
    calibration
        With the head.

    Returns
    -------
    dict
        Kind to intercept and slope, see `Calibration`.
    """
    rng = np.random.default_rng(0)
    scores: dict[str, list[float]] = {"register": [], "direction": [], "chain": [], "mistraced": []}
    for chain in chains:
        odds, model = chain.odds(calibration), chain.model()
        free = np.zeros(len(model), dtype=np.bool_)
        strangers = [chains[int(i)] for i in rng.integers(len(chains), size=STRANGERS)]
        found = {
            "register": register_findings(model, odds),
            "direction": direction_findings(model, odds),
            "mistraced": mistraced_findings(model, odds, free),
        }
        for kind, findings in found.items():
            scores[kind] += [one.log_odds for one in without_overlaps(findings)]
        for other in strangers:
            if other is not chain:
                findings = chain_findings(model, odds, other.name, other.types, 1)
                scores["chain"] += [one.log_odds for one in findings]
    n_residues = sum(len(chain.types) for chain in chains)
    trials = {kind: STRANGERS if kind == "chain" else 1 for kind in scores}
    tails = {k: fit_tail(np.array(s), trials[k] * n_residues) for k, s in scores.items()}
    return {**tails, "sequence": tails["register"]}


def without_overlaps(findings: Sequence[Finding]) -> list[Finding]:
    """Return the strongest findings that do not overlap.

    Parameters
    ----------
    findings
        Of one chain.
    """
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda one: -one.log_odds):
        if all(one.last < other.first or one.first > other.last for other in kept):
            kept.append(one)
    return kept


def fit_tail(scores: NDArray[np.float64], n_residues: int) -> tuple[float, float]:
    """Fit an exponential tail to the strongest findings.

    Parameters
    ----------
    scores
        ``finding``, log odds.
    n_residues
        Number of residues in which they were found.

    Returns
    -------
    intercept, slope : float
        ``exp(intercept - slope x)`` findings per residue have at least x nats. The slope is that
        of the median excess over the weakest of the tail, since the strongest findings in released
        structures include real errors.
    """
    ranked = np.sort(scores)[::-1][: max(2, min(TAIL, len(scores)))]
    slope = np.log(2) / max(float(np.median(ranked[:-1] - ranked[-1])), 1e-3)
    intercept = float(np.log(len(ranked) / n_residues) + slope * ranked[-1])
    return intercept, float(slope)


if __name__ == "__main__":
    raise SystemExit(main())
