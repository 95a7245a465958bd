"""A task of its own package: is a chain mostly helical? From three mean distances of its CA atoms.

Everything that protvox needs to train, release and run it is in this module; an entry point
names `TASK`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.predict.results.task_rows import TaskRows
from protvox.predict.task import Outcome, Predictor
from protvox.tasks.base import Task
from protvox.train.shard import pack


@dataclass(frozen=True)
class HelicalConfig:
    lags: tuple[int, ...] = (2, 3, 4)
    hidden: int = 8


class HelicalNet(nn.Sequential):
    """From mean distances, ``chain lag``, to logits ``chain 2``."""

    def __init__(self, config):
        self.config = config
        super().__init__(
            nn.Linear(len(config.lags), config.hidden), nn.SiLU(), nn.Linear(config.hidden, 2)
        )


def mean_distances(ca, lags):
    """Mean distance between CA atoms some residues apart, in units of 10 Å."""
    distances = [np.linalg.norm(ca[lag:] - ca[:-lag], axis=1).mean() / 10 for lag in lags]
    return np.array(distances, dtype=np.float32)


class HelicalData:
    def __init__(self, shard, config):
        bounds = shard.residue_start[shard.structure_start]
        is_ca = shard.atom_type == ATOM_TYPE_INDEX["backbone_CA"]
        chains = [shard.positions()[a:b][is_ca[a:b]] for a, b in pairwise(bounds.tolist())]
        self.features = np.stack([mean_distances(ca, config.lags) for ca in chains])
        self.labels = (shard.structure_label == "yes").astype(np.int64)
        self.rows = np.arange(len(chains))

    def batches(self, batch_size, seed, first_step=0):
        step = first_step
        while True:
            rows = np.random.default_rng([seed, step]).choice(self.rows, batch_size)
            yield torch.from_numpy(self.features[rows]), torch.from_numpy(self.labels[rows])
            step += 1


class HelicalPredictor(Predictor):
    def __init__(self, card, network):
        self.card = card
        self.network = network

    def predict(self, request):
        rows = []
        for domain in request.domains:
            ca = request.structure.select(domain.residues).backbone()[:, 1]
            features = mean_distances(ca[np.isfinite(ca).all(axis=1)], self.network.config.lags)
            logits = self.network(torch.from_numpy(features)[None])[0] / self.card.temperature
            probability = float(logits.softmax(dim=0)[1])
            rows.append(
                {"chain": domain.id, "helical": probability > 0.5, "probability": probability}
            )
        return Outcome(rows=TaskRows(HelicalTask.title, self.card.reference, tuple(rows)))


class HelicalTask(Task):
    name = "helical"
    title = "mostly helical chains"
    columns = frozenset({"file", "helical"})
    row_types = MappingProxyType({"chain": str, "helical": bool, "probability": float})
    config = HelicalConfig

    def network(self, config, layers=None):
        return HelicalNet(config)

    def pack(self, structure, entry):
        protein = structure.select(structure.is_protein)
        return pack(protein, np.zeros(protein.n_residues, dtype=bool), entry.values["helical"])

    def data(self, shard, config):
        return HelicalData(shard, config)

    def classes(self, config):
        return ("other", "helical")

    def logits(self, network, data, rows, device):
        with torch.inference_mode():
            return network(torch.from_numpy(data.features[rows]).to(device)).cpu().numpy()

    def predictor(self, card, network, device, folder):
        return HelicalPredictor(card, network)


TASK = HelicalTask()
