"""Training and testing of a network on point clouds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.shrec17.meshes import Clouds, draw
from experiments.shrec17.networks import NetworkConfig, build
from experiments.tetris.training import settle
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.voxel.rotation import random_rotations

AUGMENTED: Final = "_augmented"
"""Suffix of the name of a network whose training models are rotated at random."""

KINDS: Final = ("steerable", "conventional", f"conventional{AUGMENTED}")
"""Networks to train."""

SETTLING_BATCHES: Final = 8
"""Batches from which the statistics of the norms are estimated again."""


@dataclass(frozen=True)
class ShapeConfig:
    """Grid and network.

    Attributes
    ----------
    grid
        Edge of the grid, voxels.
    points
        Points on the surface of a model.
    poses
        Training poses, ``"normal"`` or ``"perturbed"``.
    rotate
        Rotate training models at random each time they are read.
    multiplicities, sizes, strides, widths
        Of the layers, see `experiments.shrec17.networks.NetworkConfig`.
    sigma
        Width of the Gaussian of a point, voxels.
    """

    grid: int
    points: int
    poses: str
    rotate: bool
    multiplicities: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    widths: tuple[float, ...] = ()
    sigma: float = 1.0

    def network(self, classes: int) -> NetworkConfig:
        """Return the shape of the networks for a number of classes."""
        return NetworkConfig(
            multiplicities=self.multiplicities,
            sizes=self.sizes,
            strides=self.strides,
            widths=self.widths,
            classes=classes,
        )


class ShapeData:
    """Models as batches of grids.

    Parameters
    ----------
    clouds
        The models.
    classes
        Their categories in the order of the output of a network.
    grid
        Edge of the grid, voxels.
    sigma
        Width of the Gaussian of a point, voxels.
    """

    def __init__(
        self, clouds: Clouds, classes: tuple[str, ...], grid: int, sigma: float = 1.0
    ) -> None:
        index = {name: label for label, name in enumerate(classes)}
        self.clouds = clouds
        self.grid = grid
        self.sigma = sigma
        self.labels = np.array([index[one.category] for one in clouds.labels], dtype=np.int64)

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0, *, rotate: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield training batches forever, the same ones for the same seed.

        Parameters
        ----------
        batch_size
            Models per batch.
        seed
            Seed of their order and rotations.
        first_step
            Batch to begin with.
        rotate
            Rotate every model at random.
        """
        per_epoch = max(len(self.labels) // batch_size, 1)
        step = first_step
        while True:
            epoch, batch = divmod(step, per_epoch)
            order = np.random.default_rng([seed, epoch]).permutation(len(self.labels))
            rows = order[batch * batch_size : (batch + 1) * batch_size]
            rng = np.random.default_rng([seed, epoch, batch])
            rotations = random_rotations(len(rows), rng) if rotate else None
            inputs = draw(self.clouds.points[rows], self.grid, rotations, self.sigma)
            yield inputs, torch.from_numpy(self.labels[rows])
            step += 1

    def predict(
        self, network: nn.Module, device: torch.device, batch_size: int = 32
    ) -> NDArray[np.float32]:
        """Return the logits of all models, ``model class`` float32.

        Parameters
        ----------
        network
            In evaluation mode.
        device
            Device of the network.
        batch_size
            Models at a time.
        """
        logits = []
        with torch.inference_mode():
            for start in range(0, len(self.labels), batch_size):
                points = self.clouds.points[start : start + batch_size]
                grids = draw(points, self.grid, sigma=self.sigma)
                logits.append(network(grids.to(device)).float().cpu().numpy())
        return np.concatenate(logits)


def fit(
    kind: str,
    learn: ShapeData,
    check: ShapeData,
    classes: int,
    config: ShapeConfig,
    loop: LoopConfig,
    out: Path,
    *,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None = None,
) -> nn.Module | None:
    """Train a network, or resume the one in ``out``.

    Parameters
    ----------
    kind
        One of `KINDS`.
    learn, check
        Training and validation models.
    classes
        Number of categories.
    config, loop
        The network and the schedule.
    out
        Folder of the checkpoint and the log.
    device
        Device to compute on.
    report
        Called with the progress.
    time_limit
        Seconds after which to stop with a checkpoint.

    Returns
    -------
    Module or None
        The network in evaluation mode; None if the time ran out.
    """
    network = build(kind.removesuffix(AUGMENTED), config.network(classes), loop.seed)
    rotate = config.rotate or kind.endswith(AUGMENTED)

    def batches(first: int) -> Iterator[tuple[Tensor, Tensor]]:
        return learn.batches(loop.batch_size, loop.seed, first, rotate=rotate)

    def settled(trained: nn.Module) -> None:
        inputs = (one.to(device) for one, _ in islice(batches(0), SETTLING_BATCHES))
        settle(trained, inputs)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        settled(trained)
        return classification_summary(check.predict(trained, device), check.labels)

    done = train(
        network,
        batches,
        evaluate,
        loop,
        out,
        device=device,
        report=report,
        time_limit=time_limit,
    )
    if not done:
        return None
    settled(network)
    return network.eval()
