"""Measure the backbone network beside the environment network, and mixtures of both.

Nothing is fitted to measured changes. What is chosen (reference state, scale, weight) is chosen
on halves of the proteins and measured on the other halves, then stated once for all.

Example: ``python -m experiments.mutations.backbone.evaluate --network
runs/backbone/first/checkpoint.safetensors --model models/environment --data data --structures
data -o experiments/mutations/results/backbone.json``
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from experiments.mutations.backbone.answers import (
    Answers,
    Reader,
    backbone_answers,
    environment_answers,
    exposed_reference,
)
from experiments.mutations.backbone.features import load_residues
from experiments.mutations.backbone.train import check, load_network, trained
from experiments.mutations.measures import (
    LEAST_MUTATIONS,
    Array,
    difference,
    per_protein,
    spearman,
    summarise,
)
from experiments.mutations.tables import TABLES
from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.networks.backbone.network import BackboneNet
from protvox.predict.mutations.background import exposed_log_probabilities

WEIGHTS: Final = (0.0, 0.2, 0.3, 0.4, 0.5, 0.7)
"""Share of the backbone network in a mixture."""

SCALES: Final = ("fixed", "protein")
"""What each reader's score is divided by before mixing: its standard deviation over all
substitutions of all residues of the table's structures, or of the protein at hand alone."""

LEVELS: Final = (0.0, 0.5)
"""Share of a protein's mean score, over all its substitutions, that is taken away from a mixture:
a network is surer of all residues of some proteins than of all of others."""

HALVINGS: Final = 50
REPEATS: Final = 1000


@dataclass(frozen=True)
class Scored:
    """A table and what both readers say of its mutations.

    Attributes
    ----------
    changes
        ``mutation``, kcal/mol, positive = destabilising.
    proteins
        ``mutation`` int64.
    scores
        By name, ``mutation``, higher = more destabilising.
    """

    changes: Array
    proteins: NDArray[np.int64]
    scores: dict[str, Array]

    def overall(self, name: str, rows: NDArray[np.bool_] | slice = slice(None)) -> float:
        """Return the rank correlation over all mutations, or some."""
        scores, changes = self.scores[name][rows], self.changes[rows]
        return spearman(scores, changes, np.ones(len(changes)))

    def within(self, name: str) -> Array:
        """Return the rank correlation within each protein of `large`."""
        return per_protein(self.scores[name], self.changes, self.proteins)

    @property
    def large(self) -> NDArray[np.int64]:
        """Proteins with enough mutations for a correlation of their own."""
        proteins, counts = np.unique(self.proteins, return_counts=True)
        return proteins[counts >= LEAST_MUTATIONS]


def score_table(
    table: pd.DataFrame,
    answers: Answers,
    backbone: NDArray[np.float32],
    references: dict[str, Array],
    solvent: Array,
) -> Scored:
    """Score the mutations of a table by each reader and every mixture.

    Parameters
    ----------
    table
        In the form of `tables.COLUMNS`.
    answers
        The environment network's.
    backbone
        ``residue 20``, the backbone network's, nats.
    references
        ``20`` each, log probabilities to take away from the backbone network's: none, its own at
        residues in solvent, or those of the environment network.
    solvent
        ``20``, the same of the environment network.
    """
    rows = answers.rows(table)
    there = (rows >= 0) & np.isfinite(answers.environment[rows]).all(axis=1)
    table, rows = table[there], rows[there]
    mutants = np.array([AMINO_ACID_INDEX[THREE_LETTER[one]] for one in table["mutant"]])
    readers = {"environment": _matrix(answers.environment, answers.wild_type, solvent)}
    for name, reference in references.items():
        readers[f"backbone, {name}"] = _matrix(backbone, answers.wild_type, reference)
    scores = {name: matrix[rows, mutants] for name, matrix in readers.items()}
    for name in references:
        for scale in SCALES:
            both = [
                matrix / _spread(matrix, answers, scale)[:, None]
                for matrix in (readers["environment"], readers[f"backbone, {name}"])
            ]
            for weight in WEIGHTS:
                mixture = (1 - weight) * both[0] + weight * both[1]
                mean = _means(mixture, answers)
                for level in LEVELS:
                    values = (mixture - level * mean[:, None])[rows, mutants]
                    scores[f"{name}, {scale}, {weight}, {level}"] = values
    proteins = np.unique(table["protein"], return_inverse=True)[1]
    return Scored(table["ddg"].to_numpy(dtype=float), proteins, scores)


def choose_by_halves(scored: Scored, names: list[str], measure: str) -> dict[str, Any]:
    """Return which score is best on random halves of the proteins, and its worth on the others.

    Parameters
    ----------
    scored
        A table.
    names
        Scores to choose from.
    measure
        ``"overall"`` or ``"within"``: over all mutations, or the mean within a protein.
    """
    own = {name: scored.within(name) for name in names}

    def worth(name: str, half: NDArray[np.int64]) -> float:
        if measure == "within":
            return float(own[name][np.isin(scored.large, half)].mean())
        return scored.overall(name, np.isin(scored.proteins, half))

    rng = np.random.default_rng(0)
    members = np.unique(scored.proteins)
    chosen: list[str] = []
    held_out: list[float] = []
    for _ in range(HALVINGS):
        first, second = np.array_split(rng.permutation(members), 2)
        chosen.append(max(names, key=lambda name, half=first: worth(name, half)))
        held_out.append(worth(chosen[-1], second))
    times = {name: chosen.count(name) for name in sorted(set(chosen), key=chosen.count)[::-1]}
    return {
        "measure": measure,
        "halvings": HALVINGS,
        "held_out": float(np.mean(held_out)),
        "chosen": times,
    }


