"""Networks, built as a model card says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from protvox.errors import ModelError, fail
from protvox.networks.config import from_mapping
from protvox.networks.layers import PlainLayers, SteerableLayers
from protvox.registry.card import Card
from protvox.registry.tasks import network_task
from protvox.registry.weights import check_weights, load_weights


def read_architecture(card: Card) -> Any:
    """Return the arguments of a model's network.

    Parameters
    ----------
    card
        The card.

    Returns
    -------
    dataclass
        Of the task's configuration class.

    Raises
    ------
    ModelError
        If they do not fit, or the task is unknown (``model.architecture``, ``model.task``).
    """
    kind = network_task(card.task).config
    try:
        return from_mapping(kind, card.architecture, "architecture")
    except ModelError as error:
        raise fail("model.architecture.card", where=card.reference, error=error) from error


def build(card: Card, *, plain: bool = False) -> nn.Module:
    """Build the network of a card, without its weights.

    Parameters
    ----------
    card
        The card.
    plain
        True for plain layers without any weights, to load exported ones into; False for
        steerable layers with random weights.

    Raises
    ------
    ModelError
        If the architecture or the task is unknown to this version.
    """
    config = read_architecture(card)
    try:
        return network_task(card.task).network(
            config, PlainLayers() if plain else SteerableLayers()
        )
    # e3nn checks some of its arguments by assertions.
    except (ModelError, TypeError, ValueError, AssertionError) as error:
        raise fail("model.architecture.card", where=card.reference, error=error) from error


def load_trained(card: Card, folder: Path) -> nn.Module:
    """Return the network of a model folder as it was trained.

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
