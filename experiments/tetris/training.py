"""Training in one pose and testing in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from experiments.tetris.layers import CommonScale, Scale
from experiments.tetris.shapes import NAMES, draw
from protvox.train.metrics import confusion_matrix
from protvox.voxel.rotation import random_rotations

SETTLING_BATCHES: Final = 8
"""Number of batches on which norms are re-estimated after the training."""

ANGLES: Final = tuple(range(0, 181, 15))
"""Degrees away from the trained pose."""


@dataclass(frozen=True)
class TrainingConfig:
    """Schedule of training and test.

    Attributes
    ----------
    seeds
        Networks of each kind.
    steps
        Optimiser steps of a round, each over the eight pieces.
    rounds
        Largest number of rounds. Another follows while a network has not learned its eight pieces.
    learning_rate
        Rate of AdamW; falls linearly to 0 over the second half of every round.
    rotations
        Test poses of every piece, drawn uniformly from all rotations.
    shift
        Largest shift along each axis, in voxels, in training and testing.
    axes
        Axes about which a piece is rotated at each of `ANGLES`, for the figure.
    """

    seeds: int = 17
    steps: int = 60
    rounds: int = 3
    learning_rate: float = 2e-2
    rotations: int = 40
    shift: float = 1.0
    axes: int = 1


def fit(network: nn.Module, config: TrainingConfig, seed: int) -> float:
    """Train a network on the eight pieces in one orientation.

    Parameters
    ----------
    network
        Network from densities to logits; left in evaluation mode.
    config
        The schedule.
    seed
        Seed of the shifts.

    Returns
    -------
    float
        Accuracy in the training orientation, in evaluation mode.
    """
    labels = np.arange(len(NAMES))
    targets = torch.from_numpy(labels)
    rng = np.random.default_rng([seed, 0])

    def shifted() -> Tensor:
        return draw(labels, None, rng.uniform(-config.shift, config.shift, (len(labels), 3)))

    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    accuracy = 0.0
    for _ in range(config.rounds):
        network.train()
        for step in range(config.steps):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * min(1.0, 2 * (1 - step / config.steps))
            loss = functional.cross_entropy(network(shifted()), targets)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        settle(network, [shifted() for _ in range(SETTLING_BATCHES)])
        accuracy = float((classify(network, draw(labels)) == labels).mean())
        if accuracy == 1:
            break
    return accuracy


def settle(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Re-estimate the statistics of all norms, which lag behind the weights.

    Parameters
    ----------
    network
        Left in evaluation mode.
    inputs
        Batches of the training.
    """
    for part in network.modules():
        if isinstance(part, Scale | CommonScale):
            part.reset()
    network.train()
    with torch.no_grad():
        for batch in inputs:
            network(batch)
    network.eval()


def classify(network: nn.Module, inputs: Tensor, batch_size: int = 64) -> NDArray[np.int64]:
    """Return the predicted piece of every density.

    Parameters
    ----------
    network
        In evaluation mode.
    inputs
        ``sample 1 x y z``.
    batch_size
        Samples at a time.

    Returns
    -------
    ndarray
        ``sample`` int64.
    """
    with torch.inference_mode():
        parts = [network(part).argmax(dim=1) for part in inputs.split(batch_size)]
    return torch.cat(parts).numpy()


def test_poses(config: TrainingConfig, seed: int) -> tuple[Tensor, NDArray[np.int64]]:
    """Draw every piece with uniformly random rotations and shifts.

    Parameters
    ----------
    config
        Number of rotations, and size of shifts.
    seed
        Seed of the poses.

    Returns
    -------
    inputs : Tensor
        ``sample 1 x y z``.
    labels : ndarray
        ``sample`` int64.
    """
    rng = np.random.default_rng([seed, 1])
    labels = np.repeat(np.arange(len(NAMES)), config.rotations)
    shifts = rng.uniform(-config.shift, config.shift, (len(labels), 3))
    return draw(labels, random_rotations(len(labels), rng), shifts), labels


def angle_poses(config: TrainingConfig, seed: int) -> tuple[Tensor, NDArray[np.int64]]:
    """Draw every piece rotated by each of `ANGLES` about random axes.

    Parameters
    ----------
    config
        Number of axes.
    seed
        Seed of the axes.

    Returns
    -------
    inputs : Tensor
        ``angle * piece * axis 1 x y z``.
    labels : ndarray
        ``angle * piece * axis`` int64.
    """
    rng = np.random.default_rng([seed, 2])
    labels = np.repeat(np.arange(len(NAMES)), config.axes)
    axis = rng.standard_normal((len(labels), 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    turns = np.concatenate([rotation_about(axis, np.radians(angle)) for angle in ANGLES])
    labels = np.tile(labels, len(ANGLES))
    return draw(labels, turns), labels


def rotation_about(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Return rotations about given axes (Rodrigues' formula).

    Parameters
    ----------
    axis
        ``sample 3`` unit vectors.
    angle
        Radians.

    Returns
    -------
    ndarray
        ``sample 3 3`` float64.
    """
    x, y, z = axis.T
    zero = np.zeros(len(axis))
    cross = np.moveaxis(np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]), 2, 0)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@dataclass(frozen=True)
class Outcome:
    """Outcome of one trained network.

    Attributes
    ----------
    accuracy
        Accuracy on the random test poses.
    trained
        The same for the trained pose.
    by_angle
        The same for each of `ANGLES`.
    confusion
        ``true predicted`` int64, on the random test poses.
    """

    accuracy: float
    trained: float
    by_angle: tuple[float, ...]
    confusion: NDArray[np.int64]


def run_seed(network: nn.Module, config: TrainingConfig, seed: int) -> Outcome:
    """Train one network and test it.

    Parameters
    ----------
    network
        Network with random weights.
    config
        The schedule.
    seed
        Seed of the test poses, the same ones for all kinds of network.
    """
    trained = fit(network, config, seed)
    inputs, labels = test_poses(config, seed)
    found = classify(network, inputs)
    rotated, rotated_labels = angle_poses(config, seed)
    right = (classify(network, rotated) == rotated_labels).reshape(len(ANGLES), -1).mean(axis=1)
    return Outcome(
        float((found == labels).mean()),
        trained,
        tuple(float(share) for share in right),
        confusion_matrix(found, labels, len(NAMES)),
    )
