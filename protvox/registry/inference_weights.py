"""Exported networks on disk: what predictions load, without building steerable kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from torch import nn

from protvox.registry.build import build, load_trained
from protvox.registry.card import Card
from protvox.registry.tasks import network_task
from protvox.registry.weights import check_file, load_weights, save_weights

INFERENCE_FILE: Final = "inference.safetensors"


def save_inference_weights(network: nn.Module, path: Path) -> str:
    """Export a trained network, write it and return the SHA-256 of the file.

    Parameters
    ----------
    network
        Steerable network with its final weights; not changed.
    path
        File to write.
    """
    return save_weights(_export(network), path)


def check_inference_weights(folder: Path, card: Card) -> Path | None:
    """Return the exported weights of a model after comparing their hash with the card's.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Card of the model.

    Returns
    -------
    Path or None
        None if the model has no exported weights.

    Raises
    ------
    ModelError
        If the file is missing or is not the one of the card.
    """
    if card.inference is None:
        return None
    return check_file(folder / card.inference, card.inference_sha256)


def load_inference_network(card: Card, folder: Path) -> nn.Module:
    """Return the exported network of a model, ready to predict.

    Parameters
    ----------
    card
        Card of the model.
    folder
        The model's folder.

    Returns
    -------
    nn.Module
        With plain layers, from the exported weights; a steerable network without these is
        exported here, which takes seconds.

    Raises
    ------
    ModelError
        If the weights are missing, damaged or of another architecture.
    """
    path = check_inference_weights(folder, card)
    if path is None:
        network = load_trained(card, folder)
        return _export(network) if network_task(card.task).steerable else network
    network = build(card, plain=True)
    load_weights(network, path)
    return network.eval().requires_grad_(False)


def _export(network: nn.Module) -> nn.Module:
    # This imports e3nn, which reading does not need.
    from protvox.nn.export import export_network

    return export_network(network)
