"""What both readers answer at the residues of the proteins with measured mutations."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

import protvox
from experiments.mutations.backbone.train import log_probabilities
from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.networks.backbone.network import BackboneNet
from protvox.networks.backbone.residues import Residues, kept_rows, residues_of
from protvox.networks.environment import EnvironmentNet
from protvox.predict.mutations.background import REFERENCE, exposed_residues
from protvox.registry.installed import load_folder
from protvox.structure.structure import Structure
from protvox.tasks.environment.predictor import EnvironmentPredictor


@dataclass(frozen=True)
class Answers:
    """Residues of several files and their log probabilities by the environment network.

    Attributes
    ----------
    path
        ``residue``, path below the folder of structures.
    chain, number, insertion_code
        ``residue``, the author's names.
    wild_type
        ``residue`` int64, index of the amino acid present.
    crowd
        ``residue 2`` float32, see `features.Residues`.
    environment
        ``residue 20`` float32, calibrated log probabilities, nats; NaN where there is no answer.
    """

    path: NDArray[np.str_]
    chain: NDArray[np.str_]
    number: NDArray[np.int64]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.int64]
    crowd: NDArray[np.float32]
    environment: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write an npz file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Answers:
        """Read a file written by `save`."""
        with np.load(path) as arrays:
            return cls(**{f.name: arrays[f.name] for f in fields(cls)})

    def rows(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the residue of each mutation, -1 where there is none or more than one.

        Parameters
        ----------
        table
            In the form of `tables.COLUMNS`. A chain that the file has not got leaves the number
            and the wild type to decide; of insertion codes, none comes first.
        """
        found = np.full(len(table), -1, dtype=np.int64)
        for file, mutations in table.groupby("file"):
            here = np.flatnonzero(self.path == file)
            chains = set(self.chain[here].tolist())
            for place, row in zip(
                np.flatnonzero(table["file"] == file), mutations.itertuples(), strict=True
            ):
                kind = AMINO_ACID_INDEX[THREE_LETTER[row.wild_type]]
                fits = (self.number[here] == row.number) & (self.wild_type[here] == kind)
                if row.chain in chains:
                    fits &= self.chain[here] == row.chain
                plain = fits & (self.insertion_code[here] == "")
                candidates = here[plain if plain.any() else fits]
                if len(candidates) == 1 or (len(candidates) and row.chain not in chains):
                    found[place] = candidates[0]
        return found


@dataclass(frozen=True)
class Reader:
    """The released environment network, as the mutation scores use it.

    Attributes
    ----------
    predictor
        The network.
    name
        Name and version.
    """

    predictor: EnvironmentPredictor
    name: str

    @classmethod
    def load(cls, model: Path) -> Reader:
        """Load a model folder."""
        card, network = load_folder(model)
        if not isinstance(network, EnvironmentNet):
            raise SystemExit(f"{model} does not predict environments")
        predictor = EnvironmentPredictor(card, network, torch.device("cpu"))
        return cls(predictor, card.reference)


def environment_answers(reader: Reader, files: list[str], structures: Path) -> Answers:
    """Return the environment network's answers at every residue of some files.

    Parameters
    ----------
    reader
        The network.
    files
        Paths below ``structures``.
    structures
        Folder of the structures.
    """
    parts: list[Answers] = []
    for file in files:
        structure = protvox.read_structure(structures / file)
        residues = residues_of(structure)
        rows = kept_rows(structure)[residues.centre]
        wanted = np.zeros(structure.n_residues, dtype=np.bool_)
        wanted[rows] = True
        table, _ = reader.predictor.predict_residues(structure, wanted)
        keys = _keys(table.chain, table.number, table.insertion_code)
        row_of = {key: i for i, key in enumerate(keys)}
        logs = np.log(np.clip(table.probabilities, 1e-12, None))
        own = _keys(structure.chain[rows], structure.number[rows], structure.insertion_code[rows])
        environment = np.full((len(rows), 20), np.nan, dtype=np.float32)
        for i, key in enumerate(own):
            if key in row_of:
                environment[i] = logs[row_of[key]]
        parts.append(
            Answers(
                np.full(len(rows), file),
                structure.chain[rows],
                structure.number[rows].astype(np.int64),
                structure.insertion_code[rows],
                residues.kind[residues.centre].astype(np.int64),
                residues.crowding[residues.centre],
                environment,
            )
        )
    return Answers(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Answers)))


def backbone_answers(
    network: BackboneNet, files: list[str], structures: Path
) -> NDArray[np.float32]:
    """Return the backbone network's log probabilities on the rows of `environment_answers`.

    Parameters
    ----------
    network
        With weights.
    files
        As given to `environment_answers`.
    structures
        Folder of the structures.

    Returns
    -------
    ndarray
        ``residue 20`` float32, nats.
    """
    parts = [residues_of(protvox.read_structure(structures / file)) for file in files]
    return log_probabilities(network, Residues.join(parts))


def exposed_reference(network: BackboneNet) -> NDArray[np.float64]:
    """Return the backbone network's mean log probabilities at residues in solvent, ``20``.

    Parameters
    ----------
    network
        With weights.
    """
    structure = protvox.read_structure(REFERENCE)
    return log_probabilities(network, _exposed(structure)).mean(axis=0, dtype=np.float64)


def _exposed(structure: Structure) -> Residues:
    return residues_of(structure, exposed_residues(structure))


def _keys(
    chain: NDArray[np.str_], number: NDArray[np.int32], code: NDArray[np.str_]
) -> list[tuple[str, int, str]]:
    return list(zip(chain.tolist(), number.tolist(), code.tolist(), strict=True))
