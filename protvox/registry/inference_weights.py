"""Folded networks on disk: what a prediction loads, ready without building a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

from protvox.registry.build import Network, build, load_trained
from protvox.registry.card import Card
from protvox.registry.weights import check_file, load_weights, save_weights

INFERENCE_FILE: Final = "inference.safetensors"


def save_inference_weights(network: Network, path: Path) -> str:
    """Fold a trained network, write it and return the SHA-256 of the file.

    Parameters
    ----------
    network
        Steerable network with its final weights; it stays as it is.
    path
        File to write.
    """
    return save_weights(_fold(network), path)


def check_inference_weights(folder: Path, card: Card) -> Path | None:
    """Return the folded weights of a model after comparing their hash with the card's.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.

    Returns
    -------
    Path or None
        None if the model has none.

    Raises
    ------
    ModelError
        If the file is missing or is not the one the card names.
    """
    if card.inference is None:
        return None
    return check_file(folder / card.inference, card.inference_sha256)


def load_inference_network(card: Card, folder: Path) -> Network:
    """Return the folded network of a model, ready to predict.

    Parameters
    ----------
    card
        Its card.
    folder
        The model's folder.

    Returns
    -------
    EnvironmentNet or CathNet
        Of plain layers, from the folded weights; a model without them is folded here, which
        takes seconds.

    Raises
    ------
    ModelError
        If the weights are missing, damaged or of another architecture.
    """
    path = check_inference_weights(folder, card)
    if path is None:
        return _fold(load_trained(card, folder))
    network = build(card, plain=True)
    load_weights(network, path)
    return network.eval().requires_grad_(False)


def _fold(network: Network) -> Network:
    from protvox.nn.export.export import (
        export_network,  # brings e3nn in, which reading does not need
    )

    return cast(Network, export_network(network))
