"""From a finished training to a model folder: calibrated, hashed, with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch

from protvox.errors import ModelError
from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.registry.card import Card, Vote, read_card, write_card
from protvox.registry.inference_weights import (
    INFERENCE_FILE,
    load_inference_network,
    save_inference_weights,
)
from protvox.registry.weights import save_weights
from protvox.structure.geometry.compactness import LEAST_MEASURED, measure_shape
from protvox.train.batch_norm import reestimate_batch_norm
from protvox.train.calibrate import fit_temperature
from protvox.train.cath import CathLearner, settling_batches
from protvox.train.checkpoint import load_checkpoint
from protvox.train.config import read_config
from protvox.train.data.domains import DomainData
from protvox.train.evaluate import answer_shards, measure
from protvox.train.model_card import write_model_card
from protvox.train.shards.shard import UNLABELLED, Shard, read_shards

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
    "class_accuracy",
    "paper",
)
"""Measures that go into the card; tables and matrices stay in ``metrics.json``."""


def release(
    run: Path,
    config: Path,
    folder: Path,
    *,
    task: Literal["environment", "cath"],
    train_shards: Sequence[Path],
    validation_shards: Sequence[Path],
    version: str,
    summary: str,
    training: Mapping[str, Any],
    device: torch.device,
    flatten_prior: float = 0.0,
    vote: Vote | None = None,
    temperature: float | None = None,
) -> Card:
    """Make a model folder of a training.

    Parameters
    ----------
    run
        Folder of the training, with its ``checkpoint.safetensors``.
    config
        Its configuration, see `protvox.train.config.read_config`.
    folder
        Folder to write the weights, ``card.json`` and ``MODEL_CARD.md`` to.
    task
        What the network predicts; also the name of the model.
    train_shards
        What it was trained on, for the numbers in the card.
    validation_shards
        What the temperature is fitted on; the measures on them go into the card. Empty if the
        training saw them, which then can neither fit nor measure anything.
    version
        Version of the model.
    summary
        One line about it.
    training
        More for the card: ``data``, ``split``, ``limits`` (a list of sentences) and the like.
    device
        Where to compute.
    flatten_prior
        For ``"cath"``: power of the label frequencies that is divided out of the answer, see
        `adjust_logits`.
    vote
        For ``"cath"``: the say of the nearest known superfamilies. The measures on validation
        data are without it, since it needs an index, which is built for a released network.
    temperature
        Without validation shards: that of an earlier training of the same kind.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    ModelError
        If configuration and checkpoint do not fit together, or nothing says the temperature.
    InputError
        If a shard cannot be used.
    """
    if not validation_shards and temperature is None:
        raise ModelError(
            "a model needs a temperature, and there is nothing to fit it on",
            where=task,
            remedy="Give validation shards, or the temperature of an earlier training",
            code="release.temperature",
        )
    learned = read_shards(train_shards)
    network: EnvironmentNet | CathNet
    if task == "environment":
        environment, loop = read_config(config, EnvironmentConfig)
        network = EnvironmentNet(environment)
        state = load_checkpoint(run / CHECKPOINT_FILE, network)
    else:
        cath, loop = read_config(config, CathConfig)
        network = CathNet(cath)
        domains = DomainData(learned, cath)
        learner = CathLearner(network, domains.n_topologies)
        state = load_checkpoint(run / CHECKPOINT_FILE, learner)
    network.to(device).float()
    if isinstance(network, CathNet):
        reestimate_batch_norm(network, settling_batches(domains, loop, device))
        adjust_logits(network, domains, flatten_prior)
    network.cpu().eval().requires_grad_(False)
    folder.mkdir(parents=True, exist_ok=True)
    card = Card(
        name=task,
        version=version,
        task=task,
        summary=summary,
        architecture=asdict(network.config),
        weights=WEIGHTS_FILE,
        sha256=save_weights(network, folder / WEIGHTS_FILE),
        inference=INFERENCE_FILE,
        inference_sha256=save_inference_weights(network, folder / INFERENCE_FILE),
        n_residues=_lengths(domains) if isinstance(network, CathNet) else None,
        shape=_shapes(domains) if isinstance(network, CathNet) else {},
        vote=vote,
        training={
            **training,
            **({"flatten_prior": flatten_prior} if flatten_prior else {}),
            "steps": state["step"],
            "loop": state.get("loop", asdict(loop)),
            "n_structures": learned.n_structures,
            "n_labelled": _labelled(learned, network),
            "n_parameters": sum(p.numel() for p in network.parameters()),
        },
    )
    if not validation_shards and temperature is not None:
        card = replace(card, temperature=temperature)
        write_card(card, folder)
        write_model_card(card, folder)
        return card
    # What is measured is what a user gets: the network as it is loaded from the folder.
    ready = load_inference_network(card, folder)
    answers = answer_shards(ready, validation_shards, device=device)
    card = replace(card, temperature=fit_temperature(answers.logits, answers.labels))
    write_card(card, folder)
    return record(folder, "validation", measure(answers, card))


def adjust_logits(network: CathNet, domains: DomainData, power: float) -> None:
    """Divide a power of the training frequencies out of a network's probabilities, in place.

    Parameters
    ----------
    network
        The network; the biases of its last layers are changed.
    domains
        What it was trained on.
    power
        0 leaves the answer as it was learned, 1 makes all labels equally likely beforehand.

    Notes
    -----
    Logit adjustment after training (Menon et al., ICLR 2021, equation 9).
    """
    counts = np.bincount(domains.labels[domains.rows], minlength=len(network.config.labels))
    last = [network.classifier[-1]]
    if network.elements is not None:
        last += network.elements.classifiers
    share = torch.from_numpy(counts / counts.sum()).clamp_min(1e-6).float()
    with torch.no_grad():
        for layer in last:
            bias = layer.get_parameter("bias")
            bias.sub_(power * share.log().to(bias))


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
        If the folder holds no model.
    """
    card = read_card(folder)
    headlines = {name: metrics[name] for name in _HEADLINES if name in metrics}
    card = replace(card, metrics={**card.metrics, split: headlines})
    write_card(card, folder)
    write_model_card(card, folder)
    return card


def _lengths(domains: DomainData) -> tuple[int, int]:
    lengths = [len(domains.ca(row)) for row in domains.rows.tolist()]
    # The shortest few are damaged entries of the training set, not domains.
    return int(np.percentile(lengths, 1)), max(lengths)


def _shapes(domains: DomainData) -> dict[str, tuple[float | None, float | None]]:
    """Return the limits of the measures of shape that a few per cent of the domains pass."""
    chains = [domains.ca(row) for row in domains.rows.tolist()]
    shapes = [measure_shape(ca) for ca in chains if len(ca) >= LEAST_MEASURED]

    def limit(measure: str, percentile: float) -> float:
        values = [getattr(shape, measure) for shape in shapes]
        return round(float(np.percentile(values, percentile)), 4)

    return {
        "bonded": (limit("bonded", 0.2), None),
        "contact_density": (limit("contact_density", 2), None),
        "relative_rg": (None, limit("relative_rg", 98)),
        "algebraic_connectivity": (limit("algebraic_connectivity", 3), None),
    }


def _labelled(shard: Shard, network: EnvironmentNet | CathNet) -> int:
    if isinstance(network, CathNet):
        labels = [".".join(code.split(".")[:2]) for code in shard.structure_label.tolist()]
        return int(np.isin(labels, network.config.labels).sum())
    return int((shard.residue_label != UNLABELLED).sum())
