"""Measure the domain card: superfamily, topology and architecture with their probabilities.

The test domains are searched for in the released index, where their superfamilies are new; among
each other, where most are known; and in both together. Among fewer domains a hit by chance is less
likely than the probabilities assume, which were fitted for the index, so that of the last two only
the search in both tests their calibration. Queries of `tm_align_test.jsonl` are compared with
TM-align.

Example: ``python -m experiments.search.cards --model models/cath --shards shards
--sequences runs/search/sequences.csv --log runs/search/aligned-test.jsonl
--within experiments/search/results/tm_align_test.jsonl -o experiments/search/results/cards.json``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.search.aligned_hits import Aligner, Case, Domains, collect, of_index, of_shards
from experiments.search.features import nodes, read_features
from protvox.predict.index.find_relatives import LOOKED_AT, is_decided
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import RelativeProbabilities, RelativesModel
from protvox.predict.index.released import (
    HEAD_FILE,
    INDEX_FILE,
    RELATIVES_FILE,
    index_folder,
)
from protvox.predict.results.neighbours import Neighbour
from protvox.registry.card import Card, read_card
from protvox.tasks.cath.posterior import combine
from protvox.tasks.cath.vote import cast_votes
from protvox.train.metrics import bootstrap_interval, log_softmax

BINS = 10
LEVELS = {"topology": 3, "superfamily": 4}


def weigh(case: Case, model: RelativesModel) -> RelativeProbabilities:
    """Return the probabilities for a query, as `find_relatives` does."""
    found = RelativeProbabilities()
    for last in range(1, len(case.codes) + 1):
        found = model.probabilities(case.features[:last], case.codes[:last])
        if is_decided(found, last):
            break
    return found


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return the expected calibration error in `BINS` bins of equal width."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, confidence - right, BINS)
    return float(np.abs(gaps).sum() / len(right))


def measure_level(cases: Sequence[Case], found: Sequence[RelativeProbabilities], parts: int) -> Any:
    """Measure the most probable node of every query at one level.

    Parameters
    ----------
    cases, found
        ``query``.
    parts
        Parts of a code at this level.

    Returns
    -------
    dict
        ``precision_at_1`` over queries whose node is among the domains searched; ``ece`` of the
        probability of the most probable node over all queries, and over all hits; shares of the
        queries that are called known, and of those called so that are right.
    """
    best = []
    pairs: list[tuple[float, float]] = []
    for case, one in zip(cases, found, strict=True):
        ranked = one.superfamilies if parts == 4 else one.topologies()
        truth = ".".join(case.code.split(".")[:parts])
        pairs += [(p, float(node == truth)) for node, p in ranked.items()]
        node = max(ranked, key=lambda key: ranked[key], default="")
        best.append((ranked.get(node, 0.0), float(node == truth)))
    confidence, right = np.array(best).T
    families = np.unique([case.code for case in cases], return_inverse=True)[1]
    known = np.array([case.known if parts == 4 else case.known_topology for case in cases])
    called = confidence >= 0.5
    every = np.array(pairs)
    return {
        "n": len(cases),
        "n_known": int(known.sum()),
        "precision_at_1": float(right[known].mean()) if known.any() else None,
        "precision_interval": (
            bootstrap_interval(right[known], families[known]) if known.any() else None
        ),
        "called_known": float(called.mean()),
        "called_right": float(right[called].mean()) if called.any() else None,
        "ece": calibration_error(confidence, right),
        "ece_hits": calibration_error(every[:, 0], every[:, 1]),
    }


def measure_architectures(
    network: NDArray[np.float64],
    labels: Sequence[str],
    cases: Sequence[Case],
    found: Sequence[RelativeProbabilities],
) -> dict[str, Any]:
    """Measure the architecture by the network with its vote, and by the posterior."""
    truth = nodes(np.array([case.code for case in cases]), 2)
    rows = np.flatnonzero(np.isin(truth, labels))
    families = np.unique([cases[row].code for row in rows], return_inverse=True)[1]
    answers: dict[str, list[dict[str, float]]] = {"network": [], "posterior": []}
    for row in rows.tolist():
        own = dict(zip(labels, network[row].tolist(), strict=True))
        answers["network"].append(own)
        answers["posterior"].append(combine(own, found[row]))
    measured: dict[str, Any] = {"n": len(rows)}
    rights = {}
    for name, predictions in answers.items():
        best = [max(p, key=lambda label, p=p: p[label]) for p in predictions]
        right = (np.array(best) == truth[rows]).astype(float)
        confidence = np.array([p[label] for p, label in zip(predictions, best, strict=True)])
        loss = [-np.log(p[label]) for p, label in zip(predictions, truth[rows], strict=True)]
        rights[name] = right
        measured[name] = {
            "top1": float(right.mean()),
            "top1_interval": bootstrap_interval(right, families),
            "nll": float(np.mean(loss)),
            "ece": calibration_error(confidence, right),
        }
    gain = rights["posterior"] - rights["network"]
    measured["gain"] = float(gain.mean())
    measured["gain_interval"] = bootstrap_interval(gain, families)
    return measured


def network_answers(
    card: Card, logits: NDArray[np.float32], queries: Domains, known: Domains
) -> NDArray[np.float64]:
    """Return the probabilities of architectures by the network with its vote, ``query label``."""
    labels = list(card.architecture["labels"])
    own = np.exp(log_softmax(logits / card.temperature))
    if card.vote is None:
        return own
    mixed = []
    for row, vector in enumerate(queries.vectors):
        similarity = known.vectors @ vector
        near = np.argsort(-similarity, kind="stable")[:LOOKED_AT]
        records = [
            Neighbour(known.names[i], known.codes[i], float(similarity[i])) for i in near.tolist()
        ]
        mixed.append(cast_votes(own[row], labels, records, card.vote))
    return np.stack(mixed)


def compare_with_tm_align(
    cases: Sequence[Case], found: Sequence[RelativeProbabilities], log: Path
) -> dict[str, Any]:
    """Compare with the nearest domain by TM-align on the queries of a log."""
    hits = {line["query"]: line for line in map(json.loads, log.read_text().splitlines())}
    measured: dict[str, Any] = {}
    for level, parts in LEVELS.items():
        rows = []
        for case, one in zip(cases, found, strict=True):
            known = case.known if parts == 4 else case.known_topology
            if case.name not in hits or not known:
                continue
            ranked = one.superfamilies if parts == 4 else one.topologies()
            truth, theirs = (
                ".".join(code.split(".")[:parts])
                for code in (case.code, hits[case.name]["nearest_cath"] or "")
            )
            mine = max(ranked, key=lambda node: ranked[node], default="")
            rows.append((mine == truth, theirs == truth, case.code))
        mine_right, theirs_right = np.array([row[:2] for row in rows], dtype=float).T
        families = np.unique([row[2] for row in rows], return_inverse=True)[1]
        difference = mine_right - theirs_right
        measured[level] = {
            "n": len(rows),
            "card": float(mine_right.mean()),
            "tm_align": float(theirs_right.mean()),
            "difference": float(difference.mean()),
            "difference_interval": bootstrap_interval(difference, families),
        }
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument("--split", default="test")
    parser.add_argument("--size", type=int, help="number of queries, all by default")
    parser.add_argument("--sequences", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    parser.add_argument("--log", type=Path, required=True, help="alignments, to resume from")
    parser.add_argument("--within", type=Path, help="log of experiments.search.tm_align")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    folder, shards = index_folder(options.model), options.shards / f"cath-{options.split}"
    card = read_card(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, card)
    model = RelativesModel.load(folder / RELATIVES_FILE, head.sha256)
    known = of_index(Index.load(folder / INDEX_FILE, head))
    queries = of_shards(options.model, head, shards, options.cache, options.sequences)
    first: set[str] = set()
    if options.within is not None:
        first = {json.loads(line)["query"] for line in options.within.read_text().splitlines()}
    order = np.random.default_rng(0).permutation(len(queries.names))
    later = [queries.names[row] not in first for row in order.tolist()]
    order = order[np.argsort(later, kind="stable")][: options.size]
    chosen = queries.take(order.tolist())
    logits = read_features(options.model, shards, options.cache).logits[order]
    aligner = Aligner(options.log)
    new = collect(chosen, known, aligner, hide_superfamily=False, label="new")
    within = collect(chosen, queries, aligner, hide_superfamily=False, label="within")
    both = known + queries
    together = collect(chosen, both, aligner, hide_superfamily=False, label="together")
    found_new, found_within, found_together = (
        [weigh(case, model) for case in cases] for cases in (new, within, together)
    )
    network = network_answers(card, logits, chosen, known)
    labels = list(card.architecture["labels"])
    metrics: dict[str, Any] = {
        "schema": "protvox.cards/1",
        "model": card.reference,
        "head": head.sha256,
        "split": options.split,
        "n_index": len(known.names),
        "new": {
            "architecture": measure_architectures(network, labels, new, found_new),
            **{level: measure_level(new, found_new, parts) for level, parts in LEVELS.items()},
        },
        "within": {
            level: measure_level(within, found_within, parts) for level, parts in LEVELS.items()
        },
    }
    metrics["together"] = {
        level: measure_level(together, found_together, parts) for level, parts in LEVELS.items()
    }
    if options.within is not None:
        metrics["tm_align"] = compare_with_tm_align(within, found_within, options.within)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
