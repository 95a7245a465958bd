"""Weights on disk: safetensors only, checked against the card before they are loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from protvox.errors import fail
from protvox.registry.card import Card


def weights_digest(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise fail("model.weights", where=str(path), error=error.strerror) from error


def check_weights(folder: Path, card: Card) -> Path:
    """Return the weights file of a model after comparing its hash with the card's.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Card of the model.

    Raises
    ------
    ModelError
        If the file is missing or is not the one of the card.
    """
    return check_file(folder / card.weights, card.sha256)


def check_file(path: Path, sha256: str | None) -> Path:
    """Return a file of weights after comparing its hash.

    Parameters
    ----------
    path
        The file.
    sha256
        Expected hash, hex digits.

    Raises
    ------
    ModelError
        If the file is missing (``model.weights``) or has another hash (``model.hash``).
    """
    if weights_digest(path) != sha256:
        raise fail("model.hash", where=str(path))
    return path


def load_weights(network: nn.Module, path: Path) -> None:
    """Put weights into a network.

    Parameters
    ----------
    network
        Network of the architecture in the card; its tensors are replaced by the file's.
    path
        Checked file, see `check_weights`.

    Raises
    ------
    ModelError
        If they are those of another architecture.
    """
    try:
        weights: dict[str, Tensor] = load_file(path)
        network.load_state_dict(weights, assign=True)
    except (SafetensorError, RuntimeError, OSError) as error:
        raise fail("model.architecture", where=str(path)) from error


def save_weights(network: nn.Module, path: Path) -> str:
    """Write a network's weights and return their SHA-256.

    Parameters
    ----------
    network
        The network.
    path
        File to write.
    """
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    save_file(tensors, path)
    return weights_digest(path)
