"""The weight of the nearest superfamilies in the predicted architecture.

Combines both in several ways on the validation domains and writes the measures; the way in
``experiments/cath/card.toml`` was chosen from this table. See `protvox.tasks.cath.vote`.

Example: ``python -m experiments.search.vote --model models/cath --shards shards
-o experiments/search/results/vote.json``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.search.features import LabelledFeatures, nodes, read_features
from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.predict.index.find_relatives import LOOKED_AT
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.released import HEAD_FILE, index_folder
from protvox.predict.results.neighbours import Neighbour
from protvox.registry.card import Vote, read_card
from protvox.tasks.cath.vote import cast_votes
from protvox.train.metrics import bootstrap_interval, classification_summary, log_softmax

SUPERFAMILIES = (1, 5, 10, 20)
TEMPERATURES = (0.05, 0.1, 0.2)
WEIGHTS = (0.3, 0.5, 0.7)


def near_ones(
    similarity: NDArray[np.float32], names: Sequence[str], codes: Sequence[str]
) -> list[Neighbour]:
    """Return the known domains most similar to one, nearest first.

    Parameters
    ----------
    similarity
        ``known``, of one domain to all known ones.
    names, codes
        ``known``, CATH domain names and codes.
    """
    order = np.argsort(-similarity, kind="stable")[:LOOKED_AT]
    return [Neighbour(names[i], codes[i], float(similarity[i])) for i in order.tolist()]


def measures(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int64],
    labels: Sequence[str],
    families: NDArray[np.int64],
) -> dict[str, Any]:
    """Return the measures of predictions.

    Parameters
    ----------
    probabilities
        ``domain label``, probabilities.
    truth
        ``domain`` int64.
    labels
        Architectures.
    families
        ``domain`` int64, superfamilies, which the interval resamples.
    """
    ten = np.sort([labels.index(name) for name in PAPER_ARCHITECTURES])
    of_ten = np.isin(truth, ten)
    among_ten = np.log(probabilities[of_ten][:, ten])
    paper = classification_summary(among_ten, np.searchsorted(ten, truth[of_ten]))
    loss = -np.log(probabilities[np.arange(len(truth)), truth])
    return {
        **classification_summary(np.log(probabilities), truth),
        "nll_interval": bootstrap_interval(loss, families),
        "paper_top1": paper["top1"],
        "paper_balanced": paper["balanced"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("runs/search"))
    parser.add_argument("-o", "--output", type=Path, required=True, help="the table")
    options = parser.parse_args()
    card = read_card(options.model)
    head = EmbeddingHead.load(index_folder(options.model) / HEAD_FILE, card)
    labels = list(card.architecture["labels"])

    def read(split: str) -> tuple[LabelledFeatures, NDArray[np.float32]]:
        data = read_features(options.model, options.shards / split, options.cache)
        return data, head.embed(data.plain, data.traces)

    training, known = read("cath-train")
    check, queries = read("cath-val")
    architectures = nodes(check.codes, 2)
    usable = np.isin(architectures, labels)
    truth = np.array([labels.index(name) for name in architectures[usable]], dtype=np.int64)
    families = check.level(4)[usable]
    own = np.exp(log_softmax(check.logits[usable] / card.temperature))
    names, codes = training.names.tolist(), training.codes.tolist()
    near = [near_ones(known @ vector, names, codes) for vector in queries[usable]]
    rows: list[dict[str, Any]] = [{"vote": None, **measures(own, truth, labels, families)}]
    for values in product(SUPERFAMILIES, TEMPERATURES, WEIGHTS):
        vote = Vote(*values)
        mixed = np.stack(
            [cast_votes(p, labels, one, vote) for p, one in zip(own, near, strict=True)]
        )
        rows.append({"vote": vote.__dict__, **measures(mixed, truth, labels, families)})
    table = {
        "schema": "protvox.vote/1",
        "model": card.reference,
        "sha256": card.sha256,
        "split": "val",
        "n": len(truth),
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(table, indent=1) + "\n")
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
