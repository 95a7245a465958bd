"""Whether the nearest known domains improve the classifier's answer, on validation domains.

The probability of an architecture is mixed with the share it has among the nearest training
domains, each weighted by ``exp(similarity / temperature)``. Nothing is changed by this; the
table says what mixing would be worth.

Example: ``python -m experiments.search.knn --model models/cath --shards shards``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.search.features import LabelledFeatures, nodes, read_features
from protvox.predict.embed_head import EmbeddingHead
from protvox.predict.index_released import HEAD_FILE, index_folder
from protvox.train.metrics import bootstrap_interval, log_softmax
from protvox.vocabulary import PAPER_ARCHITECTURES
from protvox.zoo.card import read_card

NEIGHBOURS = (10, 50)
TEMPERATURES = (0.05, 0.1)
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)


def neighbour_shares(
    similarity: NDArray[np.float32], labels: NDArray[np.int64], k: int, temperature: float, n: int
) -> NDArray[np.float64]:
    """Return the share of each label among the nearest, ``query label``.

    Parameters
    ----------
    similarity
        ``query known``.
    labels
        ``known`` int64.
    k
        How many are looked at.
    temperature
        How fast weights fall with similarity.
    n
        Number of labels.
    """
    near = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    weights = np.exp(np.take_along_axis(similarity, near, axis=1).astype(float) / temperature)
    weights /= weights.sum(axis=1, keepdims=True)
    shares = np.zeros((len(similarity), n))
    np.add.at(shares, (np.arange(len(similarity))[:, None], labels[near]), weights)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("runs/search"))
    options = parser.parse_args()
    card = read_card(options.model)
    head = EmbeddingHead.load(index_folder(options.model) / HEAD_FILE, card)
    names = list(card.architecture["labels"])

    def read(split: str) -> tuple[LabelledFeatures, NDArray[np.float32], NDArray[np.int64]]:
        data = read_features(options.model, options.shards / split, options.cache)
        places = {name: place for place, name in enumerate(names)}
        labels = np.array([places.get(node, -1) for node in nodes(data.codes, 2)])
        return data, head.embed(data.plain, data.traces), labels

    _, known, known_labels = read("cath-train")
    data, asked, labels = read("cath-val")
    kept, usable = known_labels >= 0, labels >= 0
    similarity = (asked[usable] @ known[kept].T).astype(np.float32)
    labels = labels[usable]
    own = np.exp(log_softmax(data.logits[usable] / card.temperature))
    families = data.level(4)[usable]
    ten = np.array([names.index(name) for name in PAPER_ARCHITECTURES])
    of_ten = np.isin(labels, ten)
    rows = []
    for k in NEIGHBOURS:
        for temperature in TEMPERATURES:
            shares = neighbour_shares(similarity, known_labels[kept], k, temperature, len(names))
            for weight in WEIGHTS:
                mixed = (1 - weight) * own + weight * (0.99 * shares + 0.01 / len(names))
                loss = -np.log(mixed[np.arange(len(labels)), labels])
                right = ten[mixed[:, ten].argmax(axis=1)] == labels
                rows.append({
                    "neighbours": k, "temperature": temperature, "weight": weight,
                    "top1": float((mixed.argmax(axis=1) == labels).mean()),
                    "nll": float(loss.mean()), "nll_interval": bootstrap_interval(loss, families),
                    "paper": float(right[of_ten].mean()),
                })  # fmt: skip
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
