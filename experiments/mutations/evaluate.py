"""Measure how the released networks rank measured mutations, zero-shot.

The scores are those of `protvox mutations`, on S2648 beside published scores of other programs, on
the open part of Megascale, and on S8754.

Example: ``python -m experiments.mutations.evaluate --data data --structures data
--cache runs/mutations -o experiments/mutations/results/metrics.json``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from experiments.mutations.backbone.evaluate import Scored, gain, interval_of_mean
from experiments.mutations.measures import Array, difference, spearman, summarise
from experiments.mutations.product import (
    BOTH,
    describe_models,
    find_residue,
    load_networks,
    score_rows,
)
from experiments.mutations.references import SHIPPED, references
from experiments.mutations.tables import TABLES
from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.networks.environment import EnvironmentNet
from protvox.predict.mutations.networks import BACKBONE, ENVIRONMENT, Scorers, score_matrix
from protvox.registry.installed import load_folder
from protvox.structure.io.read import read_structure
from protvox.tasks.environment.predictor import EnvironmentPredictor
from protvox.train.evaluate import SCHEMA

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PEERS: Final = {
    "rasp": ("RaSP", 1),
    "proteinmpnn_ddg": ("ProteinMPNN-ddG", -1),
    "acdc_nn": ("ACDC-NN", -1),
    "proteinmpnn_decode_last": ("ProteinMPNN, decoded last", -1),
    "ddgun3d": ("DDGun3D", -1),
    "proteinmpnn": ("ProteinMPNN", -1),
    "esm_if": ("ESM-IF", -1),
}
"""Column to name, and the sign with which a high value is destabilising."""


def reference_scores(
    table: pd.DataFrame, scorers: Scorers, structures: Path, model: Path
) -> dict[str, Array]:
    """Return the scores of the environment network with every reference state that was tried."""
    card, network = load_folder(model)
    if not isinstance(network, EnvironmentNet):
        raise SystemExit(f"{model} does not predict environments")
    states = references(EnvironmentPredictor(card, network, torch.device("cpu")), network)
    scores = {name: np.full(len(table), np.nan) for name in states}
    for file, rows in table.groupby("file"):
        structure = read_structure(structures / str(file))
        predictor = scorers.predictors[ENVIRONMENT]
        residues, _ = predictor.predict_residues(structure, structure.is_protein)
        matrices = {name: score_matrix(residues, state) for name, state in states.items()}
        for index, row in rows.iterrows():
            found = find_residue(residues, row)
            if found is not None:
                mutant = AMINO_ACID_INDEX[THREE_LETTER[row["mutant"]]]
                for name, matrix in matrices.items():
                    scores[name][index] = matrix[found, mutant]
    return scores


def choose_by_halves(
    scores: dict[str, NDArray[np.float64]],
    changes: NDArray[np.float64],
    proteins: NDArray[np.int64],
) -> dict[str, Any]:
    """Return the value of the choice of reference on proteins not used for it.

    The proteins are halved 200 times at random; the state with the best Spearman on one half
    is measured on the other.
    """
    rng = np.random.default_rng(0)
    members = np.unique(proteins)
    chosen: list[str] = []
    held_out: list[float] = []
    for _ in range(200):
        half = np.isin(proteins, rng.permutation(members)[: len(members) // 2])
        ours, others = half.astype(float), (~half).astype(float)
        best = max(scores, key=lambda name: spearman(scores[name], changes, ours))
        chosen.append(best)
        held_out.append(spearman(scores[best], changes, others))
    times = {name: chosen.count(name) for name in scores}
    return {"halvings": len(chosen), "chosen": times, "held_out_spearman": float(np.mean(held_out))}


def draw(
    table: pd.DataFrame, scores: NDArray[np.float64], metrics: dict[str, Any], to: Path
) -> None:
    """Draw scores against measured changes, and the rank correlations of all programs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    there = np.isfinite(scores)
    picture = left.hexbin(scores[there], table["ddg"][there], gridsize=45, bins="log", mincnt=1)
    figure.colorbar(picture, ax=left, label="mutations")
    left.axhline(0, color="0.7", linewidth=0.8)
    left.axvline(0, color="0.7", linewidth=0.8)
    left.set(xlabel="score (positive = predicted destabilising)", ylabel="measured ΔΔG, kcal/mol")
    left.set_title(
        f"S2648: {metrics['n']:,} mutations, Spearman {metrics['spearman']:.3f}\n{metrics['model']}"
    )
    rows = {"protvox": metrics}
    rows |= {PEERS[name][0]: values for name, values in metrics["peers"].items()}
    ranked = sorted(rows, key=lambda name: rows[name]["spearman"])
    for row, name in enumerate(ranked):
        value, (low, high) = rows[name]["spearman"], rows[name]["intervals"]["spearman"]
        colour = "tab:orange" if rows[name] is metrics else "tab:blue"
        error = [[value - low], [high - value]]
        right.barh(row, value, xerr=error, color=colour, capsize=3)
    right.set_yticks(range(len(ranked)), ranked)
    right.set(xlabel="Spearman, 95 % interval over proteins", xlim=(0, 0.75))
    figure.savefig(to, dpi=150)
    plt.close(figure)


