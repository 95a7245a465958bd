"""Turn scores of mutations into kcal/mol, on the proteins of S8754 and Megascale.

How right it is, is measured on proteins that were not fitted: in ten parts, each by the constants
of the nine others. Proteins with similar sequences are in one part, across both tables. The
released constants are those of all proteins.

Example: ``python -m experiments.mutations.calibrate --data data --structures data
--cache runs/mutations --proteinmpnn runs/proteinmpnn.csv
-o experiments/mutations/results/calibration.json``
"""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.mutations.best_ten import best_ten
from experiments.mutations.measures import Array
from experiments.mutations.product import NAMES, find_residue, load_networks, scan
from experiments.mutations.tables import TABLES
from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS, ONE_LETTER, THREE_LETTER
from protvox.predict.mutations import stability
from protvox.predict.mutations.stability import COVERAGE, DESTABILISING, Change, Stability, terms

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SETS: Final = ("Megascale", "S8754")
BINS: Final = 10
PARTS: Final = 10
_SIMILAR: Final = 0.2
"""Share of the words of four residues of the shorter sequence from which two are one family."""

SPREAD_POWER: Final = 1 / 3
"""Of `weights` for the intervals: more proteins count in them than in the means, see decision."""

_REPEATS: Final = 500
N_OF_SCORE: Final = 8
_RIDGE: Final = 20.0
"""Of the offsets of amino acids; small beside thousands of mutations."""


def read_scores(
    data: Path, structures: Path, environment: Path, backbone: Path, cache: Path | None
) -> pd.DataFrame:
    """Return the measured mutations of both tables with scores, chain lengths and parts."""
    scorers = load_networks(environment, backbone, cache, "cpu")
    parts = []
    for name in SETS:
        table = TABLES[name](data)
        table = table[[(structures / file).exists() for file in table["file"]]]
        groups = dict(iter(table.groupby("file")))
        for file, residues, matrices in scan(scorers, sorted(groups), structures):
            rows = groups[file].assign(table=name)
            found = [find_residue(residues, row) for _, row in rows.iterrows()]
            rows = rows[[row is not None for row in found]].copy()
            at = np.array([row for row in found if row is not None], dtype=np.int64)
            mutants = [AMINO_ACID_INDEX[THREE_LETTER[one]] for one in rows["mutant"]]
            for network, matrix in matrices.items():
                rows[network] = matrix[at, mutants]
            chains = residues.chain[at]
            rows["length"] = [int((residues.chain == chain).sum()) for chain in chains]
            first = residues.chain == (chains[0] if len(chains) else "")
            rows["sequence"] = "".join(ONE_LETTER[w] for w in residues.wild_type[first].tolist())
            parts.append(rows)
    rows = pd.concat(parts, ignore_index=True)
    rows["family"] = families(rows["sequence"].to_numpy())
    rows["part"] = parts_of(rows["family"].to_numpy())
    return rows


