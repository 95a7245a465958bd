"""Search one vector among a million: protvox's index and other libraries.

Exact searches only, one query at a time, 20 neighbours, unit vectors of 128 components. Best
and median of repeats. ``pip install faiss-cpu usearch`` for the others; those not
installed are skipped.

Example: ``OMP_NUM_THREADS=1 python benchmarks/search_speed.py
-o benchmarks/results/search_speed.json``
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from protvox.predict.index.index import Index

AXES, TOP = 128, 20


def timed(search: Callable[[np.ndarray], Any], queries: np.ndarray) -> dict[str, float]:
    search(queries[0])
    spent = []
    for query in queries:
        started = time.perf_counter()
        search(query)
        spent.append(1e3 * (time.perf_counter() - started))
    return {"best_ms": round(min(spent), 2), "median_ms": round(float(np.median(spent)), 2)}


def overlap(found: list[int], vectors: np.ndarray, query: np.ndarray) -> float:
    best = np.argsort(-(vectors @ query))[:TOP]
    return len({*best.tolist()} & {*found}) / TOP


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    numba.set_num_threads(threads)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((options.vectors, AXES), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[: options.repeats] + 0.05 * rng.standard_normal((options.repeats, AXES))
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    names = [str(row) for row in range(len(vectors))]
    index = Index.build(vectors, names, [""] * len(names), name="", model="", head="")
    found = {}
    found["protvox int8"] = timed(lambda query: index.search(query, TOP), queries) | {
        "overlap": np.mean(
            [overlap([int(n.domain) for n in index.search(q, TOP)], vectors, q) for q in queries]
        ).item()
    }

    def by_numpy(query: np.ndarray) -> np.ndarray:
        cosines = vectors @ query
        near = np.argpartition(-cosines, TOP)[:TOP]
        return near[np.argsort(-cosines[near])]

    found["numpy float32"] = timed(by_numpy, queries)
    if importlib.util.find_spec("faiss"):
        import faiss

        faiss.omp_set_num_threads(threads)
        kinds = {
            "float32": None,
            "float16": faiss.ScalarQuantizer.QT_fp16,
            "int8": faiss.ScalarQuantizer.QT_8bit,
        }
        for name, kind in kinds.items():
            store = (
                faiss.IndexFlatIP(AXES)
                if kind is None
                else faiss.IndexScalarQuantizer(AXES, kind, faiss.METRIC_INNER_PRODUCT)
            )
            store.train(vectors[:20_000])
            store.add(vectors)
            found[f"faiss {name}"] = timed(
                lambda query, store=store: store.search(query[None], TOP), queries
            )
            del store
    if importlib.util.find_spec("usearch"):
        from usearch.index import MetricKind, search

        half = vectors.astype(np.float16)
        found["usearch float16"] = timed(
            lambda query: search(
                half,
                query[None].astype(np.float16),
                TOP,
                MetricKind.IP,
                exact=True,
                threads=threads,
            ),
            queries[:5],
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        size = path.stat().st_size
    result = {
        "vectors": len(vectors),
        "axes": AXES,
        "top": TOP,
        "threads": threads,
        "index_mb": round(size / 1e6, 1),
        "search": found,
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
