"""Amino-acid probabilities of every residue from its environment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.chemistry import AMINO_ACIDS
from protvox.networks.environment import EnvironmentNet
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import Outcome, ProgressBar, Request, ResiduePredictor, no_progress
from protvox.predict.warnings import side_chain_warning
from protvox.registry.card import Card
from protvox.structure.structure import Dropped, Structure
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import ResidueFrames, residue_frames

BATCH_SIZE = 128
"""Residues computed together; more costs memory and gains nothing on a CPU."""


class EnvironmentPredictor(ResiduePredictor):
    """An environment network that is ready to predict.

    Parameters
    ----------
    card
        Card of the model.
    network
        Its network with exported weights, see `protvox.registry.installed.load`.
    device
        Where to compute.
    """

    def __init__(self, card: Card, network: EnvironmentNet, device: torch.device) -> None:
        self.card = card
        self.config = network.config
        self.device = device
        self._network = network.to(device)

    def predict(self, request: Request) -> Outcome:
        """Predict the requested residues; see `protvox.predict.task.Predictor.predict`."""
        structure, residues = request.structure, request.residues
        table, dropped = self.predict_residues(
            structure, residues, request.progress, domain=request.membership()
        )
        warnings: list[str] = []
        if dropped:
            warnings.append(
                f"{len(dropped)} of {int(residues.sum())} residues have no environment "
                f"prediction, the first is {dropped[0].where}; see input.dropped."
            )
        if len(table):
            # The environments are what the model reads, so the whole structure counts.
            warning = side_chain_warning(structure, structure.is_protein, "Environments")
            warnings += [warning] if warning else []
        return Outcome(residues=table, dropped=dropped, warnings=tuple(warnings))

    def predict_residues(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        domain: NDArray[np.str_] | None = None,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Predict residues; see `protvox.predict.task.ResiduePredictor.predict_residues`."""
        rows, dropped, parts = self._run(structure, residues, progress, self._probabilities)
        table = ResidueTable(
            chain=structure.chain[rows],
            number=structure.number[rows],
            insertion_code=structure.insertion_code[rows],
            wild_type=structure.parent[rows],
            probabilities=_joined(parts, len(AMINO_ACIDS)),
            domain=np.empty(0, dtype="<U1") if domain is None else domain[rows],
        )
        return table, dropped

    def embed(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], tuple[Dropped, ...]]:
        """Return features; see `protvox.predict.task.ResiduePredictor.embed`."""
        rows, dropped, parts = self._run(structure, residues, progress, self._network.embed)
        return rows, _joined(parts, 0), dropped

    def _run(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar,
        read_out: Callable[[Tensor], Tensor],
    ) -> tuple[NDArray[np.int64], tuple[Dropped, ...], list[NDArray[np.float32]]]:
        frames = residue_frames(structure.backbone(), self.config.cb_offset)
        requested = residues & structure.is_protein
        standard = np.isin(structure.parent, AMINO_ACIDS)
        rows = np.flatnonzero(requested & standard & frames.valid)
        dropped = _dropped(structure, requested & standard & ~frames.valid, "N, CA or C is missing")
        dropped += _dropped(structure, requested & ~standard, "it is not one of the 20 amino acids")
        parts = []
        progress(0, len(rows))
        for start in range(0, len(rows), BATCH_SIZE):
            chunk = rows[start : start + BATCH_SIZE]
            moments = self._moments(structure, frames, chunk)
            with torch.inference_mode():
                parts.append(read_out(moments).float().cpu().numpy())
            progress(start + len(chunk), len(rows))
        return rows, tuple(dropped), parts

    def _probabilities(self, moments: Tensor) -> Tensor:
        logits: Tensor = self._network(moments)
        return (logits.float() / self.card.temperature).softmax(dim=1)

    def _moments(
        self, structure: Structure, frames: ResidueFrames, rows: NDArray[np.int64]
    ) -> Tensor:
        moments = environment_moments(
            structure.coordinates,
            structure.atom_type,
            structure.residue_index,
            np.tile(np.array([[0, structure.n_atoms]], dtype=np.int64), (len(rows), 1)),
            rows.astype(np.int32),
            frames.origin[rows],
            frames.axes[rows],
            self.config.moments,
        )
        return torch.from_numpy(moments).to(self.device)


def _joined(parts: list[NDArray[np.float32]], width: int) -> NDArray[np.float32]:
    return np.concatenate(parts) if parts else np.empty((0, width), dtype=np.float32)


def _dropped(structure: Structure, residues: NDArray[np.bool_], why: str) -> list[Dropped]:
    return [
        Dropped("residue", structure.where(row), f"no environment prediction: {why}")
        for row in np.flatnonzero(residues).tolist()
    ]