def families(sequences: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return a number for each sequence; those that share many words of four have the same."""
    unique, which = np.unique(sequences.astype(str), return_inverse=True)
    words = [{one[i : i + 4] for i in range(len(one) - 3)} for one in unique.tolist()]
    family = np.arange(len(unique))
    for i, first in enumerate(words):
        for j, second in enumerate(words[:i]):
            if len(first & second) >= _SIMILAR * max(min(len(first), len(second)), 1):
                family[family == family[i]] = family[j]
    return family[which]


def parts_of(family: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the part of each family, at random."""
    members, which = np.unique(family, return_inverse=True)
    return np.random.default_rng(0).permutation(len(members))[which] % PARTS


def weights(rows: pd.DataFrame, power: float) -> Array:
    """Return weights with which both tables count the same.

    Within a table, a protein counts as its number of mutations to one minus the power.
    """
    per_protein = rows.groupby(["table", "protein"])["ddg"].transform("size").to_numpy(dtype=float)
    weight = pd.Series(per_protein**-power, index=rows.index)
    totals = weight.groupby(rows["table"]).transform("sum")
    return (weight / totals).to_numpy() * len(rows) / rows["table"].nunique()


def fit(rows: pd.DataFrame, network: str, models: dict[str, str]) -> Stability:
    """Fit the constants of one choice of networks."""
    x = terms(*inputs(rows, network))
    y, w = rows["ddg"].to_numpy(dtype=float), weights(rows, 0)
    of_spread = weights(rows, SPREAD_POWER)
    mean = _least_squares(x, y, w)
    error = y - x @ mean
    # The mean of log|error| of a normal variable is 0.635 below the logarithm of its deviation.
    spread = _least_squares(x, np.log(np.abs(error) + 0.05) + 0.635, of_spread)
    odds = _logistic(x, y > DESTABILISING, w)
    standard = error / np.exp(x @ spread)
    order = np.argsort(standard)
    sizes = of_spread[order]
    below = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    tail = (1 - COVERAGE) / 2
    low, high = np.interp([tail, 1 - tail], below, standard[order])
    return Stability(models, mean, spread, odds, (float(low), float(high)))


def _least_squares(x: Array, y: Array, w: Array) -> Array:
    gram = (x * w[:, None]).T @ x + np.diag(_ridge(x))
    found: Array = np.linalg.solve(gram, (x * w[:, None]).T @ y)
    return found


def _ridge(x: Array) -> Array:
    return np.where(np.arange(x.shape[1]) < N_OF_SCORE, 1e-3, _RIDGE)


def _logistic(x: Array, y: NDArray[np.bool_], w: Array) -> Array:
    """Fit log odds by Newton's method."""
    found = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ found)))
        slope = (x * (w * (y - p))[:, None]).sum(axis=0) - _ridge(x) * found
        curve = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(_ridge(x))
        found = found + np.linalg.solve(curve, slope)
    return found


def ece(p: Array, y: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = [
        abs(p[which == b].mean() - y[which == b].mean()) * (which == b).sum()
        for b in np.unique(which)
    ]
    return float(sum(gaps) / len(p))


def held_out(rows: pd.DataFrame, network: str, models: dict[str, str]) -> Change:
    """Return the change of each mutation by constants that its protein did not contribute to."""
    out = np.full((4, len(rows)), np.nan)
    for part in range(PARTS):
        here = (rows["part"] == part).to_numpy()
        constants = fit(rows[~here], network, models)
        one = estimate(rows[here], network, constants)
        out[:, here] = one.ddg, one.low, one.high, one.probability
    return Change(*out)


def estimate(rows: pd.DataFrame, network: str, constants: Stability) -> Change:
    """Return the change of each mutation."""
    return constants.change(*inputs(rows, network))


def inputs(
    rows: pd.DataFrame, network: str
) -> tuple[Array, Array, NDArray[np.int64], NDArray[np.int64]]:
    """Return scores, chain lengths, and present and new amino acids of mutations."""
    wild_types, mutants = (
        np.array([AMINO_ACID_INDEX[THREE_LETTER[one]] for one in rows[name]])
        for name in ("wild_type", "mutant")
    )
    return rows[network].to_numpy(), rows["length"].to_numpy(dtype=float), wild_types, mutants


def measure(rows: pd.DataFrame, change: Change) -> dict[str, Any]:
    """Return how right changes are, with 95 % intervals from resampling proteins."""
    y = rows["ddg"].to_numpy(dtype=float)
    proteins = np.unique(rows["protein"], return_inverse=True)[1]
    within = (change.low <= y) & (y <= change.high)
    members = [np.flatnonzero(proteins == one) for one in range(proteins.max() + 1)]

    def values(at: NDArray[np.int64]) -> dict[str, float]:
        return {
            "ece": ece(change.probability[at], y[at] > DESTABILISING),
            "coverage": float(within[at].mean()),
            "mean_absolute_error": float(np.abs(change.ddg - y)[at].mean()),
            "bias": float((change.ddg - y)[at].mean()),
        }

    rng = np.random.default_rng(0)
    resampled = [
        values(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]))
        for _ in range(_REPEATS)
    ]
    found = values(np.arange(len(y)))
    which = np.minimum((change.probability * BINS).astype(int), BINS - 1)
    return {
        "n": len(y),
        "n_proteins": len(members),
        **found,
        "intervals": {
            name: np.percentile([one[name] for one in resampled], [2.5, 97.5]).tolist()
            for name in found
        },
        "width": float((change.high - change.low).mean()),
        "reliability": [
            {
                "n": int((which == b).sum()),
                "predicted": float(change.probability[which == b].mean()),
                "measured": float((y[which == b] > DESTABILISING).mean()),
            }
            for b in np.unique(which)
        ],
    }


