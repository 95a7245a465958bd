"""Make the released backbone model from a checkpoint.

On the validation residues the temperature is fitted
and the model is measured; on the structures of the validation chains its scores of mutations are
brought to the spread of those of the environment network. Nothing is fitted to measured changes
of stability.

Example: ``python -m experiments.mutations.backbone.release --checkpoint
runs/backbone/annealed.safetensors --train runs/backbone/train.safetensors
--validation runs/backbone/val.safetensors --table data/chains.csv --structures data
-o models/backbone``
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import safe_open

import protvox
from experiments.mutations.backbone.features import load_residues
from experiments.mutations.backbone.train import labels_of, load_network, logits_of, trained
from protvox.chemistry import AMINO_ACIDS
from protvox.networks.backbone.network import BackboneNet
from protvox.networks.backbone.residues import Residues
from protvox.predict.mutations.networks import (
    BACKBONE,
    ENVIRONMENT,
    score_matrix,
    solvent_log_probabilities,
)
from protvox.predict.mutations.scores import substitutions
from protvox.predict.task import ResiduePredictor, prediction_task
from protvox.registry.card import Card, Mixture, read_card, write_card
from protvox.registry.installed import load_folder
from protvox.registry.weights import save_weights
from protvox.train.answers import Answers
from protvox.train.calibrate import fit_temperature
from protvox.train.evaluate import measure
from protvox.train.model_card import write_model_card
from protvox.train.release import record
from protvox.train.run import choose_rows
from protvox.train.words import CardWords, read_words

WEIGHTS_FILE: Final = "model.safetensors"
EVERY: Final = 20
"""The spreads are compared on every twentieth of the validation entries."""

SAMPLE: Final = 10_000
"""Validation residues, drawn at random, for the temperature and the measures."""


def write_model(
    network: BackboneNet, words: CardWords, facts: dict[str, Any], folder: Path
) -> None:
    """Write weights and card of a network, without temperature and scale."""
    folder.mkdir(parents=True, exist_ok=True)
    card = Card(
        name=BACKBONE,
        version=words.version,
        task=BACKBONE,
        summary=words.summary,
        architecture=dataclasses.asdict(network.config),
        weights=WEIGHTS_FILE,
        sha256=save_weights(network, folder / WEIGHTS_FILE),
        training={
            **words.training,
            "cost": f"{facts['samples']:,} residues in {facts['seconds'] / 3600:.1f} hours on one "
            "core shared with other programs",
            "steps": facts["step"],
            "loop": {name: value for name, value in facts["config"].items() if name != "network"},
            "n_structures": facts["n_structures"],
            "n_labelled": facts["n_labelled"],
            "n_parameters": sum(p.numel() for p in network.parameters()),
        },
    )
    write_card(card, folder)


def calibrate(folder: Path, validation: Residues) -> None:
    """Fit the temperature of a model folder and write its measures on the validation residues."""
    card, network = load_folder(folder)
    if not isinstance(network, BackboneNet):
        raise SystemExit(f"{folder} does not hold a backbone network")
    rows = choose_rows(validation.centre, SAMPLE, 0).astype(np.int64)
    chosen = np.flatnonzero(np.isin(validation.centre, rows))
    logits, labels = logits_of(network, validation, chosen), labels_of(validation, chosen)
    card = dataclasses.replace(card, temperature=fit_temperature(logits, labels))
    write_card(card, folder)
    answers = Answers(
        logits=logits,
        labels=labels,
        groups=validation.chain[validation.centre[chosen]].astype(np.int64),
        classes=AMINO_ACIDS,
        rows=validation.centre[chosen].astype(np.int64),
    )
    measures = {**measure(answers, card), "sample": SAMPLE, "seed": 0}
    record(folder, "validation", measures)


def spread(predictor: ResiduePredictor, table: pd.DataFrame, structures: Path) -> tuple[float, int]:
    """Return the standard deviation of the scores of all substitutions, and their number.

    Parameters
    ----------
    predictor
        The network.
    table
        Chains, as in ``chains.csv``.
    structures
        Folder that its column ``file`` counts from.
    """
    background = solvent_log_probabilities(predictor)
    scores: list[NDArray[np.float64]] = []
    for file, chains in table.groupby("file"):
        structure = protvox.read_structure(structures / str(file))
        residues, _ = predictor.predict_residues(
            structure, np.isin(structure.chain, chains["chain"])
        )
        scores.append(score_matrix(residues, background)[substitutions(residues)])
    joined = np.concatenate(scores)
    return float(joined.std()), len(joined)


def n_centres(path: Path) -> int:
    """Return the number of residues to predict in a file of `features`."""
    with safe_open(path, framework="numpy") as file:
        return int(file.get_slice("centre").get_shape()[0])


def load(folder: Path) -> ResiduePredictor:
    card, network = load_folder(folder)
    device = torch.device("cpu")
    found = prediction_task(card.task).predictor(card, network, device, folder)
    if not isinstance(found, ResiduePredictor):
        raise SystemExit(f"{folder} does not predict residues")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True, help="training residues")
    parser.add_argument("--validation", type=Path, required=True, help="validation residues")
    parser.add_argument("--table", type=Path, required=True, help="chains.csv")
    parser.add_argument("--structures", type=Path, required=True, help="folder of its files")
    parser.add_argument("--environment", type=Path, default=Path("models/environment"))
    parser.add_argument("--card", type=Path, default=Path(__file__).with_name("card.toml"))
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder")
    options = parser.parse_args()
    words = read_words(options.card)
    chains = pd.read_csv(options.table, keep_default_na=False)
    chains = chains[chains["representative"] == 1]
    train, val = (chains[chains["split"] == split] for split in ("train", "val"))
    facts = {
        **trained(options.checkpoint),
        "n_structures": train["file"].nunique(),
        "n_labelled": n_centres(options.train),
    }
    write_model(load_network(options.checkpoint), words, facts, options.output)
    calibrate(options.output, load_residues(options.validation))
    files = sorted(val["file"].unique())[::EVERY]
    val = val[val["file"].isin(files)]
    widths = {
        name: spread(load(folder), val, options.structures)
        for name, folder in ((ENVIRONMENT, options.environment), (BACKBONE, options.output))
    }
    (environment, n), (backbone, _) = widths[ENVIRONMENT], widths[BACKBONE]
    card = read_card(options.output)
    mixture = Mixture(**words.options["mixture"], scale=environment / backbone)
    write_card(dataclasses.replace(card, mixture=mixture), options.output)
    write_model_card(read_card(options.output), options.output)
    print(f"standard deviations over {n:,} substitutions: {environment:.3f}, {backbone:.3f} nats")
    print((options.output / "MODEL_CARD.md").read_text())


if __name__ == "__main__":
    main()
