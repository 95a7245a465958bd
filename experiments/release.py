"""Make a model folder from a finished training.

Example: ``python -m experiments.release cath --run runs/cath --train shards/cath-train
--validation shards/cath-val -o models/cath``
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import torch

from protvox.registry.card import Vote
from protvox.train.release import release

HERE = Path(__file__).parent
EXPERIMENT = {"environment": HERE / "environments", "cath": HERE / "cath"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(EXPERIMENT))
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
    folder = EXPERIMENT[options.task]
    words = tomllib.loads((options.card or folder / "card.toml").read_text())
    cost = {"cost": options.cost} if options.cost else {}
    card = release(
        options.run,
        options.config or folder / "config.toml",
        options.output,
        task=options.task,
        train_shards=sorted(options.train.glob("*.npz")),
        validation_shards=validation,
        version=words["version"],
        summary=words["summary"],
        training={**words["training"], **cost},
        device=torch.device(options.device),
        flatten_prior=words.get("flatten_prior", 0.0),
        vote=Vote(**words["vote"]) if "vote" in words else None,
        temperature=words.get("temperature") if options.validation is None else None,
    )
    done, planned = card.training["steps"], card.training["loop"]["steps"]
    if done < planned:
        print(f"note: the training stopped at step {done} of {planned}")
    print((options.output / "MODEL_CARD.md").read_text())


if __name__ == "__main__":
    main()