def draw(result: dict[str, Any], to: Path) -> None:
    """Draw predicted against measured frequencies of destabilising mutations."""
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7")
    for name, part in result["held_out"]["both"].items():
        points = part["reliability"]
        axes.plot(
            [one["predicted"] for one in points],
            [one["measured"] for one in points],
            "o-",
            label=f"{name}: {part['n']:,} mutations, ECE {part['ece']:.3f}",
        )
    axes.set(xlabel="p_destabilising", ylabel="share above 1 kcal/mol", xlim=(0, 1), ylim=(0, 1))
    axes.set_title("Proteins that were not fitted")
    axes.legend()
    figure.savefig(to, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=Path("models/environment"))
    parser.add_argument("--backbone", type=Path, default=Path("models/backbone"))
    parser.add_argument("--data", type=Path, required=True, help="folder of stability/")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder that holds stability/structures/"
    )
    parser.add_argument("--cache", type=Path, help="folder for the environment predictions")
    parser.add_argument("--rows", type=Path, help="scored mutations, written or read (pickle)")
    parser.add_argument(
        "--proteinmpnn", type=Path, help="table of experiments/mutations/proteinmpnn.py"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    if options.rows and options.rows.exists():
        rows = pd.read_pickle(options.rows)
    else:
        rows = read_scores(
            options.data, options.structures, options.environment, options.backbone, options.cache
        )
        if options.rows:
            rows.to_pickle(options.rows)
    scorers = load_networks(options.environment, options.backbone, None, "cpu")
    result: dict[str, Any] = {"models": scorers.models, "parts": PARTS, "held_out": {}}
    shipped: dict[str, Any] = {}
    for network in NAMES:
        models = scorers.models if network == "both" else {network: scorers.models[network]}
        constants = fit(rows, network, models)
        change = held_out(rows, network, models)
        shipped[network] = {
            "models": models,
            **{n: getattr(constants, n).round(6).tolist() for n in ("mean", "spread", "odds")},
            "tails": [round(tail, 6) for tail in constants.tails],
        }
        result["held_out"][network] = {"all": measure(rows, change)}
        for name in SETS:
            here = (rows["table"] == name).to_numpy()
            part = Change(*(getattr(change, f.name)[here] for f in fields(change)))
            result["held_out"][network][name] = measure(rows[here], part)
        if network == "both":
            result["suggestions"] = best_ten(rows, change, options.proteinmpnn)
            print(result["suggestions"])
        for name, part in result["held_out"][network].items():
            print(network, name, {k: v for k, v in part.items() if k != "reliability"})
    offsets = shipped["both"]["mean"][N_OF_SCORE + len(AMINO_ACIDS) :]
    result["offsets"] = dict(zip(AMINO_ACIDS, offsets, strict=True))
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    stability.FILE.write_text(json.dumps({"networks": shipped}, indent=1) + "\n")
    draw(result, options.output.with_suffix(".png"))


if __name__ == "__main__":
    main()
