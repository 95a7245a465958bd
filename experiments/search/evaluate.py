"""Measure the search on folder-out domains, and TM-align on a sample of them.

TM-align comes from the logs of ``experiments.cath.nearest`` (against one training domain of
each superfamily) and ``experiments.search.tm_align`` (among the folder-out domains). Their queries
are the sample, on which the embedding is measured as well.

Example: ``python -m experiments.search.evaluate --model models/cath --shards shards
--training cath-all --split test --across runs/nearest.jsonl --within runs/within.jsonl
-o experiments/search/results/metrics.json``
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.cath.paper_domains import one_per_family, read_traces
from experiments.search.features import CPU, LabelledFeatures, nodes, read_features
from experiments.search.measures import LEVELS, across, within
from protvox.networks.poses import domain_features
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, index_folder
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.registry.installed import load_folder
from protvox.train.metrics import bootstrap_interval

TIMED = 40
"""Number of queries that are timed."""


def read_log(log: Path, library: int | None = None) -> list[dict[str, Any]]:
    """Return the results of TM-align in a log, one per query.

    Parameters
    ----------
    log
        One line per result.
    library
        Number of domains searched; results from another library are ignored.
    """
    hits = [json.loads(line) for line in log.read_text().splitlines()]
    if library is not None:
        hits = [one for one in hits if one["settings"]["library"] == library]
    queries = {one["query"] for one in hits}
    if not hits or len(queries) < len(hits):
        source = "" if library is None else f" from a library of {library} domains"
        raise SystemExit(
            f"{log}: {len(hits)} results for {len(queries)} queries{source}; one each is needed"
        )
    return hits


def same_queries(
    hits: list[dict[str, Any]],
    data: LabelledFeatures,
    queries: NDArray[np.float32],
    known: NDArray[np.float32],
    known_codes: NDArray[np.str_],
    known_names: NDArray[np.str_],
    levels: tuple[str, ...],
) -> dict[str, Any]:
    """Compare the nearest domain by TM-align and by the embedding, query by query.

    Parameters
    ----------
    hits
        Results of TM-align, see `read_log`.
    data, queries
        The folder-out domains and their embeddings.
    known, known_codes, known_names
        The domains searched: embeddings, superfamilies, names.
    levels
        Of `LEVELS`.
    """
    row_of = {name: row for row, name in enumerate(data.names.tolist())}
    rows = np.array([row_of[hit["query"]] for hit in hits])
    similarity = queries[rows] @ known.T
    similarity[data.names[rows][:, None] == known_names[None]] = -np.inf
    nearest = known_codes[similarity.argmax(axis=1)]
    aligned = np.array([hit["nearest_cath"] or "0.0.0.0" for hit in hits])
    families = np.unique(data.codes[rows], return_inverse=True)[1]
    found: dict[str, Any] = {
        "n": len(rows),
        "n_known": len(known),
        "tm_align_seconds": float(np.mean([hit["seconds"] for hit in hits])),
    }
    for level in levels:
        mine, theirs = (nodes(codes, LEVELS[level]) for codes in (data.codes[rows], known_codes))
        others = np.where(np.isfinite(similarity), theirs[None], "")
        answerable = (others == mine[:, None]).any(axis=1)
        right = {
            "embedding": nodes(nearest, LEVELS[level]) == mine,
            "tm_align": nodes(aligned, LEVELS[level]) == mine,
        }
        groups = families[answerable]
        values = {name: r[answerable].astype(float) for name, r in right.items()}
        found[level] = {"n": int(answerable.sum())}
        for name, value in (
            *values.items(),
            ("difference", values["embedding"] - values["tm_align"]),
        ):
            found[level][name] = float(value.mean())
            found[level][f"{name}_interval"] = bootstrap_interval(value, groups)
    return found


def time_queries(model: Path, shards: Path, index: Index, head: EmbeddingHead) -> dict[str, float]:
    """Return CPU seconds per query, to embed a domain and to search the index."""
    card, network = load_folder(model)
    if card.task != "cath":
        raise SystemExit(f"{model} is not a CATH model")
    chains = read_traces(shards).coordinates[:TIMED]
    domain_features(network, chains[:1], CPU)
    index.search(
        head.embed(
            np.zeros((1, 2 * network.config.features + 1), np.float32),
            describe_trace(chains[0])[None],
        )[0],
        20,
    )
    spent = np.zeros(2)
    for chain in chains:
        started = time.process_time()
        features, _ = domain_features(network, [chain], CPU)
        vector = head.embed(features.numpy(), describe_trace(chain)[None])[0]
        middle = time.process_time()
        index.search(vector, 20)
        spent += (middle - started, time.process_time() - middle)
    embed, search = (spent / len(chains)).tolist()
    return {"n": len(chains), "embed_seconds": embed, "search_seconds": search}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument(
        "--training", required=True, help="training domains of the model, e.g. cath-all"
    )
    parser.add_argument("--split", default="test")
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    parser.add_argument("--across", type=Path, help="log of experiments.cath.nearest")
    parser.add_argument("--within", type=Path, help="log of experiments.search.tm_align")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    folder = index_folder(options.model)
    card, _ = load_folder(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, card)
    index = Index.load(folder / INDEX_FILE, head)
    folder = options.shards / f"cath-{options.split}"
    data = read_features(options.model, folder, options.cache)
    queries = head.embed(data.plain, data.traces)
    known = index.vectors(np.arange(len(index)))
    codes, names = np.array(index.cath), np.array(index.domains)
    metrics: dict[str, Any] = {
        "schema": "protvox.search-metrics/1",
        "model": card.reference,
        "sha256": card.sha256,
        "head": head.sha256,
        "split": options.split,
        "n_train": len(index),
        "train": across(queries, data.codes, known, codes),
        "itself": within(queries, data.codes),
        "time": time_queries(options.model, folder, index, head),
    }
    if options.across is not None:
        training = read_traces(options.shards / options.training)
        chosen = training.take(one_per_family(training, 0))
        rows = np.flatnonzero(np.isin(names, chosen.names))
        arguments = (read_log(options.across, len(chosen)), data, queries)
        levels = ("architecture", "topology")
        metrics["sample_train"] = {
            "one_per_superfamily": same_queries(
                *arguments, known[rows], codes[rows], names[rows], levels
            ),
            "all": same_queries(*arguments, known, codes, names, levels),
        }
    if options.within is not None:
        ten = np.isin(data.names, read_traces(folder).names)
        metrics["sample_itself"] = same_queries(
            read_log(options.within),
            data,
            queries,
            queries[ten],
            data.codes[ten],
            data.names[ten],
            tuple(LEVELS),
        )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")


if __name__ == "__main__":
    main()
