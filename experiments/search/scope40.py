"""Sensitivity of the search on SCOPe40, like for like with TM-align and published values.

Whole-chain domains of SCOPe40 whose chain is at hand are the database, and a sample of them the
queries. For each query, the true positives of a level ranked before the first domain of another
fold are counted: members of its family, of its superfamily but another family, and of its fold but
another superfamily. TM-align ranks the same database. It aligns all domains of the query's fold,
and of the others only those that could be its first false positive: the nearest by embedding and by
a signature of distances. If one is missed, TM-align looks better than it is, never worse.

Published values are of the same queries against all 11,211 domains, where there are more true and
more false positives. They are not like for like, and are given for orientation.

Example: ``python -m experiments.search.scope40 --scope data/search_scope40 --chains data/ca_chains
--table data/domains.csv --structures data --cache runs/search --log runs/search/scope40.jsonl
-o experiments/search/results/scope40.json``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.cath.nearest_search import signature
from experiments.search.features import CPU
from experiments.search.scope40_domains import Scope, embed, read_scope
from protvox.networks.poses import pooled_features
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, index_folder
from protvox.predict.index.superpose import SCREENED, align_nearest
from protvox.registry.installed import load_folder
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.train.metrics import bootstrap_interval

LEVELS = ("family", "superfamily", "fold")
PUBLISHED = {"family": "fam", "superfamily": "sfam", "fold": "fold"}
"""Levels and their names in the published table."""

RIVALS = 40
"""Domains of other folds that TM-align aligns, by embedding, and half as many by signature."""


def sensitivities(
    order: Sequence[int], query: int, levels: Sequence[NDArray[np.str_]]
) -> dict[str, float | None]:
    """Return the share of true positives ranked before the first false one, at each level.

    Parameters
    ----------
    order
        Domains, best first; domains that are missing come after all others.
    query
        The query; it is skipped.
    levels
        ``domain`` each: families, superfamilies, folds.

    Returns
    -------
    dict
        Level to its sensitivity, None where there is nothing to find.
    """
    family, superfamily, fold = (level == level[query] for level in levels)
    positives = {
        "family": family,
        "superfamily": superfamily & ~family,
        "fold": fold & ~superfamily,
    }
    found = dict.fromkeys(LEVELS, 0)
    for row in order:
        if row == query:
            continue
        if not fold[row]:
            break
        for level, rows in positives.items():
            found[level] += int(rows[row])
    totals = {level: int(rows.sum()) - (level == "family") for level, rows in positives.items()}
    return {level: found[level] / n if n else None for level, n in totals.items()}


def ranked(scores: NDArray[np.float64]) -> list[int]:
    """Return the rows with a finite score, best first."""
    order = np.argsort(-scores, kind="stable")
    return order[np.isfinite(scores[order])].tolist()


def search_orders(
    index: Index, scope: Scope, vectors: NDArray[np.float32], query: int
) -> tuple[dict[str, list[int]], NDArray[np.int64]]:
    """Return the order of the database by our search, with each way to sort it."""
    rows, _ = index.nearest(vectors[query], len(index))
    trace = DomainTrace(scope.traces[query].astype(np.float64))
    # One more, because the query is among them.
    hits = align_nearest(trace, index, rows[: SCREENED + 1], screen=True)
    aligned = [(row, hit) for row, hit in zip(rows.tolist(), hits, strict=False) if hit is not None]
    others = rows[len(hits) :].tolist()
    values: dict[str, Callable[[Any], float]] = {
        "tm_query": lambda found: found.tm_target,
        "tm": lambda found: found.tm_mean,
    }
    orders = {"similarity": rows.tolist()}
    for name, value in values.items():
        best = sorted(aligned, key=lambda item, value=value: -value(item[1].alignment))
        left = [row for row, hit in zip(rows.tolist(), hits, strict=False) if hit is None]
        orders[name] = [row for row, _ in best] + left + others
    return orders, rows


def tm_align_orders(
    scope: Scope, candidates: Sequence[int], query: int
) -> tuple[dict[str, list[int]], float]:
    """Return the order of candidates by TM-align, and the CPU time of one alignment, seconds."""
    from tmtools import tm_align

    points = scope.traces[query].astype(np.float64)
    by_query = np.full(len(scope.sids), -np.inf)
    mean = by_query.copy()
    started = time.process_time()
    for row in candidates:
        target = scope.traces[row].astype(np.float64)
        # The sequences only label the alignment; they do not change it.
        found = tm_align(points, target, "A" * len(points), "A" * len(target))
        by_query[row] = found.tm_norm_chain1
        mean[row] = (found.tm_norm_chain1 + found.tm_norm_chain2) / 2
    spent = (time.process_time() - started) / max(len(candidates), 1)
    return {"tm_align": ranked(by_query), "tm_align_mean": ranked(mean)}, spent


def choose_rivals(
    near: NDArray[np.int64], signatures: NDArray[np.float32], query: int, fold: NDArray[np.bool_]
) -> list[int]:
    """Return the domains of other folds that TM-align could rank highest."""
    first = [row for row in near.tolist() if not fold[row]][:RIVALS]
    unlike = np.abs(signatures - signatures[query]).sum(axis=1)
    second = [row for row in np.argsort(unlike, kind="stable").tolist() if not fold[row]]
    return sorted({*first, *second[: RIVALS // 2]})


def measure(
    lines: Sequence[dict[str, Any]], published: pd.DataFrame, unseen: set[str]
) -> dict[str, Any]:
    """Return mean sensitivities of every method over the queries, with intervals over folds."""
    methods = list(lines[0]["sensitivity"])
    names = [name.removesuffix("_fam") for name in published.columns if name.endswith("_fam")]
    groups = {"all": lines, "unseen": [line for line in lines if line["sid"] in unseen]}
    measured: dict[str, Any] = {}
    for group, chosen in groups.items():
        measured[group] = {}
        for level in LEVELS:
            rows = [line for line in chosen if line["sensitivity"]["tm"][level] is not None]
            if not rows:
                continue
            folds = [".".join(line["sccs"].split(".")[:2]) for line in rows]
            numbers = np.unique(folds, return_inverse=True)[1]
            table: dict[str, Any] = {"n": len(rows)}
            ours = np.array([line["sensitivity"]["tm"][level] for line in rows])
            for method in methods:
                values = np.array([line["sensitivity"][method][level] for line in rows])
                table[method] = [float(values.mean()), *bootstrap_interval(values, numbers)]
                table[f"tm-{method}"] = [
                    float((ours - values).mean()),
                    *bootstrap_interval(ours - values, numbers),
                ]
            sids = [line["sid"] for line in rows]
            for name in names:
                column = published.reindex(sids)[f"{name}_{PUBLISHED[level]}"].to_numpy(float)
                table[f"published {name}"] = float(np.nanmean(column))
            measured[group][level] = table
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--scope", type=Path, required=True, help="folder of the benchmark")
    parser.add_argument("--chains", type=Path, required=True, help="folder of whole chains")
    parser.add_argument("--table", type=Path, required=True, help="domains.csv")
    parser.add_argument("--structures", type=Path, required=True, help="folder of its files")
    parser.add_argument("--queries", type=int, default=60, help="number, unseen ones first")
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for embeddings")
    parser.add_argument("--log", type=Path, required=True, help="results, to resume from")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    card, network = load_folder(options.model)
    folder = index_folder(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, card)
    released = Index.load(folder / INDEX_FILE, head)
    trained = set(released.cath)
    scope = read_scope(options.scope, options.chains, released, options.table, options.structures)
    published = pd.read_csv(options.scope / "per_query.csv.xz").set_index("sid")
    vectors = embed(network, head, scope.traces, options.cache)
    index = Index.build(
        vectors,
        scope.sids,
        scope.classes,
        name="SCOPe40",
        model=card.reference,
        head=head.sha256,
        traces=KnownTraces.build(scope.traces, [None] * len(scope.sids)),
    )
    levels = [scope.level(parts) for parts in (4, 3, 2)]
    signatures = np.stack([signature(trace) for trace in scope.traces])
    unseen = {
        sid
        for sid, codes in zip(scope.sids, scope.cath, strict=True)
        if not trained.intersection(codes)
    }
    usable = [
        row
        for row, sid in enumerate(scope.sids)
        if sid in published.index and (levels[2] == levels[2][row]).sum() > 1
    ]
    shuffled = np.random.default_rng(0).permutation(usable).tolist()
    chosen = sorted(shuffled, key=lambda row: scope.sids[row] not in unseen)[: options.queries]
    done: dict[str, dict[str, Any]] = {}
    if options.log.exists():
        lines = map(json.loads, options.log.read_text().splitlines())
        done = {line["sid"]: line for line in lines if line["head"] == head.sha256}
    for number, query in enumerate(chosen, start=1):
        if scope.sids[query] in done:
            continue
        started = time.process_time()
        pooled_features(network, [scope.traces[query]], CPU)
        orders, near = search_orders(index, scope, vectors, query)
        spent = time.process_time() - started
        fold = levels[2] == levels[2][query]
        rivals = choose_rivals(near, signatures, query, fold)
        candidates = [row for row in [*np.flatnonzero(fold).tolist(), *rivals] if row != query]
        theirs, each = tm_align_orders(scope, candidates, query)
        line = {
            "sid": scope.sids[query],
            "head": head.sha256,
            "sccs": scope.classes[query],
            "n_residues": len(scope.traces[query]),
            "search_s": round(spent, 4),
            "tm_align_s": round(each, 5),
            "sensitivity": {
                name: sensitivities(order, query, levels)
                for name, order in (orders | theirs).items()
            },
        }
        done[scope.sids[query]] = line
        options.log.parent.mkdir(parents=True, exist_ok=True)
        with options.log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{number} of {len(chosen)}", file=sys.stderr, flush=True)
    lines = [done[scope.sids[query]] for query in chosen]
    metrics = {
        "schema": "protvox.scope40/1",
        "model": card.reference,
        "head": head.sha256,
        "n_database": len(scope.sids),
        "n_queries": len(lines),
        "n_unseen": sum(line["sid"] in unseen for line in lines),
        "search_s_median": float(np.median([line["search_s"] for line in lines])),
        "tm_align_s_each": float(np.mean([line["tm_align_s"] for line in lines])),
        "sensitivity": measure(lines, published, unseen),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
