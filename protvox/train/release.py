"""From a finished training to a model folder: calibrated, hashed, with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import torch

from protvox.errors import fail
from protvox.registry.build import read_architecture
from protvox.registry.card import Card, read_card, write_card
from protvox.registry.inference_weights import (
    INFERENCE_FILE,
    load_inference_network,
    save_inference_weights,
)
from protvox.registry.weights import save_weights
from protvox.train.calibrate import fit_temperature
from protvox.train.checkpoint import load_checkpoint
from protvox.train.config import read_config
from protvox.train.evaluate import answer_shards, measure
from protvox.train.model_card import write_model_card
from protvox.train.shard import read_shards
from protvox.train.task import further_measures, training_task
from protvox.train.words import CardWords

WEIGHTS_FILE: Final = "model.safetensors"

CHECKPOINT_FILE: Final = "checkpoint.safetensors"

_HEADLINES: Final = (
    "n",
    "n_groups",
    "n_unknown",
    "sample",
    "seed",
    "top1",
    "top3",
    "balanced",
    "nll",
    "ece",
    "uncalibrated",
    "intervals",
)
"""Measures that go into the card, beside the summaries of the task; tables and matrices stay in
``metrics.json``."""


def release(
    run: Path,
    config: Path,
    folder: Path,
    *,
    task: str,
    train_shards: Sequence[Path],
    validation_shards: Sequence[Path],
    words: CardWords,
    device: torch.device,
    name: str | None = None,
) -> Card:
    """Make a model folder of a training.

    Parameters
    ----------
    run
        Folder of the training, with its ``checkpoint.safetensors``.
    config
        Its configuration, see `protvox.train.config.read_config`.
    folder
        Folder for the weights, ``card.json`` and ``MODEL_CARD.md``.
    task
        What the network predicts.
    train_shards
        What it was trained on, for the numbers in the card.
    validation_shards
        What the temperature is fitted on; the measures on them go into the card. Empty if the
        training saw them, since then they can neither fit nor measure anything.
    words
        Text of the card. Its temperature is only used without validation shards.
    device
        Where to compute.
    name
        Name of the model; that of the task by default.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    ModelError
        If configuration and checkpoint do not fit together, an option is unknown
        (``release.option``), or there is no way to know the temperature
        (``release.temperature``).
    InputError
        If a shard cannot be used.
    """
    kind = training_task(task)
    for option in sorted(set(words.options) - kind.release_options):
        raise fail("release.option", where=task, option=option)
    if not validation_shards and words.temperature is None:
        raise fail("release.temperature", where=task)
    shard = read_shards(train_shards)
    architecture, loop = read_config(config, kind.config)
    network = kind.network(architecture)
    data = kind.training_data(shard, architecture, loop)
    learner, _ = kind.learner(network, data)
    state = load_checkpoint(run / CHECKPOINT_FILE, learner)
    network.to(device).float()
    kind.settle(network, data, loop, device)
    fields = kind.release_fields(network, data, words.options)
    network.cpu().eval().requires_grad_(False)
    folder.mkdir(parents=True, exist_ok=True)
    card = Card(
        name=name or task,
        version=words.version,
        task=task,
        summary=words.summary,
        architecture=asdict(architecture),
        weights=WEIGHTS_FILE,
        sha256=save_weights(network, folder / WEIGHTS_FILE),
        inference=INFERENCE_FILE,
        inference_sha256=save_inference_weights(network, folder / INFERENCE_FILE),
        **{
            **fields,
            "training": {
                **words.training,
                **fields.get("training", {}),
                "steps": state["step"],
                "loop": state.get("loop", asdict(loop)),
                "n_structures": shard.n_structures,
                "n_labelled": kind.n_labelled(data),
                "n_parameters": sum(p.numel() for p in network.parameters()),
            },
        },
    )
    if not validation_shards and words.temperature is not None:
        card = replace(card, temperature=words.temperature)
        write_card(card, folder)
        write_model_card(card, folder)
        return card
    # The network is measured as a user gets it: loaded from the folder, without a vote.
    loaded = load_inference_network(card, folder)
    answers = answer_shards(kind, loaded, read_architecture(card), validation_shards, device=device)
    card = replace(card, temperature=fit_temperature(answers.logits, answers.labels))
    write_card(card, folder)
    return record(folder, "validation", measure(answers, card))


def record(folder: Path, split: str, metrics: Mapping[str, Any]) -> Card:
    """Put the measures on a split into the card of a model.

    Parameters
    ----------
    folder
        Folder of the model.
    split
        Name of the split.
    metrics
        From `protvox.train.evaluate.evaluate`.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    ModelError
        If there is no model in the folder.
    """
    card = read_card(folder)
    summaries = further_measures(card.task)
    names = (*_HEADLINES, *(name for name in metrics if name in summaries))
    headlines = {name: metrics[name] for name in names if name in metrics}
    card = replace(card, metrics={**card.metrics, split: headlines})
    write_card(card, folder)
    write_model_card(card, folder)
    return card