def state(scored: Scored, name: str) -> dict[str, Any]:
    """Return all measures of one score, with intervals and its gain over the environment's.

    Parameters
    ----------
    scored
        A table.
    name
        Of the score.
    """
    return {
        **summarise(scored.scores[name], scored.changes, scored.proteins),
        "within_interval": interval_of_mean(scored.within(name)),
        "minus_environment": gain(scored, name, "environment"),
    }


def gain(scored: Scored, name: str, other: str) -> dict[str, Any]:
    """Return by how much one score is better than another, paired by protein.

    Parameters
    ----------
    scored
        A table.
    name, other
        Of the scores.
    """
    own, others = scored.within(name), scored.within(other)
    return {
        "overall": difference(
            scored.scores[name], scored.scores[other], scored.changes, scored.proteins
        ),
        "within": {
            "mean": float((own - others).mean()),
            "interval": interval_of_mean(own - others),
            "ahead": int((own > others).sum()),
            "n_proteins": len(own),
        },
    }


def _matrix(logs: NDArray[np.float32], wild: NDArray[np.int64], reference: Array) -> Array:
    """Return the score of every substitution, ``residue 20``, nats."""
    corrected = logs.astype(np.float64) - reference
    return corrected[np.arange(len(wild)), wild][:, None] - corrected


def _spread(matrix: Array, answers: Answers, scale: str) -> Array:
    """Return what the scores of each residue are divided by."""
    other = np.ones(matrix.shape, dtype=np.bool_)
    other[np.arange(len(matrix)), answers.wild_type] = False
    other &= np.isfinite(matrix)
    if scale == "fixed":
        return np.full(len(matrix), matrix[other].std())
    spread = np.empty(len(matrix))
    for path in np.unique(answers.path):
        here = answers.path == path
        spread[here] = matrix[here][other[here]].std()
    return spread


def _means(matrix: Array, answers: Answers) -> Array:
    """Return the mean score of all substitutions of each residue's protein."""
    means = np.empty(len(matrix))
    for path in np.unique(answers.path):
        here = answers.path == path
        means[here] = np.nansum(matrix[here]) / (19 * here.sum())
    return means


def interval_of_mean(values: Array) -> list[float]:
    """Return the 95 % interval of a mean over proteins."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (REPEATS, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return [float(low), float(high)]


def _answers(
    name: str, files: list[str], structures: Path, reader: Reader, cache: Path | None
) -> Answers:
    kept = cache / f"environment-{name}.npz" if cache else None
    if kept and kept.exists():
        return Answers.load(kept)
    answers = environment_answers(reader, files, structures)
    if kept:
        answers.save(kept)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True, help="checkpoint of the training")
    parser.add_argument("--model", type=Path, required=True, help="folder of the environment model")
    parser.add_argument("--data", type=Path, required=True, help="folder of ddg/ and stability/")
    parser.add_argument(
        "--structures",
        type=Path,
        required=True,
        help="folder that holds ddg/ and stability/structures/",
    )
    parser.add_argument("--validation", type=Path, help="validation residues, for the accuracy")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--cache", type=Path, help="folder for the environment model's answers")
    parser.add_argument("--name", help="score to state, as 'own, fixed, 0.3, 0.5'")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    network: BackboneNet = load_network(options.network)
    reader = Reader.load(options.model)
    solvent = exposed_log_probabilities(reader.predictor)
    references = {"none": np.zeros(20), "own": exposed_reference(network), "shared": solvent}
    result: dict[str, Any] = {
        "schema": "protvox.metrics/1",
        "environment": reader.name,
        "backbone": trained(options.network),
    }
    if options.validation:
        validation = load_residues(options.validation)
        result["validation"] = {
            "n": len(validation.centre),
            **check(network, validation, len(validation.centre)),
        }
    for name in options.tables:
        table = TABLES[name](options.data)
        table = table[[(options.structures / file).exists() for file in table["file"]]]
        files = sorted(set(table["file"]))
        answers = _answers(name, files, options.structures, reader, options.cache)
        backbone = backbone_answers(network, files, options.structures)
        scored = score_table(table, answers, backbone, references, solvent)
        result[name] = _measured(scored, options.name)
        result[name]["unscored"] = len(table) - len(scored.changes)
        _print(name, result[name])
        options.output.write_text(json.dumps(result, indent=1) + "\n")


def _measured(scored: Scored, name: str | None) -> dict[str, Any]:
    mixtures = [n for n in scored.scores if n != "environment" and not n.startswith("backbone")]
    grid = {
        n: {"overall": scored.overall(n), "within": float(scored.within(n).mean())}
        for n in scored.scores
    }
    stated = ["environment", "backbone, own", *([name] if name else [])]
    return {
        "n": len(scored.changes),
        "n_proteins": len(np.unique(scored.proteins)),
        "all": grid,
        "chosen_by_halves": [choose_by_halves(scored, mixtures, m) for m in ("overall", "within")],
        "stated": {n: state(scored, n) for n in stated},
    }


def _print(name: str, result: dict[str, Any]) -> None:
    print(f"{name}: {result['n']} mutations of {result['n_proteins']} proteins", flush=True)
    for score, row in result["all"].items():
        print(f"  {score:24} overall {row['overall']:.4f}  within {row['within']:.4f}")
    for choice in result["chosen_by_halves"]:
        best = list(choice["chosen"].items())[:4]
        print(f"  by halves, {choice['measure']}: {choice['held_out']:.4f}, {best}")


if __name__ == "__main__":
    main()
