"""Fit the probability that a hit is of the same superfamily, and of the same topology.

The queries are domains that the network was not trained on. Each is searched for twice: among all
known domains but itself, and among those of other superfamilies, as if its own were new. Writes
``relatives.json`` beside the index; see `protvox.predict.index.relatives`.

For a network that was trained on all domains, fit with ``--model`` the network on which its choices
were made and its index, and give the folder of the released one with ``--release``.

Example: ``python -m experiments.search.calibrate --model models/cath --shards shards
--queries cath-train-traces cath-val-traces --sequences runs/search/sequences.csv
--log runs/search/aligned.jsonl``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.search.aligned_hits import (
    Aligner,
    Case,
    collect,
    count_cases,
    of_index,
    of_shards,
    sample,
)
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import FEATURES, RelativesModel
from protvox.predict.index.released import (
    HEAD_FILE,
    INDEX_FILE,
    RELATIVES_FILE,
    index_folder,
)
from protvox.registry.card import read_card

KNOWN_SHARE = 2 / 3
"""Share of the queries whose superfamily is taken to be known, before any evidence."""

_DECAY = 1e-3
_STEPS = 200
_FAR = -1e9


def fit(cases: Sequence[Case], parts: int, weights: NDArray[np.float64]) -> tuple[float, ...]:
    """Fit the weights of the evidence for one level of CATH by maximum likelihood.

    Parameters
    ----------
    cases
        The queries with their candidates.
    parts
        Parts of a code at this level: 4 superfamily, 3 topology.
    weights
        ``case`` float64, of the cases.

    Returns
    -------
    tuple of float
        In the order of `FEATURES`.
    """
    width = max(len(case.codes) for case in cases)
    features = torch.zeros(len(cases), width, len(FEATURES), dtype=torch.float64)
    group = torch.zeros(len(cases), width, dtype=torch.int64)
    filled = torch.zeros(len(cases), width, dtype=torch.bool)
    truth = torch.full((len(cases),), width, dtype=torch.int64)
    for row, case in enumerate(cases):
        nodes = [".".join(code.split(".")[:parts]) for code in case.codes]
        order = {node: number for number, node in enumerate(dict.fromkeys(nodes))}
        n = len(nodes)
        features[row, :n] = torch.from_numpy(case.features)
        group[row, :n] = torch.tensor([order[node] for node in nodes])
        filled[row, :n] = True
        truth[row] = order.get(".".join(case.code.split(".")[:parts]), width)
    scale = torch.from_numpy(weights / weights.sum())
    values = torch.zeros(len(FEATURES), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([values], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        evidence = (features @ values).masked_fill(~filled, _FAR)
        best = torch.full_like(evidence, _FAR)
        best = best.scatter_reduce(1, group, evidence, "amax", include_self=True)
        logits = torch.cat([best, torch.zeros_like(best[:, :1])], dim=1)
        chosen = logits.log_softmax(dim=1)[torch.arange(len(cases)), truth]
        total = -(scale * chosen).sum() + _DECAY * (values[1:] ** 2).sum() / len(cases)
        total.backward()
        return total

    optimizer.step(loss)
    return tuple(round(value, 4) for value in values.detach().tolist())


def fit_model(cases: Sequence[Case], head: str) -> RelativesModel:
    """Fit both levels.

    Parameters
    ----------
    cases
        Queries whose superfamily is known, and queries whose superfamily is hidden.
    head
        Digest of the embedding.
    """
    known = np.array([case.known for case in cases])
    shares = np.where(known, KNOWN_SHARE / known.sum(), (1 - KNOWN_SHARE) / (~known).sum())
    new = [case for case in cases if not case.known]
    return RelativesModel(
        superfamily=fit(cases, 4, shares),
        topology=fit(new, 3, np.ones(len(new))),
        head=head,
        training={"known_share": round(KNOWN_SHARE, 4), **count_cases(cases)},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--release", type=Path, help="model to write for, --model by default")
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument("--queries", nargs="+", required=True, help="folders of queries")
    parser.add_argument("--size", type=int, default=500, help="number of queries")
    parser.add_argument("--seed", type=int, default=0, help="decides which")
    parser.add_argument("--sequences", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    parser.add_argument("--log", type=Path, required=True, help="alignments, to resume from")
    options = parser.parse_args()
    folder = index_folder(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, read_card(options.model))
    known = of_index(Index.load(folder / INDEX_FILE, head))
    parts = [
        of_shards(options.model, head, options.shards / name, options.cache, options.sequences)
        for name in options.queries
    ]
    queries = sum(parts[1:], start=parts[0])
    queries = queries.take(sample(queries.codes, options.size, 3, options.seed))
    aligner = Aligner(options.log)
    cases = [
        *collect(queries, known, aligner, hide_superfamily=False, label="known"),
        *collect(queries, known, aligner, hide_superfamily=True, label="new"),
    ]
    target = options.release or options.model
    path = index_folder(target) / RELATIVES_FILE
    released = EmbeddingHead.load(index_folder(target) / HEAD_FILE, read_card(target))
    model = fit_model(cases, released.sha256)
    model.save(path)
    print(path.read_text())


if __name__ == "__main__":
    main()
