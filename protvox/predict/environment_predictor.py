"""Amino-acid probabilities of every residue from its environment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.chemistry import AMINO_ACIDS
from protvox.networks.environment import EnvironmentNet
from protvox.predict.embedding.embeddings import ResidueEmbeddings
from protvox.predict.results.residue_table import ResidueTable
from protvox.registry.card import Card
from protvox.structure.structure import Dropped, Structure
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import ResidueFrames, residue_frames

BATCH_SIZE = 128
"""Residues computed together; more gains nothing on a CPU and costs memory."""


class EnvironmentPredictor:
    """A released environment network, ready to answer.

    Parameters
    ----------
    card
        Its card.
    network
        Its network with weights, folded, see `protvox.registry.installed.load`.
    device
        Where to compute.
    """

    def __init__(self, card: Card, network: EnvironmentNet, device: torch.device) -> None:
        self.card = card
        self.config = network.config
        self.device = device
        self._network = network.to(device)

    def predict(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: Callable[[int, int], None] = lambda done, total: None,
        *,
        domain: NDArray[np.str_] | None = None,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Predict the residues asked for, each among everything the file holds.

        Parameters
        ----------
        structure
            The whole structure: partner chains and ligands are part of the environments.
        residues
            ``residue`` mask of those to predict; only protein residues count.
        progress
            Called with the number of residues done and in all.
        domain
            ``residue``, id of the domain each residue lies in, for the table.

        Returns
        -------
        table : ResidueTable
            In file order.
        dropped : tuple of Dropped
            Residues asked for that cannot be predicted, and why.
        """
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
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> tuple[ResidueEmbeddings, tuple[Dropped, ...]]:
        """Return the features of the residues asked for, before the last layer.

        Parameters
        ----------
        structure, residues, progress
            See `predict`.

        Returns
        -------
        table : ResidueEmbeddings
            In file order.
        dropped : tuple of Dropped
            Residues asked for that cannot be embedded, and why.
        """
        rows, dropped, parts = self._run(structure, residues, progress, self._network.embed)
        table = ResidueEmbeddings(
            chain=structure.chain[rows],
            number=structure.number[rows],
            insertion_code=structure.insertion_code[rows],
            wild_type=structure.parent[rows],
            vectors=_joined(parts, 0),
        )
        return table, dropped

    def _run(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: Callable[[int, int], None],
        read_out: Callable[[Tensor], Tensor],
    ) -> tuple[NDArray[np.int64], tuple[Dropped, ...], list[NDArray[np.float32]]]:
        frames = residue_frames(structure.backbone(), self.config.cb_offset)
        asked = residues & structure.is_protein
        standard = np.isin(structure.parent, AMINO_ACIDS)
        rows = np.flatnonzero(asked & standard & frames.valid)
        dropped = _dropped(structure, asked & standard, "N, CA or C is missing", ~frames.valid)
        dropped += _dropped(structure, asked, "it stands for none of the 20 amino acids", ~standard)
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


def _dropped(
    structure: Structure, asked: NDArray[np.bool_], why: str, where: NDArray[np.bool_]
) -> list[Dropped]:
    return [
        Dropped("residue", structure.where(row), f"no environment prediction: {why}")
        for row in np.flatnonzero(asked & where).tolist()
    ]