def zero(scores: Array, changes: Array) -> dict[str, Any]:
    """Return how well positive scores separate destabilising from stabilising mutations.

    Mutations without a measured change do not count.
    """
    there = np.isfinite(scores) & (changes != 0)
    positive, destabilising = scores[there] > 0, changes[there] > 0
    right = [float(positive[destabilising].mean()), float((~positive)[~destabilising].mean())]
    return {
        "n": int(there.sum()),
        "destabilising": float(destabilising.mean()),
        "positive": float(positive.mean()),
        "right_of_destabilising": right[0],
        "right_of_stabilising": right[1],
        "balanced_accuracy": float(np.mean(right)),
    }


def measure(
    table: pd.DataFrame, scorers: Scorers, structures: Path
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Score a table and measure both networks and each alone.

    Returns
    -------
    scores : dict
        ``"both"``, ``"environment"`` and ``"backbone"`` to ``mutation`` float64.
    measures : dict
        The measures of both, and under ``networks`` those of each with the gain of both over it.
    """
    scores, unscored = score_rows(table, scorers, structures)
    changes = table["ddg"].to_numpy(dtype=float)
    proteins = np.unique(table["protein"], return_inverse=True)[1]
    both = scores[BOTH]
    there = np.isfinite(both)
    gains = Scored(changes[there], proteins[there], {n: s[there] for n, s in scores.items()})
    return scores, {
        "unscored": unscored,
        **summarise(both, changes, proteins),
        "within_interval": interval_of_mean(gains.within(BOTH)),
        "zero": zero(both, changes),
        "networks": {
            name: {
                **summarise(scores[name], changes, proteins),
                "within_interval": interval_of_mean(gains.within(name)),
                "zero": zero(scores[name], changes),
                "both_minus_this": gain(gains, BOTH, name),
            }
            for name in (ENVIRONMENT, BACKBONE)
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=Path("models/environment"))
    parser.add_argument("--backbone", type=Path, default=Path("models/backbone"))
    parser.add_argument("--data", type=Path, required=True, help="folder of ddg/ and stability/")
    parser.add_argument(
        "--structures",
        type=Path,
        required=True,
        help="folder that holds ddg/ and stability/structures/",
    )
    parser.add_argument("--cache", type=Path, help="folder for the environment predictions")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--output", type=Path, required=True, help="metrics.json")
    options = parser.parse_args()
    scorers = load_networks(options.environment, options.backbone, options.cache, options.device)
    table = pd.read_csv(
        options.data / "ddg" / "s2648.csv",
        keep_default_na=False,
        na_values={c: [""] for c in PEERS},
    ).rename(columns={"pdb": "protein", "position": "number"})
    scores, measures = measure(table, scorers, options.structures)
    shipped = scores[BOTH]
    changes = table["ddg"].to_numpy(dtype=float)
    proteins = np.unique(table["protein"], return_inverse=True)[1]
    peers = {name: sign * table[name].to_numpy(dtype=float) for name, (_, sign) in PEERS.items()}
    states = reference_scores(table, scorers, options.structures, options.environment)
    known = np.isfinite(shipped)
    metrics: dict[str, Any] = {
        "schema": SCHEMA,
        "data": "S2648",
        **describe_models(scorers),
        "reference": SHIPPED,
        **measures,
        "peers": {
            name: {
                **summarise(values, changes, proteins),
                "model_minus_peer": difference(shipped, values, changes, proteins),
            }
            for name, values in peers.items()
        },
        "references": {
            name: summarise(values, changes, proteins) for name, values in states.items()
        },
        "choice_of_reference": choose_by_halves(
            {name: values[known] for name, values in states.items()},
            changes[known],
            proteins[known],
        ),
        "tables": {},
    }
    for name in ("Megascale", "S8754"):
        other = TABLES[name](options.data)
        there = [(options.structures / file).exists() for file in other["file"]]
        other = other[there].reset_index(drop=True)
        metrics["tables"][name] = measure(other, scorers, options.structures)[1]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    draw(table, shipped, metrics, options.output.with_name("ddg.png"))
    for name, part in {"S2648": metrics, **metrics["tables"]}.items():
        print(f"{name}: {part['n']} mutations of {part['n_proteins']} proteins")
        _print("both", part)
        for network, row in part["networks"].items():
            _print(network, row)
    for part in ("references", "peers"):
        for name, row in metrics[part].items():
            _print(name, row)


def _print(name: str, row: dict[str, Any]) -> None:
    low, high = row["intervals"]["spearman"]
    within = row["per_protein_spearman"]["mean"]
    print(
        f"  {name:25} n {row['n']}  Spearman {row['spearman']:.4f} ({low:.3f} to {high:.3f})  "
        f"within {within:.4f}  Pearson {row['pearson']:.3f}  AUC {row['auc']:.3f}"
    )


if __name__ == "__main__":
    main()
