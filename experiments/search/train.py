"""Train the embedding of domains for retrieval.

Runs the released CATH network over the training domains, as they are and augmented, stores its
features, and fits the two matrices of the embedding; minutes on one core. Prints the measures on
other domains if they are given.

Example: ``python -m experiments.search.train --model models/cath --shards shards
--training cath-all``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from experiments.search.contrast import Schedule, refine
from experiments.search.discriminant import Recipe, fit_block
from experiments.search.features import LabelledFeatures, read_features
from experiments.search.measures import across, within
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.released import HEAD_FILE, index_folder
from protvox.registry.card import Card, read_card

FEATURES = Recipe(axes=96, level=3, shrinkage=0.1)
TRACE = Recipe(axes=32, level=3, shrinkage=0.3)
TRACE_WEIGHT = 0.7
COPIES = 3
"""Chosen on the validation domains, see decision 0029."""


def fit(training: LabelledFeatures, card: Card) -> EmbeddingHead:
    """Fit the embedding of a model to training domains.

    Parameters
    ----------
    training
        The training domains, with augmented copies.
    card
        Card of the model that computed the features.
    """
    families = training.level(4)
    discriminants = EmbeddingHead(
        fit_block(
            training.plain, training.varied, training.level(FEATURES.level), families, FEATURES, 1.0
        ),
        fit_block(
            training.traces,
            training.varied_traces,
            training.level(TRACE.level),
            families,
            TRACE,
            TRACE_WEIGHT,
        ),
        card.reference,
        card.sha256,
    )
    return refine(discriminants, training, Schedule(), seed=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument(
        "--training", required=True, help="training domains of the model, e.g. cath-all"
    )
    parser.add_argument("--check", help="held-out domains to measure on")
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    options = parser.parse_args()
    training = read_features(
        options.model, options.shards / options.training, options.cache, copies=COPIES
    )
    folder = index_folder(options.model)
    folder.mkdir(parents=True, exist_ok=True)
    head = fit(training, read_card(options.model)).save(folder / HEAD_FILE)
    if options.check is None:
        return
    check = read_features(options.model, options.shards / options.check, options.cache)
    known = head.embed(training.plain, training.traces)
    queries = head.embed(check.plain, check.traces)
    found = {
        "train": across(queries, check.codes, known, training.codes),
        "itself": within(queries, check.codes),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
