"""Amino-acid probabilities of every residue from the types and backbones of its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.networks.backbone.batches import run_batches
from protvox.networks.backbone.network import BackboneNet
from protvox.networks.backbone.residues import N_NEIGHBOURS, kept_rows, residues_of
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import Outcome, ProgressBar, Request, ResiduePredictor, no_progress
from protvox.registry.card import Card
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.structure import Dropped, Structure
from protvox.voxel.moments.residue_frames import residue_frames


class BackbonePredictor(ResiduePredictor):
    """A backbone network that is ready to predict.

    Parameters
    ----------
    card
        Card of the model.
    network
        Its network, see `protvox.registry.installed.load`.
    device
        Where to compute.
    """

    def __init__(self, card: Card, network: BackboneNet, device: torch.device) -> None:
        self.card = card
        self.config = network.config
        self.device = device
        self._network = network.to(device)

    def predict(self, request: Request) -> Outcome:
        """Predict the requested residues; see `protvox.predict.task.Predictor.predict`."""
        table, dropped = self.predict_residues(
            request.structure,
            request.residues,
            request.progress,
            domain=request.membership(),
            disorder=request.disorder,
        )
        return Outcome(residues=table, dropped=dropped)

    def predict_residues(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        domain: NDArray[np.str_] | None = None,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Predict residues; see `protvox.predict.task.ResiduePredictor.predict_residues`."""
        rows, dropped, probabilities = self._run(
            structure,
            residues,
            disorder.hidden(structure),
            progress,
            self._probabilities,
            len(AMINO_ACIDS),
        )
        plddt = structure.plddt
        table = ResidueTable(
            chain=structure.chain[rows],
            number=structure.number[rows],
            insertion_code=structure.insertion_code[rows],
            wild_type=structure.parent[rows],
            probabilities=probabilities,
            domain=np.empty(0, dtype="<U1") if domain is None else domain[rows],
            plddt=None if plddt is None else plddt[rows],
            disordered=None if plddt is None else structure.is_disordered(disorder.limit)[rows],
        )
        return table, dropped

    def predict_mutants(
        self,
        structure: Structure,
        variants: Sequence[Mapping[int, str]],
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> list[NDArray[np.float32]]:
        """Predict mutated residues; see `ResiduePredictor.predict_mutants`."""
        centres = np.zeros(structure.n_residues, dtype=np.bool_)
        centres[[row for variant in variants for row in variant]] = True
        whole = residues_of(structure, centres, disorder.hidden(structure))
        kept = kept_rows(structure)
        row_of = {row: i for i, row in enumerate(kept.tolist())}
        centre_of = {row: i for i, row in enumerate(kept[whole.centre].tolist())}
        found = [np.full((len(one), len(AMINO_ACIDS)), np.nan, np.float32) for one in variants]
        slots: list[tuple[int, int]] = []
        chosen: list[int] = []
        kinds: list[NDArray[np.uint8]] = []
        for number, variant in enumerate(variants):
            types = whole.kind.copy()
            types[[row_of[row] for row in variant]] = [
                AMINO_ACID_INDEX[m] for m in variant.values()
            ]
            for slot, row in enumerate(variant):
                neighbours = whole.neighbours[centre_of[row]]
                # The first neighbour is the residue itself, whose type is not read.
                seen = types[neighbours[1:]] != whole.kind[neighbours[1:]]
                if (seen & (neighbours[1:] >= 0)).any():
                    slots.append((number, slot))
                    chosen.append(centre_of[row])
                    kinds.append(types[neighbours])
        parts = run_batches(
            self._probabilities,
            whole,
            np.array(chosen, dtype=np.int64),
            kinds=np.array(kinds, dtype=np.uint8).reshape(-1, N_NEIGHBOURS),
            device=self.device,
        )
        for (number, slot), row in zip(slots, (row for part in parts for row in part), strict=True):
            found[number][slot] = row
        return found

    def embed(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], tuple[Dropped, ...]]:
        """Return features; see `protvox.predict.task.ResiduePredictor.embed`."""
        rows, dropped, vectors = self._run(
            structure,
            residues,
            disorder.hidden(structure),
            progress,
            self._network.embed,
            self.config.width,
        )
        return rows, vectors, dropped

    def _run(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        hidden: NDArray[np.bool_] | None,
        progress: ProgressBar,
        read_out: Callable[..., Tensor],
        width: int,
    ) -> tuple[NDArray[np.int64], tuple[Dropped, ...], NDArray[np.float32]]:
        # The rule of the environment network, so that both predict the same residues.
        valid = residue_frames(structure.backbone(), 0.0).valid
        requested = residues & structure.is_protein
        standard = np.isin(structure.parent, AMINO_ACIDS)
        dropped = _dropped(structure, requested & standard & ~valid, "N, CA or C is missing")
        dropped += _dropped(structure, requested & ~standard, "it is not one of the 20 amino acids")
        whole = residues_of(structure, requested & standard & valid, hidden)
        rows = kept_rows(structure)[whole.centre]
        out = np.empty((len(rows), width), dtype=np.float32)
        progress(0, len(rows))
        done = 0
        for part in run_batches(read_out, whole, device=self.device):
            out[done : done + len(part)] = part
            done += len(part)
            progress(done, len(rows))
        return rows, tuple(dropped), out

    def _probabilities(self, *batch: Tensor) -> Tensor:
        logits: Tensor = self._network(*batch)
        return (logits / self.card.temperature).softmax(dim=1)


def _dropped(structure: Structure, residues: NDArray[np.bool_], why: str) -> list[Dropped]:
    return [
        Dropped("residue", structure.where(row), f"no backbone prediction: {why}")
        for row in np.flatnonzero(residues).tolist()
    ]
