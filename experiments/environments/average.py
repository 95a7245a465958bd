"""The mean of the weights of networks that continue each other's training.

Cycles of a high rate and a cool-down end at different borders of one flat region of the loss, and
their mean is further inside it (Izmailov et al., UAI 2018). Batch norms are re-estimated on
training residues.
The result is a folder for ``experiments.release``.

Example: ``python -m experiments.environments.average runs/second/model.safetensors
runs/third/model.safetensors --train shards/environment-train -o runs/environment``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.tasks.environment.data import EnvironmentData
from protvox.train.batch_norm import reestimate_batch_norm
from protvox.train.checkpoint import save_checkpoint
from protvox.train.config import read_config
from protvox.train.release import CHECKPOINT_FILE
from protvox.train.shard import read_shards

CONFIG = Path(__file__).with_name("continued-5.toml")
SETTLING_BATCHES = 150
SEED = 12345
"""Seed of the order of the training residues on which batch norms are re-estimated."""


def mean_weights(files: Sequence[Path]) -> dict[str, Tensor]:
    """Return the mean of weights, name by name.

    Parameters
    ----------
    files
        Weights of one architecture, at least one file.
    """
    states = [load_file(path) for path in files]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(first.dtype)
        for name, first in states[0].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+", help="weights to average")
    parser.add_argument("--train", type=Path, required=True, help="folder of training shards")
    parser.add_argument("--config", type=Path, default=CONFIG, help="of the last training")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to release")
    options = parser.parse_args()
    architecture, loop = read_config(options.config, EnvironmentConfig)
    network = EnvironmentNet(architecture)
    network.load_state_dict(mean_weights(options.weights))
    shard = read_shards(sorted(options.train.glob("*.npz")))
    data = EnvironmentData(shard, architecture.moments, architecture.cb_offset)
    batches = islice(data.batches(loop.batch_size, SEED), SETTLING_BATCHES)
    reestimate_batch_norm(network, (moments for moments, _ in batches))
    options.output.mkdir(parents=True, exist_ok=True)
    state: dict[str, object] = {"step": loop.steps, "loop": asdict(loop)}
    save_checkpoint(options.output / CHECKPOINT_FILE, network, (), state)


if __name__ == "__main__":
    main()
