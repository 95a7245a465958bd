"""How good a released model is on a split, with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from protvox.registry.build import read_architecture
from protvox.registry.card import Card
from protvox.registry.installed import load_folder
from protvox.registry.tasks import find_task
from protvox.train.answers import Answers
from protvox.train.metrics import (
    balanced_interval,
    bootstrap_interval,
    classification_summary,
    confusion_matrix,
    log_softmax,
    reliability,
)
from protvox.train.run import choose_rows
from protvox.train.shard import read_shards
from protvox.train.task import TrainingTask, training_task

SCHEMA: Final = "protvox.metrics/1"
"""Name and version of the measures written as JSON."""


SamplePredictor = Callable[[Any, NDArray[np.int64]], NDArray[np.float64]]
"""From training data and ``sample`` rows of it to probabilities ``sample class``."""


def answer_shards(
    task: TrainingTask[Any, Any, Any],
    network: nn.Module,
    config: object,
    shards: Sequence[Path],
    *,
    device: torch.device,
    sample: int | None = None,
    seed: int = 0,
    final: SamplePredictor | None = None,
) -> Answers:
    """Run a network over the labelled samples of shards.

    Parameters
    ----------
    task
        What the network predicts.
    network
        The network, ready to predict, see `protvox.registry.installed.load_folder`.
    config
        Its arguments, see `protvox.registry.build.read_architecture`.
    shards
        Shard files.
    device
        Where to compute.
    sample
        Largest number of samples, chosen at random; all if None.
    seed
        Decides which.
    final
        Returns the final probabilities, where they are not those of the network alone.

    Returns
    -------
    Answers
        Grouped as the task says.

    Raises
    ------
    InputError
        If a shard cannot be used.
    """
    data = task.data(read_shards(shards), config)
    rows = choose_rows(data.rows, sample, seed)
    return Answers(
        logits=task.logits(network.to(device), data, rows, device),
        labels=data.labels[rows].astype(np.int64),
        groups=task.groups(data, rows),
        classes=task.classes(config),
        rows=rows,
        n_unknown=task.n_unknown(data),
        probabilities=None if final is None else final(data, rows),
    )


def evaluate(
    model: Path,
    shards: Sequence[Path],
    split: str,
    *,
    device: torch.device,
    sample: int | None = None,
    seed: int = 0,
    also: Callable[[Answers, Card], Mapping[str, Any]] | None = None,
    final: SamplePredictor | None = None,
) -> dict[str, Any]:
    """Measure a released model.

    Parameters
    ----------
    model
        Its folder.
    shards
        Shard files of the split.
    split
        Name of the split, for the record.
    device
        Where to compute.
    sample
        Largest number of samples, chosen at random; all if None.
    seed
        Decides which.
    also
        Returns further measures of the same predictions.
    final
        See `answer_shards`.

    Returns
    -------
    dict
        By the schema ``protvox.metrics/1``: see `measure`, and which model, split and sample.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    InputError
        If a shard cannot be used.
    """
    card, network = load_folder(model)
    answers = answer_shards(
        training_task(card.task),
        network,
        read_architecture(card),
        shards,
        device=device,
        sample=sample,
        seed=seed,
        final=final,
    )
    chosen = {"sample": sample, "seed": seed} if sample is not None else {"sample": None}
    return {
        "schema": SCHEMA,
        "model": card.reference,
        "sha256": card.sha256,
        "split": split,
        **chosen,
        **measure(answers, card),
        **(also(answers, card) if also else {}),
    }


def measure(answers: Answers, card: Card) -> dict[str, Any]:
    """Return the measures of a classifier.

    Parameters
    ----------
    answers
        Its predictions.
    card
        Its card, for the temperature and the task.

    Returns
    -------
    dict
        ``n`` and ``n_groups``; ``top1``, ``top3``, ``balanced``, ``nll`` (nats) and ``ece``,
        see `protvox.train.metrics.classification_summary`; ``uncalibrated``, what the
        temperature and, for domains, the vote change, without them; ``intervals``, of 95 %: of the
        balanced accuracy by resampling within the classes, of the others by resampling
        groups; ``recall`` by class; ``confusion``, rows are the true classes;
        ``reliability``, 15 bins of confidence. The task may add others.
    """
    logits = answers.logits / card.temperature
    log_p, labels = log_softmax(logits), answers.labels
    if answers.probabilities is not None:
        log_p = np.log(answers.probabilities)
    predicted = log_p.argmax(axis=1)
    confusion = confusion_matrix(predicted, labels, len(answers.classes))
    totals = confusion.sum(axis=1)
    counts, confidence, accuracy = reliability(log_p, labels)
    raw = classification_summary(answers.logits, labels)
    result: dict[str, Any] = {
        "n": len(labels),
        "n_groups": len(np.unique(answers.groups)),
        **classification_summary(log_p, labels),
        "temperature": card.temperature,
        "uncalibrated": {name: raw[name] for name in ("nll", "ece")},
        "intervals": _intervals(log_p, labels, answers.groups),
        "classes": list(answers.classes),
        "recall": {
            name: float(confusion[row, row] / totals[row])
            for row, name in enumerate(answers.classes)
            if totals[row]
        },
        "confusion": confusion.tolist(),
        "reliability": {
            "counts": counts.tolist(),
            "confidence": confidence.tolist(),
            "accuracy": accuracy.tolist(),
        },
    }
    task = find_task(card.task)
    return {**result, **(task.measures(log_p, answers) if isinstance(task, TrainingTask) else {})}


def _intervals(
    log_p: NDArray[np.float64], labels: NDArray[np.int64], groups: NDArray[np.int64]
) -> dict[str, list[float]]:
    order = np.argsort(-log_p, axis=1)
    correct = order[:, 0] == labels
    values = {
        "top1": correct.astype(float),
        "top3": (order[:, :3] == labels[:, None]).any(axis=1).astype(float),
        "nll": -log_p[np.arange(len(labels)), labels],
    }
    found = {name: list(bootstrap_interval(value, groups)) for name, value in values.items()}
    return {**found, "balanced": list(balanced_interval(correct, labels, groups))}
