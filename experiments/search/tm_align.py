"""The nearest other test domain by TM-align, for a sample of the test domains.

Example: ``python -m experiments.search.tm_align --shards shards --log runs/within.jsonl``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.cath.nearest_search import Library
from experiments.cath.paper_domains import Traces, read_traces


class Others(Library):
    """The domains of a set without the query, which is one of them."""

    def candidates(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the domains to align with a query, the most similar signature first."""
        found = super().candidates(query)
        return np.array(
            [row for row in found.tolist() if self.traces.coordinates[row] is not query]
        )


def sample_queries(traces: Traces, size: int, seed: int) -> Traces:
    """Return the queries of ``experiments.cath.nearest`` with the same numbers."""
    rng = np.random.default_rng(seed)
    return traces.take(np.sort(rng.choice(len(traces), min(size, len(traces)), replace=False)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help="folder with cath-test")
    parser.add_argument("--queries", type=int, default=120)
    parser.add_argument("--keep", type=int, default=250, help="domains aligned with each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--log", type=Path, required=True, help="log of results, from which the command resumes"
    )
    options = parser.parse_args()
    everything = read_traces(options.shards / "cath-test")
    queries = sample_queries(everything, options.queries, options.seed)
    library = Others(everything, options.keep)
    known = set()
    if options.log.exists():
        known = {json.loads(line)["query"] for line in options.log.read_text().splitlines()}
    for name, code, trace in zip(queries.names, queries.codes, queries.coordinates, strict=True):
        if name in known:
            continue
        hit = library.nearest(trace)
        result = {
            "query": name,
            "cath": code,
            "nearest": everything.names[hit.row],
            "nearest_cath": everything.codes[hit.row],
            "tm_score": round(hit.score, 4),
            "alignments": hit.alignments,
            "seconds": round(hit.seconds, 3),
        }
        options.log.parent.mkdir(parents=True, exist_ok=True)
        with options.log.open("a") as file:
            file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
