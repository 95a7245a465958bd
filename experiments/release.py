"""Make a model folder from a finished training.

Example: ``python -m experiments.release cath --run runs/cath --train shards/cath-train
--validation shards/cath-val -o models/cath``
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from protvox.train.release import release
from protvox.train.words import read_words

HERE = Path(__file__).parent
EXPERIMENTS = {"environment": HERE / "environments", "cath": HERE / "cath"}
"""Folder of the configuration and the card of a task."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(EXPERIMENTS))
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--train", type=Path, required=True, help="folder of training shards")
    parser.add_argument(
        "--validation", type=Path, help="folder of shards; or a temperature in card.toml"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder")
    parser.add_argument("--config", type=Path, help="configuration, the experiment's by default")
    parser.add_argument("--card", type=Path, help="text of the card, the experiment's by default")
    parser.add_argument("--cost", help="cost of the training, for the card")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    validation = [] if options.validation is None else sorted(options.validation.glob("*.npz"))
    folder = EXPERIMENTS[options.task]
    words = read_words(options.card or folder / "card.toml")
    if options.validation is not None:
        words = replace(words, temperature=None)
    if options.cost:
        words = replace(words, training={**words.training, "cost": options.cost})
    card = release(
        options.run,
        options.config or folder / "config.toml",
        options.output,
        task=options.task,
        train_shards=sorted(options.train.glob("*.npz")),
        validation_shards=validation,
        words=words,
        device=torch.device(options.device),
    )
    done, planned = card.training["steps"], card.training["loop"]["steps"]
    if done < planned:
        print(f"note: the training stopped at step {done} of {planned}")
    print((options.output / "MODEL_CARD.md").read_text())


if __name__ == "__main__":
    main()
