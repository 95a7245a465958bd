"""Amino acids from backbones as a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from protvox.predict.task import PredictionTask
from protvox.registry.card import Card
from protvox.registry.tasks import SUPPORTING

if TYPE_CHECKING:
    import torch

    from protvox.networks.backbone.network import BackboneConfig, BackboneNet
    from protvox.networks.layers import Layers
    from protvox.tasks.backbone.predictor import BackbonePredictor


class BackboneTask(PredictionTask["BackboneConfig", "BackboneNet"]):
    """Predict the amino acid at each residue from the types and backbones of its neighbours."""

    name = "backbone"
    title = SUPPORTING["backbone"]
    steerable = False
    embeds = "residue"

    @property
    def table(self) -> str:
        """Return ``residues``."""
        return "residues"

    @property
    def config(self) -> type[BackboneConfig]:
        """Return the class of the network's arguments."""
        from protvox.networks.backbone.network import BackboneConfig

        return BackboneConfig

    def network(self, config: BackboneConfig, layers: Layers | None = None) -> BackboneNet:
        """Build the network."""
        from protvox.networks.backbone.network import BackboneNet

        return BackboneNet(config)

    def predictor(
        self, card: Card, network: BackboneNet, device: torch.device, folder: Path
    ) -> BackbonePredictor:
        """Return a model that is ready to predict."""
        from protvox.tasks.backbone.predictor import BackbonePredictor

        return BackbonePredictor(card, network, device)


TASK: Final[PredictionTask[Any, Any]] = BackboneTask()
"""The task, as the registry finds it."""
