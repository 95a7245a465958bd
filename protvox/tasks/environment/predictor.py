"""Amino-acid probabilities of every residue from its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.chemistry import AMINO_ACIDS, BACKBONE_ATOMS
from protvox.networks.environment import EnvironmentNet
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import Outcome, ProgressBar, Request, ResiduePredictor, no_progress
from protvox.predict.warnings import side_chain_warning
from protvox.registry.card import Card
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
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
            structure,
            residues,
            request.progress,
            domain=request.membership(),
            disorder=request.disorder,
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
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Predict residues; see `protvox.predict.task.ResiduePredictor.predict_residues`."""
        hidden = disorder.hidden(structure)
        rows, dropped, parts = self._run(structure, residues, hidden, progress, self._probabilities)
        predicted = structure.plddt is not None
        table = ResidueTable(
            chain=structure.chain[rows],
            number=structure.number[rows],
            insertion_code=structure.insertion_code[rows],
            wild_type=structure.parent[rows],
            probabilities=_joined(parts, len(AMINO_ACIDS)),
            domain=np.empty(0, dtype="<U1") if domain is None else domain[rows],
            plddt=structure.plddt[rows] if structure.plddt is not None else None,
            disordered=structure.is_disordered(disorder.limit)[rows] if predicted else None,
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
        frames = residue_frames(structure.backbone(), self.config.cb_offset)
        hidden = disorder.hidden(structure)
        shown = None if hidden is None else ~hidden[structure.residue_index]
        side_chain = ~np.isin(structure.atom_name, (*BACKBONE_ATOMS, "OXT"))
        found = [np.full((len(one), len(AMINO_ACIDS)), np.nan, np.float32) for one in variants]
        slots: dict[tuple[int, frozenset[int]], list[tuple[int, int]]] = {}
        for number, variant in enumerate(variants):
            # The network does not read types, so only the set of residues matters.
            together = frozenset(variant)
            for slot, row in enumerate(variant):
                slots.setdefault((row, together), []).append((number, slot))
        rows: list[int] = []
        atoms: list[NDArray[np.int64]] = []
        targets: list[list[tuple[int, int]]] = []
        for (row, together), wanted in slots.items():
            offset = structure.coordinates - frames.origin[row]
            near = np.flatnonzero(np.einsum("ij,ij->i", offset, offset) < self._radius**2)
            own = structure.residue_index[near] == row
            gone = side_chain[near] & np.isin(structure.residue_index[near], list(together)) & ~own
            if shown is not None:
                near, gone = near[shown[near] | own], gone[shown[near] | own]
            if gone.any():
                rows.append(row)
                atoms.append(near[~gone])
                targets.append(wanted)
        for start in range(0, len(rows), BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            moments = self._moments_among(structure, frames, np.array(rows[part]), atoms[part])
            with torch.inference_mode():
                probabilities = self._probabilities(moments).float().cpu().numpy()
            for one, wanted in zip(probabilities, targets[part], strict=True):
                for number, slot in wanted:
                    found[number][slot] = one
        return found

    @property
    def _radius(self) -> float:
        """Distance from the CA-CB point beyond which the network sees no atom, Å."""
        spec = self.config.moments
        corner = float(np.linalg.norm([(n - 1) / 2 * spec.spacing for n in spec.shape]))
        return corner + spec.cutoff

    def embed(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], tuple[Dropped, ...]]:
        """Return features; see `protvox.predict.task.ResiduePredictor.embed`."""
        hidden = disorder.hidden(structure)
        rows, dropped, parts = self._run(structure, residues, hidden, progress, self._network.embed)
        return rows, _joined(parts, 0), dropped

    def _run(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        hidden: NDArray[np.bool_] | None,
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
            moments = self._moments(structure, frames, chunk, hidden)
            with torch.inference_mode():
                parts.append(read_out(moments).float().cpu().numpy())
            progress(start + len(chunk), len(rows))
        return rows, tuple(dropped), parts

    def _probabilities(self, moments: Tensor) -> Tensor:
        logits: Tensor = self._network(moments)
        return (logits.float() / self.card.temperature).softmax(dim=1)

    def _moments(
        self,
        structure: Structure,
        frames: ResidueFrames,
        rows: NDArray[np.int64],
        hidden: NDArray[np.bool_] | None,
    ) -> Tensor:
        if hidden is None:
            return self._moments_of(structure, frames, rows, np.ones(structure.n_atoms, dtype=bool))
        seen = ~hidden[structure.residue_index]
        out = torch.empty(0)
        # A hidden residue is predicted itself, and sees its own atoms.
        groups = [np.flatnonzero(~hidden[rows]), *np.flatnonzero(hidden[rows])[:, None]]
        for group in filter(len, groups):
            own = np.isin(structure.residue_index, rows[group])
            moments = self._moments_of(structure, frames, rows[group], seen | own)
            if not out.numel():
                out = moments.new_empty((len(rows), *moments.shape[1:]))
            out[torch.from_numpy(group).to(out.device)] = moments
        return out

    def _moments_among(
        self,
        structure: Structure,
        frames: ResidueFrames,
        rows: NDArray[np.int64],
        atoms: Sequence[NDArray[np.int64]],
    ) -> Tensor:
        """Return the moments of residues, each among atoms of its own."""
        ends = np.cumsum([len(one) for one in atoms])
        chosen = np.concatenate(atoms)
        moments = environment_moments(
            structure.coordinates[chosen],
            structure.atom_type[chosen],
            structure.residue_index[chosen],
            np.stack([np.append(0, ends[:-1]), ends], axis=1).astype(np.int64),
            rows.astype(np.int32),
            frames.origin[rows],
            frames.axes[rows],
            self.config.moments,
        )
        return torch.from_numpy(moments).to(self.device)

    def _moments_of(
        self,
        structure: Structure,
        frames: ResidueFrames,
        rows: NDArray[np.int64],
        atoms: NDArray[np.bool_],
    ) -> Tensor:
        """Return the moments of residues among some of the atoms."""
        whole = bool(atoms.all())
        moments = environment_moments(
            structure.coordinates if whole else structure.coordinates[atoms],
            structure.atom_type if whole else structure.atom_type[atoms],
            structure.residue_index if whole else structure.residue_index[atoms],
            np.tile(np.array([[0, int(atoms.sum())]], dtype=np.int64), (len(rows), 1)),
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
