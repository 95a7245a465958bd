"""Measure how the environment model ranks mutations, zero-shot, on S2648.

Example: ``python -m experiments.mutations.evaluate --model models/environment
--table data/ddg/s2648.csv --structures data -o experiments/mutations/results/metrics.json``
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

from experiments.mutations.measures import difference, spearman, summarise
from experiments.mutations.references import SHIPPED, references
from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.predict.mutations.scores import score_matrix
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


def score_rows(
    table: pd.DataFrame, structures: Path, model: Path, device: str
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Score every row with every reference state; NaN where a row has no residue."""
    card, network = load_folder(model)
    if card.task != "environment":
        raise SystemExit(f"{model} does not predict environments")
    predictor = EnvironmentPredictor(card, network, torch.device(device))
    states = references(predictor, network)
    scores = {name: np.full(len(table), np.nan) for name in states}
    unscored: list[str] = []
    for file, rows in table.groupby("file"):
        structure = read_structure(structures / str(file))
        wanted = structure.is_protein & np.isin(structure.number, rows["position"])
        residues, _ = predictor.predict_residues(structure, wanted)
        matrices = {name: score_matrix(residues, state) for name, state in states.items()}
        for index, row in rows.iterrows():
            here = (residues.chain == row["chain"]) & (residues.number == row["position"])
            here &= residues.wild_type == THREE_LETTER[row["wild_type"]]
            # The table has no insertion codes: in 1lve the wild type decides.
            plain = here & (residues.insertion_code == "")
            found = np.flatnonzero(plain if plain.any() else here)
            if len(found) != 1:
                unscored.append(f"{row['pdb']} {row['wild_type']}{row['position']}{row['mutant']}")
                continue
            mutant = AMINO_ACID_INDEX[THREE_LETTER[row["mutant"]]]
            for name, matrix in matrices.items():
                scores[name][index] = matrix[found[0], mutant]
    return scores, {"model": card.reference, "sha256": card.sha256, "unscored": unscored}


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
        f"{metrics['model']} on S2648: {metrics['n']:,} mutations, "
        f"Spearman {metrics['spearman']:.3f}"
    )
    rows = {f"{metrics['model']}": metrics}
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--table", type=Path, required=True, help="s2648.csv")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder of the column `file`"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--output", type=Path, required=True, help="metrics.json")
    options = parser.parse_args()
    table = pd.read_csv(options.table, keep_default_na=False, na_values={c: [""] for c in PEERS})
    scores, facts = score_rows(table, options.structures, options.model, options.device)
    changes = table["ddg"].to_numpy(dtype=float)
    proteins = np.unique(table["pdb"], return_inverse=True)[1]
    peers = {name: sign * table[name].to_numpy(dtype=float) for name, (_, sign) in PEERS.items()}
    shipped = scores[SHIPPED]
    metrics: dict[str, Any] = {
        "schema": SCHEMA,
        "data": "S2648",
        **facts,
        "reference": SHIPPED,
        **summarise(shipped, changes, proteins),
        "peers": {
            name: {
                **summarise(values, changes, proteins),
                "model_minus_peer": difference(shipped, values, changes, proteins),
            }
            for name, values in peers.items()
        },
        "references": {
            name: summarise(values, changes, proteins) for name, values in scores.items()
        },
        "choice_of_reference": choose_by_halves(
            {name: values[np.isfinite(shipped)] for name, values in scores.items()},
            changes[np.isfinite(shipped)],
            proteins[np.isfinite(shipped)],
        ),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    draw(table, shipped, metrics, options.output.with_name("ddg.png"))
    shown = {k: v for k, v in metrics.items() if k not in ("peers", "references")}
    print(json.dumps(shown, indent=1))
    for part in ("references", "peers"):
        for name, row in metrics[part].items():
            low, high = row["intervals"]["spearman"]
            print(
                f"{name:25} n {row['n']}  Spearman {row['spearman']:.3f} ({low:.3f} to "
                f"{high:.3f})  Pearson {row['pearson']:.3f}  AUC {row['auc']:.3f}"
            )


if __name__ == "__main__":
    main()
