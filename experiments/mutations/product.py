"""Scores of measured mutations as `protvox mutations` computes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.predict.mutations.networks import BACKBONE, ENVIRONMENT, Scorers
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import Outcome, ProgressBar, Request, ResiduePredictor, no_progress
from protvox.registry.installed import load_folder
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Dropped, Structure
from protvox.tasks.backbone.predictor import BackbonePredictor
from protvox.tasks.environment.predictor import EnvironmentPredictor

BOTH: Final = "both"
NAMES: Final = (BOTH, ENVIRONMENT, BACKBONE)

_COLUMNS: Final = ("chain", "number", "insertion_code", "wild_type", "probabilities")


class Remembered(ResiduePredictor):
    """A predictor that keeps the residues of whole structures in files, by model and content.

    Parameters
    ----------
    predictor
        Predicts what is not known yet.
    cache
        Folder of the files.
    """

    def __init__(self, predictor: ResiduePredictor, cache: Path) -> None:
        self.card = predictor.card
        self._predictor = predictor
        self._folder = cache / predictor.card.sha256[:16]
        self._folder.mkdir(parents=True, exist_ok=True)

    def predict(self, request: Request) -> Outcome:
        """Predict without the files."""
        return self._predictor.predict(request)

    def embed(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], tuple[Dropped, ...]]:
        """Embed without the files."""
        return self._predictor.embed(structure, residues, progress, disorder=disorder)

    def predict_mutants(
        self,
        structure: Structure,
        variants: Sequence[Mapping[int, str]],
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> list[NDArray[np.float32]]:
        """Predict mutated residues without the files."""
        return self._predictor.predict_mutants(structure, variants, disorder=disorder)

    def predict_residues(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        domain: NDArray[np.str_] | None = None,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Return what is known of a whole structure, or predict it."""
        path = self._folder / f"{structure.sha256}.npz"
        whole = bool((residues == structure.is_protein).all())
        if whole and path.exists():
            with np.load(path) as arrays:
                return ResidueTable(**{name: arrays[name] for name in _COLUMNS}), ()
        table, dropped = self._predictor.predict_residues(
            structure, residues, progress, domain=domain, disorder=disorder
        )
        if whole:
            np.savez(path, **{name: getattr(table, name) for name in _COLUMNS})
        return table, dropped


def load_networks(environment: Path, backbone: Path, cache: Path | None, device: str) -> Scorers:
    """Load two model folders as `protvox mutations` uses the released ones.

    Parameters
    ----------
    environment, backbone
        Folders of the models.
    cache
        Folder for the predictions of the environment network; None for none.
    device
        Where to compute.
    """
    where = torch.device(device)
    card, network = load_folder(environment)
    other, second = load_folder(backbone)
    if (card.task, other.task) != (ENVIRONMENT, BACKBONE) or other.mixture is None:
        raise SystemExit(f"{environment} and {backbone} are not the two models of mutations")
    first: ResiduePredictor = EnvironmentPredictor(card, network, where)  # type: ignore[arg-type]
    predictors: dict[str, ResiduePredictor] = {
        ENVIRONMENT: first if cache is None else Remembered(first, cache),
        BACKBONE: BackbonePredictor(other, second, where),  # type: ignore[arg-type]
    }
    return Scorers(predictors, other.mixture)


def scan(
    scorers: Scorers, files: list[str], structures: Path
) -> Iterator[tuple[str, ResidueTable, dict[str, NDArray[np.float64]]]]:
    """Yield file, residues and the scores of every substitution, for both and each network.

    Parameters
    ----------
    scorers
        The networks.
    files
        Paths below ``structures``.
    structures
        Folder of the structures.
    """
    for file in files:
        structure = read_structure(structures / file)
        residues, _, parts = scorers.predict(structure, structure.is_protein)
        yield file, residues, {BOTH: scorers.combine(parts, residues), **parts}


def score_rows(
    table: pd.DataFrame, scorers: Scorers, structures: Path
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Score every row of a table; NaN where a row has no residue.

    Parameters
    ----------
    table
        In the form of `experiments.mutations.tables.COLUMNS`.
    scorers
        The networks.
    structures
        Folder that the column ``file`` counts from.

    Returns
    -------
    scores : dict
        ``"both"``, ``"environment"`` and ``"backbone"`` to ``mutation`` float64.
    unscored : list of str
        Mutations without a residue.
    """
    scores = {name: np.full(len(table), np.nan) for name in NAMES}
    unscored: list[str] = []
    rows_of = dict(table.reset_index(drop=True).groupby("file").groups.items())
    for file, residues, matrices in scan(scorers, [str(file) for file in rows_of], structures):
        for index in rows_of[file]:
            row: Any = table.iloc[index]
            found = find_residue(residues, row)
            if found is None:
                unscored.append(f"{row['protein']} {row['wild_type']}{row['number']}")
                continue
            for name, matrix in matrices.items():
                mutant = AMINO_ACID_INDEX[THREE_LETTER[row["mutant"]]]
                scores[name][index] = matrix[found, mutant]
    return scores, unscored


def find_residue(residues: ResidueTable, row: Any) -> int | None:
    """Return the residue of a measured mutation; None where there is none or more than one.

    A chain that the file has not got leaves the number and the wild type to decide. The tables
    have no insertion codes: none comes first, and in 1lve the wild type decides.
    """
    fits = residues.number == row["number"]
    fits &= residues.wild_type == THREE_LETTER[row["wild_type"]]
    named = bool((residues.chain == row["chain"]).any())
    if named:
        fits &= residues.chain == row["chain"]
    plain = fits & (residues.insertion_code == "")
    found = np.flatnonzero(plain if plain.any() else fits)
    if len(found) == 1 or (len(found) and not named):
        return int(found[0])
    return None


def describe_models(scorers: Scorers) -> dict[str, Any]:
    """Return which models scored, for the record."""
    cards = {task: predictor.card for task, predictor in scorers.predictors.items()}
    return {
        "model": ", ".join(card.reference for card in cards.values()),
        "models": {task: card.reference for task, card in cards.items()},
        "sha256": {task: card.sha256 for task, card in cards.items()},
        "mixture": dataclasses.asdict(scorers.mixture) if scorers.mixture else None,
    }
