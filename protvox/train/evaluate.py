"""How good a released model is on a split, with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.chemistry import AMINO_ACIDS
from protvox.networks.cath import CathNet
from protvox.networks.environment import EnvironmentNet
from protvox.registry.card import Card
from protvox.registry.installed import load_folder
from protvox.train.cath import predict_domains
from protvox.train.data.domains import DomainData
from protvox.train.data.environments import EnvironmentData
from protvox.train.environment import predict_rows
from protvox.train.metrics import (
    balanced_interval,
    bootstrap_interval,
    classification_summary,
    confusion_matrix,
    log_softmax,
    reliability,
)
from protvox.train.shards.shard import read_shards

SCHEMA: Final = "protvox.metrics/1"
"""Name and version of the measures written as JSON."""


DomainAnswer = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""From the CA atoms of a domain, ``residue 3``, to the probability of every label, ``label``."""


@dataclass(frozen=True)
class Answers:
    """What a network says about labelled samples.

    Attributes
    ----------
    logits
        ``sample class`` float32, before any temperature.
    labels
        ``sample`` int64.
    groups
        ``sample`` int64, samples of one group are not independent of each other.
    classes
        Names of the classes.
    rows
        ``sample`` int64, the residue or domain of the joined shards that a sample is.
    n_unknown
        Samples left out since their label is none of the classes.
    said
        ``sample class`` float64, the probabilities of the final answer, where more than the
        network has a say; None where they are the calibrated ones of the network.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    n_unknown: int = 0
    said: NDArray[np.float64] | None = None


def answer_shards(
    network: EnvironmentNet | CathNet,
    shards: Sequence[Path],
    *,
    device: torch.device,
    sample: int | None = None,
    seed: int = 0,
    answer: DomainAnswer | None = None,
) -> Answers:
    """Run a network over the labelled samples of shards.

    Parameters
    ----------
    network
        The network, ready to predict, see `protvox.registry.installed.load_folder`.
    shards
        Shard files.
    device
        Where to compute.
    sample
        At most so many samples, chosen at random; all if None.
    seed
        Decides which.
    answer
        Gives the final answer for domains, where it is not that of the network alone.

    Returns
    -------
    Answers
        Grouped by structure for environments, by CATH superfamily for domains.

    Raises
    ------
    InputError
        If a shard cannot be used.
    """
    shard = read_shards(shards)
    network = network.to(device)
    if isinstance(network, EnvironmentNet):
        config = network.config
        residues = EnvironmentData(shard, config.moments, config.cb_offset)
        rows = _choose(residues.rows, sample, seed)
        logits, labels = predict_rows(network, residues, rows, device)
        return Answers(logits, labels, residues.structure[rows], AMINO_ACIDS, rows)
    domains = DomainData(shard, network.config)
    rows = _choose(domains.rows, sample, seed)
    logits, labels = predict_domains(network, domains, rows, device)
    _, family = np.unique(shard.structure_label[rows], return_inverse=True)
    unknown = shard.n_structures - len(domains.rows)
    groups = family.astype(np.int64)
    said = None if answer is None else np.stack([answer(domains.ca(row)) for row in rows.tolist()])
    return Answers(logits, labels, groups, network.config.labels, rows, unknown, said)


def evaluate(
    model: Path,
    shards: Sequence[Path],
    split: str,
    *,
    device: torch.device,
    sample: int | None = None,
    seed: int = 0,
    also: Callable[[Answers, Card], Mapping[str, Any]] | None = None,
    answer: DomainAnswer | None = None,
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
        At most so many samples, chosen at random; all if None.
    seed
        Decides which.
    also
        Takes more measures of the same answers.
    answer
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
    answers = answer_shards(network, shards, device=device, sample=sample, seed=seed, answer=answer)
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
        What it said.
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
        ``reliability``, 15 bins of confidence. For CATH also ``class_accuracy`` of the four
        CATH classes, ``paper`` (the ten architectures of Weiler et al. 2018, the answer
        chosen among them) and ``n_unknown``.
    """
    logits = answers.logits / card.temperature
    log_p, labels = log_softmax(logits), answers.labels
    if answers.said is not None:
        log_p = np.log(answers.said)
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
    if card.task == "cath":
        result["n_unknown"] = answers.n_unknown
        result["class_accuracy"] = _class_accuracy(log_p, answers)
        result["paper"] = _paper(log_p, answers)
    return result


def _choose(rows: NDArray[np.int64], sample: int | None, seed: int) -> NDArray[np.int64]:
    if sample is None or sample >= len(rows):
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


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


def _class_accuracy(log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
    tops = np.array([label.split(".")[0] for label in answers.classes])
    names = np.unique(tops)
    sums = np.stack([np.exp(log_p[:, tops == name]).sum(axis=1) for name in names], axis=1)
    correct = names[sums.argmax(axis=1)] == tops[answers.labels]
    interval = bootstrap_interval(correct.astype(float), answers.groups)
    return {"top1": float(correct.mean()), "intervals": {"top1": list(interval)}}


def _paper(log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
    columns = [i for i, name in enumerate(answers.classes) if name in PAPER_ARCHITECTURES]
    rows = np.isin(answers.labels, columns)
    if not rows.any():
        return {"n": 0}
    labels = np.searchsorted(columns, answers.labels[rows])
    chosen, groups = log_p[rows][:, columns], answers.groups[rows]
    correct = chosen.argmax(axis=1) == labels
    summary = classification_summary(chosen, labels)
    return {
        "n": int(rows.sum()),
        "classes": [answers.classes[column] for column in columns],
        "top1": summary["top1"],
        "balanced": summary["balanced"],
        "intervals": {
            "top1": list(bootstrap_interval(correct.astype(float), groups)),
            "balanced": list(balanced_interval(correct, labels, groups)),
        },
    }
