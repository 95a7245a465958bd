"""Retrieval of protein domains by the embeddings of ``protvox embed``.

Every domain is a query against all others, ranked by the angle between their embeddings. The
measures are those of the contest, without the query itself. The embedding has two parts, the
features of the network and the course of the chain; the network's part is also measured alone, and
so are lists in random order.

Example: ``python -m experiments.shrec17.domains --model models/cath --shards shards/cath-test
-o experiments/shrec17/results/domains.json``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from experiments.search.features import read_features
from experiments.shrec17.evaluator import Labels, evaluate
from experiments.shrec17.lists import rank_by_angle
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.released import HEAD_FILE, index_folder
from protvox.registry.installed import load_folder

LEVELS: Final = {"architecture": (2, 3), "topology": (3, 4)}
"""Numbers of a CATH code that make the category and the subcategory."""


def measure(
    codes: Sequence[str], embeddings: Mapping[str, NDArray[np.floating]], seed: int = 0
) -> dict[str, Any]:
    """Measure retrieval at every level, by every embedding and by random lists.

    Parameters
    ----------
    codes
        CATH code of every domain.
    embeddings
        ``domain axis`` by name.
    seed
        Seed of the random lists.

    Returns
    -------
    dict
        By level and embedding, and ``random``: the measures of
        `experiments.shrec17.evaluator.evaluate`; and the number of ``categories``.
    """
    names = [f"{row:05d}" for row in range(len(codes))]
    found = {
        kind: {
            name: [model for model, _ in ranked]
            for name, ranked in rank_by_angle(names, vectors).items()
        }
        for kind, vectors in embeddings.items()
    }
    rng = np.random.default_rng(seed)
    found["random"] = {
        name: [names[row] for row in rng.permutation(len(names))[:1000]] for name in names
    }
    results: dict[str, Any] = {}
    for level, (category, subcategory) in LEVELS.items():
        parts = [code.split(".") for code in codes]
        labels = {
            name: Labels(".".join(part[:category]), ".".join(part[:subcategory]))
            for name, part in zip(names, parts, strict=True)
        }
        results[level] = {
            "categories": len({one.category for one in labels.values()}),
            **{kind: evaluate(lists, labels, with_query=False) for kind, lists in found.items()},
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"), help="CATH model")
    parser.add_argument("--shards", type=Path, required=True, help="folder of domain shards")
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    parser.add_argument("-o", "--output", type=Path, required=True, help="domains.json")
    options = parser.parse_args()
    card, _ = load_folder(options.model)
    head = EmbeddingHead.load(index_folder(options.model) / HEAD_FILE, card)
    data = read_features(options.model, options.shards, options.cache)
    embeddings = {
        "embedding": head.embed(data.plain, data.traces),
        "network_part": head.features.embed(data.plain),
    }
    results = {
        "schema": "protvox.retrieval/1",
        "model": card.reference,
        "sha256": card.sha256,
        "head": head.sha256,
        "shards": options.shards.name,
        "domains": len(data.codes),
        **measure(data.codes.tolist(), embeddings),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
