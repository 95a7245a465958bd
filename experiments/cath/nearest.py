"""The architecture of the nearest training domain by TM-align, a baseline for the CATH model.

What a user would do without a network: align the domain with known ones and take the
architecture of the best. The library is one random domain of every training superfamily; the
queries are a random sample of the test domains of the paper's ten architectures. Runs on one
core, and resumes from its log when started again.

Example: ``python -m experiments.cath.nearest --shards shards --training cath-all
--model models/cath -o experiments/cath/results/nearest.json``
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.cath.answers import released_predictions
from experiments.cath.nearest_search import LONGEST_RATIO, Library
from experiments.cath.paper_domains import (
    Traces,
    architecture_of,
    extract,
    one_per_family,
    read_traces,
)
from experiments.cath.paper_measures import UNANSWERED, measures
from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.registry.card import Card
from protvox.train.answers import Answers
from protvox.train.evaluate import evaluate
from protvox.train.metrics import bootstrap_interval
from protvox.train.shard import join, read_shards, write_shard


def search(
    queries: Traces, library: Library, settings: dict[str, Any], log: Path
) -> list[dict[str, Any]]:
    """Search for every query that the log does not have under the same settings.

    Parameters
    ----------
    queries
        Test domains.
    library
        Training domains.
    settings
        Settings that the results depend on.
    log
        File with one line per result; new ones are appended.

    Returns
    -------
    list of dict
        One result per query, in their order.
    """
    known = {}
    if log.exists():
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        known = {line["query"]: line for line in lines if line["settings"] == settings}
    hits = []
    for name, code, trace in zip(queries.names, queries.codes, queries.coordinates, strict=True):
        if name not in known:
            hit = library.nearest(trace)
            found = hit.row >= 0
            known[name] = {
                "query": name,
                "cath": code,
                "nearest": library.traces.names[hit.row] if found else None,
                "nearest_cath": library.traces.codes[hit.row] if found else None,
                "tm_score": round(hit.score, 4),
                "alignments": hit.alignments,
                "seconds": round(hit.seconds, 3),
                "settings": settings,
            }
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                file.write(json.dumps(known[name]) + "\n")
            print(f"{len(hits) + 1}/{len(queries)} {name} {hit.seconds:.0f} s", file=sys.stderr)
        hits.append(known[name])
    return hits


def summary(hits: list[dict[str, Any]], queries: Traces) -> dict[str, Any]:
    """Return the measures of the nearest neighbours and their cost."""
    index = {name: i for i, name in enumerate(PAPER_ARCHITECTURES)}
    nearest = [line["nearest_cath"] for line in hits]
    predicted = [index[architecture_of(code)] if code else UNANSWERED for code in nearest]
    return {
        **measures(np.array(predicted, dtype=np.int64), queries.labels, queries.families()),
        "seconds_per_query": float(np.mean([line["seconds"] for line in hits])),
        "alignments_per_query": float(np.mean([line["alignments"] for line in hits])),
        "median_tm_score": float(np.median([line["tm_score"] for line in hits])),
    }


def ask_model(
    folder: Path, shards: Path, queries: Traces
) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Return the released model's measures and predictions on the same queries, among the ten."""
    chosen: list[NDArray[np.int64]] = []

    def keep(answers: Answers, _card: Card) -> dict[str, Any]:
        ten = [answers.classes.index(name) for name in PAPER_ARCHITECTURES]
        final = answers.logits if answers.probabilities is None else answers.probabilities
        chosen.append(final[:, ten].argmax(axis=1))
        return {}

    parts = extract(read_shards(sorted(shards.glob("*.npz"))), queries.rows.tolist())
    with tempfile.TemporaryDirectory() as temporary:
        sample = Path(temporary) / "sample.npz"
        write_shard(join(parts), sample)
        started = time.process_time()
        metrics = evaluate(
            folder,
            [sample],
            "test",
            device=torch.device("cpu"),
            also=keep,
            final=released_predictions(folder),
        )
        seconds = time.process_time() - started
    measured = {
        **metrics["paper"],
        "seconds_per_query": seconds / len(queries),
        "model": metrics["model"],
        "sha256": metrics["sha256"],
    }
    return measured, chosen[0]


def difference(
    hits: list[dict[str, Any]], model: NDArray[np.int64], queries: Traces
) -> dict[str, Any]:
    """Return the difference in accuracy, model minus TM-align, with a paired interval."""
    right = np.array(
        [
            line["nearest_cath"] is not None
            and architecture_of(line["nearest_cath"]) == architecture_of(line["cath"])
            for line in hits
        ]
    )
    more = (model == queries.labels).astype(float) - right
    interval = bootstrap_interval(more, queries.families())
    return {"top1": float(more.mean()), "intervals": {"top1": list(interval)}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--shards", type=Path, required=True, help="folder of folders of shards, with cath-test"
    )
    parser.add_argument(
        "--training", required=True, help="training domains of the model, e.g. cath-all"
    )
    parser.add_argument("--queries", type=int, default=120, help="number of test domains")
    parser.add_argument(
        "--keep", type=int, default=250, help="training domains aligned with each, 0 for all"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the samples")
    parser.add_argument("--model", type=Path, help="folder of the model to compare with")
    parser.add_argument("--log", type=Path, default=Path("runs/nearest.jsonl"), help="to resume")
    parser.add_argument("-o", "--output", type=Path, required=True, help="metrics")
    options = parser.parse_args()
    test = options.shards / "cath-test"
    everything = read_traces(test)
    rng = np.random.default_rng(options.seed)
    size = min(options.queries, len(everything))
    queries = everything.take(np.sort(rng.choice(len(everything), size, replace=False)))
    training = read_traces(options.shards / options.training)
    training = training.take(one_per_family(training, options.seed))
    settings = {
        "split": "test",
        "queries": size,
        "library": len(training),
        "seed": options.seed,
        "keep": options.keep,
        "longest_ratio": LONGEST_RATIO,
    }
    hits = search(queries, Library(training, options.keep or None), settings, options.log)
    methods = {"tm_align": summary(hits, queries)}
    metrics = {"schema": "protvox.nearest/1", **settings, "methods": methods}
    if options.model is not None:
        methods["model"], chosen = ask_model(options.model, test, queries)
        metrics["model_less_tm_align"] = difference(hits, chosen, queries)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    for name, found in methods.items():
        print(
            f"{name}: top-1 {found['top1']:.3f}, balanced {found['balanced']:.3f}, "
            f"{found['seconds_per_query']:.1f} s a domain"
        )


if __name__ == "__main__":
    main()
