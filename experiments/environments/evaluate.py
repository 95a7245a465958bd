"""Measure the residue-environment model on a split.

Example: ``python -m experiments.environments.evaluate --model models/environment
--shards shards/environment-test --structures data
--split test -o experiments/environments/results/metrics.json``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.environments.strata import (
    Outcome,
    by_amino_acid,
    by_burial,
    by_interface,
    count_neighbours,
    read_chains,
    touch_chains,
)
from experiments.environments.strata_figure import draw_strata
from experiments.evaluation import parser, picture, run
from protvox.registry.card import Card
from protvox.train.answers import Answers
from protvox.train.metrics import log_softmax
from protvox.train.shard import read_shards


def strata(shards: list[Path], structures: Path | None) -> Callable[[Answers, Card], Any]:
    """Return a function that measures by burial, amino acid and, given the files, interface."""

    def measure(answers: Answers, card: Card) -> dict[str, Any]:
        shard = read_shards(shards)
        log_p = log_softmax(answers.logits / card.temperature)
        outcome = Outcome(log_p, answers.labels, answers.groups)
        neighbours = count_neighbours(shard, answers.rows)
        found = {
            "by_burial": by_burial(outcome, neighbours),
            "by_amino_acid": by_amino_acid(outcome, answers.classes),
        }
        if structures is None:
            return found
        interface, several = touch_chains(shard, answers.rows, read_chains(shard, structures))
        return {**found, "by_interface": by_interface(outcome, neighbours, interface, several)}

    return measure


def main() -> None:
    arguments: argparse.ArgumentParser = parser(__doc__ or "")
    arguments.add_argument(
        "--structures",
        type=Path,
        help="folder of the files of the shards, to find interfaces",
    )
    options = arguments.parse_args()
    shards = sorted(options.shards.glob("*.npz"))
    metrics = run(options, strata(shards, options.structures))
    draw_strata(metrics, picture(options.output, "strata"))


if __name__ == "__main__":
    main()
