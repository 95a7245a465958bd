"""Amino-acid environments as a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.registry.card import Card
from protvox.registry.tasks import BUILT_IN
from protvox.structure.structure import Structure
from protvox.tasks.base import Task
from protvox.train.shard import UNLABELLED, Shard, pack
from protvox.train.task import Entry

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
    from protvox.networks.layers import Layers
    from protvox.tasks.environment.data import EnvironmentData
    from protvox.tasks.environment.predictor import EnvironmentPredictor


class EnvironmentTask(Task["EnvironmentConfig", "EnvironmentNet", "EnvironmentData"]):
    """Predict the amino acid at each residue from everything around its side chain."""

    name = "environment"
    title = BUILT_IN["environment"]
    columns = frozenset({"file", "chain"})
    validation_sample = 8192
    embeds = "residue"

    @property
    def table(self) -> str:
        """Return ``residues``."""
        return "residues"

    @property
    def config(self) -> type[EnvironmentConfig]:
        """Return the class of the network's arguments."""
        from protvox.networks.environment import EnvironmentConfig

        return EnvironmentConfig

    def network(self, config: EnvironmentConfig, layers: Layers | None = None) -> EnvironmentNet:
        """Build the network."""
        from protvox.networks.environment import EnvironmentNet

        return EnvironmentNet(config, layers)

    def entries(self, rows: pd.DataFrame) -> list[Entry]:
        """Return one entry per file, with the chains whose residues are labelled."""
        return [
            Entry(str(file), str(file), {"chains": tuple(group["chain"])})
            for file, group in rows.groupby("file")
        ]

    def pack(self, structure: Structure, entry: Entry) -> Shard:
        """Label the residues of the chosen chains; the rest of the file is context."""
        chains = entry.values["chains"]
        labelled = np.isin(structure.chain, chains) & structure.is_protein
        if not labelled.any():
            raise fail("input.no_protein.label", chains=", ".join(chains))
        return pack(structure, labelled, "")

    def data(self, shard: Shard, config: EnvironmentConfig) -> EnvironmentData:
        """Return the labelled residues of a shard."""
        from protvox.tasks.environment.data import EnvironmentData

        return EnvironmentData(shard, config.moments, config.cb_offset)

    def classes(self, config: EnvironmentConfig) -> tuple[str, ...]:
        """Return the 20 amino acids."""
        return AMINO_ACIDS

    def logits(
        self,
        network: EnvironmentNet,
        data: EnvironmentData,
        rows: NDArray[np.int64],
        device: torch.device,
    ) -> NDArray[np.float32]:
        """Run the network over residues."""
        from protvox.tasks.environment.data import predict_rows

        return predict_rows(network, data, rows, device)[0]

    def groups(self, data: EnvironmentData, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the structure of each residue."""
        groups: NDArray[np.int64] = data.structure[rows]
        return groups

    def n_labelled(self, data: EnvironmentData) -> int:
        """Return the number of labelled residues, those without a frame included."""
        return int((data.labels != UNLABELLED).sum())

    def predictor(
        self, card: Card, network: EnvironmentNet, device: torch.device, folder: Path
    ) -> EnvironmentPredictor:
        """Return a model that is ready to predict."""
        from protvox.tasks.environment.predictor import EnvironmentPredictor

        return EnvironmentPredictor(card, network, device)


TASK: Final[Task[Any, Any, Any]] = EnvironmentTask()
"""The task, as the registry finds it."""
