"""Model cards: what a released model is, how good it is, and what its limits are."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from protvox.errors import fail

SCHEMA: Final = "protvox.card/1"
"""Name and version of ``card.json``."""

CARD_FILE: Final = "card.json"

_PACKAGE: Final = Path(__file__).parent.parent
RELEASED_FOLDERS: Final = (_PACKAGE / "_models", _PACKAGE.parent / "models")
"""Folders of the released models: of an installed package, and of a source checkout."""


@dataclass(frozen=True)
class Vote:
    """How the nearest known superfamilies contribute to the prediction for a domain.

    Attributes
    ----------
    superfamilies
        How many vote.
    temperature
        Difference in similarity that changes a vote by a factor of e.
    weight
        Their share in the prediction, 0 to 1; the rest is the network's.
    """

    superfamilies: int
    temperature: float
    weight: float


@dataclass(frozen=True)
class Mixture:
    """How the scores of mutations by two networks are combined.

    Attributes
    ----------
    weight
        Share of this model's scores, 0 to 1; the rest is the environment network's.
    scale
        Multiplies this model's scores, so that they spread as much as the environment network's.
    level
        Share of the mean score of a chain that is subtracted, 0 to 1.
    """

    weight: float
    scale: float
    level: float


@dataclass(frozen=True)
class Card:
    """The machine-readable card of a model.

    Attributes
    ----------
    name, version
        ``"environment"``, ``"1"``; together ``environment@1``.
    task
        Name of the task, e.g. ``"cath"``.
    summary
        One line.
    architecture
        Arguments of the network's configuration.
    weights, sha256
        File name of the weights, and the hex digest of its bytes.
    temperature
        Divides the logits before the softmax; fitted on validation data (Guo et al. 2017).
    n_residues
        For domains: number of residues of the training domains, from the first percentile to the
        maximum; None for other tasks.
    shape
        For domains: name of a measure of
        `protvox.structure.geometry.compactness.ChainShape` to its least and greatest ordinary
        value, None where it has no limit.
    vote
        For domains: how the nearest known superfamilies contribute; None if they do not.
    mixture
        For the second network of mutations: how its scores are combined with the first's.
    inference, inference_sha256
        File name of the exported weights, which predictions load, and the hex digest of its
        bytes; None if there are none.
    metrics
        Measured quality, from ``metrics.json``.
    training
        Data, split, schedule and cost of the training.
    """

    name: str
    version: str
    task: str
    summary: str
    architecture: dict[str, Any]
    weights: str
    sha256: str
    temperature: float = 1.0
    n_residues: tuple[int, int] | None = None
    shape: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    vote: Vote | None = None
    mixture: Mixture | None = None
    inference: str | None = None
    inference_sha256: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """``name@version``, as in results."""
        return f"{self.name}@{self.version}"


def read_card(folder: Path) -> Card:
    """Read the card of a model folder.

    Parameters
    ----------
    folder
        Folder with ``card.json``.

    Raises
    ------
    ModelError
        If it is missing, or not a card of this version.
    """
    path = folder / CARD_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("schema") != SCHEMA:
            raise ValueError("another schema")
        limits = values.get("n_residues")
        values["n_residues"] = None if limits is None else (int(limits[0]), int(limits[1]))
        shape = values.get("shape", {})
        values["shape"] = {name: (low, high) for name, (low, high) in shape.items()}
        vote = values.get("vote")
        values["vote"] = None if vote is None else Vote(**vote)
        mixture = values.get("mixture")
        values["mixture"] = None if mixture is None else Mixture(**mixture)
        card = Card(**values)
        _check(card)
        return card
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise fail("model.card", where=str(path), error=error) from error


def write_card(card: Card, folder: Path) -> None:
    """Write the card of a model folder.

    Parameters
    ----------
    card
        The card.
    folder
        The model's folder.
    """
    values = {"schema": SCHEMA, **asdict(card)}
    (folder / CARD_FILE).write_text(json.dumps(values, indent=2) + "\n")


def _check(card: Card) -> None:
    texts = (card.name, card.version, card.task, card.summary, card.weights, card.sha256)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("name, version, task, summary, weights and sha256 must be strings")
    if not all(isinstance(d, dict) for d in (card.architecture, card.metrics, card.training)):
        raise ValueError("architecture, metrics and training must be objects")
    if not (0 < card.temperature < math.inf):
        raise ValueError(f"temperature {card.temperature} is not a positive number")
    vote = card.vote
    if vote and not (vote.superfamilies >= 1 and vote.temperature > 0 and 0 <= vote.weight <= 1):
        raise ValueError(f"{vote} is invalid")
    mixture = card.mixture
    if mixture and not (
        0 <= mixture.weight <= 1 and 0 < mixture.scale < math.inf and 0 <= mixture.level <= 1
    ):
        raise ValueError(f"{mixture} is invalid")
    for limit in (limit for pair in card.shape.values() for limit in pair):
        if limit is not None and not math.isfinite(limit):
            raise ValueError(f"a limit of the shape is {limit}")
    for name in (card.weights, card.inference):
        if name is not None and Path(name).name != name:
            raise ValueError(f"weights {name!r} is not the name of a file in the folder")
