"""The environment network, briefly trained on atom types and on elements.

Both trainings are identical, down to the number of weights. For the elements, every atom type
reads the sum over the types of its element, so that they cannot be distinguished.

Example: ``python -m experiments.environments.vocabulary --train shards/environment-train
--validation shards/environment-val -o experiments/environments/results/vocabulary.json``
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from protvox.chemistry import ATOM_TYPES
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.tasks.environment.data import EnvironmentData, predict_rows
from protvox.tasks.environment.task import TASK
from protvox.train.loop import LoopConfig, train
from protvox.train.metrics import classification_summary
from protvox.train.shard import Shard, read_shards

ELEMENTS = ("C", "N", "O", "sulfur", "hetero_polar", "metal")
LOOP = LoopConfig(steps=320, warmup=100, evaluate_every=320, checkpoint_every=1e9)


class ElementData(EnvironmentData):
    """Environments in which only the elements of atoms are known."""

    def moments(self, *args, **options):
        """Return the moments, the same for all types of one element."""
        out = super().moments(*args, **options)
        start = 0
        for degree in self.spec.degrees:
            shells = len(self.spec.shells_of(degree))
            end = start + (2 * degree + 1) * self.spec.n_types * shells
            shape = (len(out), 2 * degree + 1, self.spec.n_types, shells, self.spec.n_points)
            part = out[:, start:end].reshape(shape)
            part[:] = np.einsum("ut,nctsp->ncusp", same_element(), part)
            start = end
        return out


def same_element() -> np.ndarray:
    """Return ``type type`` float32, 1 where two types are of one element."""
    element = [next((e for e in ELEMENTS if name.endswith(e)), "C") for name in ATOM_TYPES]
    element.append("own backbone")
    names = np.array(element)
    return (names[:, None] == names).astype(np.float32)


def measure(kind: type[EnvironmentData], learn: Shard, check: Shard) -> dict[str, float]:
    config = EnvironmentConfig()
    data = kind(learn, config.moments, config.cb_offset)
    held_out = kind(check, config.moments, config.cb_offset)
    rows = held_out.sample(TASK.validation_sample, seed=0)
    torch.manual_seed(LOOP.seed)
    network = EnvironmentNet(config)
    device = torch.device("cpu")
    with tempfile.TemporaryDirectory() as folder:
        train(
            network,
            lambda first: data.batches(LOOP.batch_size, LOOP.seed, first),
            lambda trained: classification_summary(*predict_rows(trained, held_out, rows, device)),
            LOOP,
            Path(folder),
            device=device,
            report=lambda progress: None,
        )
        log = (Path(folder) / "log.jsonl").read_text().splitlines()
    return {"n": len(rows), **json.loads(log[-1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder of training shards")
    parser.add_argument("--validation", type=Path, required=True, help="folder of shards")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    learn = read_shards(sorted(options.train.glob("*.npz")))
    check = read_shards(sorted(options.validation.glob("*.npz")))
    results = {
        "split": "val",
        "samples": LOOP.steps * LOOP.batch_size,
        "atom types": measure(EnvironmentData, learn, check),
        "elements": measure(ElementData, learn, check),
    }
    options.output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
