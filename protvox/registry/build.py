"""The networks there are, built as a card says."""

from __future__ import annotations

from pathlib import Path

from protvox.errors import ModelError
from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.config import from_mapping
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.networks.layers import PlainLayers, SteerableLayers
from protvox.registry.card import Card
from protvox.registry.weights import check_weights, load_weights

Network = EnvironmentNet | CathNet


def build(card: Card, *, plain: bool = False) -> Network:
    """Build the network of a card, without its weights.

    Parameters
    ----------
    card
        The card.
    plain
        Of plain layers without any weights, to load folded ones into; otherwise of steerable
        layers with weights at random.

    Raises
    ------
    ModelError
        If the architecture is not one this version knows.
    """
    layers = PlainLayers() if plain else SteerableLayers()
    try:
        if card.task == "environment":
            environment = from_mapping(EnvironmentConfig, card.architecture, "architecture")
            return EnvironmentNet(environment, layers)
        if card.task == "cath":
            return CathNet(from_mapping(CathConfig, card.architecture, "architecture"), layers)
    # e3nn checks some of its arguments by assertions.
    except (ModelError, TypeError, ValueError, AssertionError) as error:
        raise ModelError(
            f"the architecture in the card cannot be built ({error})",
            where=card.reference,
            remedy="Use a newer protvox",
            code="model.architecture",
        ) from error
    raise ModelError(
        f"the task {card.task!r} is unknown",
        where=card.reference,
        remedy="Use a newer protvox",
        code="model.task",
    )


def load_trained(card: Card, folder: Path) -> Network:
    """Return the steerable network of a model folder, as it was trained.

    Parameters
    ----------
    card
        The card of the model.
    folder
        Its folder.

    Raises
    ------
    ModelError
        If the weights are not those of the card.
    """
    network = build(card)
    load_weights(network, check_weights(folder, card))
    return network.eval().requires_grad_(False)
