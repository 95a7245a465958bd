"""Installed models, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from protvox.errors import fail
from protvox.registry.card import CARD_FILE, RELEASED_FOLDERS, Card, read_card
from protvox.registry.inference_weights import check_inference_weights, load_inference_network
from protvox.registry.weights import check_weights
from protvox.settings import load_settings


@dataclass(frozen=True)
class ModelInfo:
    """An installed model.

    Attributes
    ----------
    card
        Card of the model.
    folder
        Its folder.
    """

    card: Card
    folder: Path

    @property
    def name(self) -> str:
        """Name without version."""
        return self.card.name

    @property
    def task(self) -> str:
        """What it predicts, e.g. ``"cath"``."""
        return self.card.task

    @property
    def summary(self) -> str:
        """One line about it."""
        return self.card.summary

    def card_text(self) -> str:
        """Return ``MODEL_CARD.md``, for people.

        Raises
        ------
        ModelError
            If the file is missing.
        """
        path = self.folder / "MODEL_CARD.md"
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise fail("model.card.text", where=str(path)) from error


def available() -> tuple[ModelInfo, ...]:
    """Return the installed models: those of ``PROTVOX_MODEL_DIR`` and the released ones.

    Returns
    -------
    tuple of ModelInfo
        By name; of models of one name, those of ``PROTVOX_MODEL_DIR`` come first and replace
        released ones of the same version.

    Raises
    ------
    ModelError
        If ``PROTVOX_MODEL_DIR`` is not a folder, or a card cannot be read.
    """
    found: dict[str, ModelInfo] = {}
    for folder in _folders():
        card = read_card(folder)
        found.setdefault(card.reference, ModelInfo(card, folder))
    return tuple(sorted(found.values(), key=lambda model: model.name))


def find(name: str | Path) -> ModelInfo:
    """Return a model by name.

    Parameters
    ----------
    name
        ``"environment"`` or ``"environment@1"``; a ``Path`` is the folder of a model that is
        not installed.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    if isinstance(name, Path):
        return ModelInfo(read_card(name), name.resolve())
    models = available()
    for model in models:
        if name in (model.name, model.card.reference):
            return model
    names = ", ".join(model.card.reference for model in models) or "none"
    raise fail("model.unknown", where=name, names=names)


def verify(name: str) -> None:
    """Check the weights of a model, trained and exported, against the hashes in its card.

    Parameters
    ----------
    name
        Name of the model.

    Raises
    ------
    ModelError
        If there is no such model, or its weights are not those of the card.
    """
    model = find(name)
    check_weights(model.folder, model.card)
    check_inference_weights(model.folder, model.card)


def load(name: str) -> tuple[Card, nn.Module]:
    """Return a model's card and its network with the released weights, ready to predict.

    The network is exported for inference; the steerable one is returned by
    `protvox.registry.build.load_trained`.

    Parameters
    ----------
    name
        Name of the model.

    Raises
    ------
    ModelError
        If it does not exist, or its weights are not those of the card.
    """
    return load_folder(find(name).folder)


def load_folder(folder: Path) -> tuple[Card, nn.Module]:
    """Return the card and the network of a model folder, ready to predict.

    The network is exported for inference; the steerable one is returned by
    `protvox.registry.build.load_trained`.

    Parameters
    ----------
    folder
        Folder with ``card.json`` and the weights.

    Raises
    ------
    ModelError
        If there is no model in it, or its weights are not those of the card.
    """
    card = read_card(folder)
    return card, load_inference_network(card, folder)


def _folders() -> Iterator[Path]:
    extra = load_settings().model_dir
    if extra is not None and not extra.is_dir():
        raise fail("model.dir", where=f"PROTVOX_MODEL_DIR={extra}")
    for root in (extra, *RELEASED_FOLDERS):
        if root is not None:
            yield from sorted(card.parent for card in root.glob(f"*/{CARD_FILE}"))
