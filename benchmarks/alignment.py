"""Structural alignment against TM-align: TM-scores and time of 500 pairs of CATH domains.

Pairs of the same superfamily, of the same topology, architecture and class in different groups
below, of any two domains, of domains whose lengths differ by a factor of three or more, of a
fragment with a relative of its domain, and of short pieces. TM-align is that of ``tmtools``
(``pip install 'protvox[experiments]'``). A difference is ours minus TM-align's: of the TM-scores
normalised by the query and by the target, two per pair. A score that is higher than TM-align's is a
better superposition: ours are computed again from the reported pairs and the superposition. Times
are CPU time of one thread, both programs in turn on each pair.

    python benchmarks/alignment.py data/ca_domains [--output benchmarks/results/alignment.json]
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tmtools import tm_align

from experiments.cath.traces import read_traces
from protvox.structure.alignment.align import Alignment, align, d0

TOLERANCE = 0.01

PERCENTILES = (0, 1, 5, 25, 50, 75, 95, 99, 100)

RELATED = {"superfamily": (4, 150), "topology": (3, 75), "architecture": (2, 75), "class": (1, 50)}
"""Number of CATH levels in common, and number of pairs."""

UNRELATED, LENGTHS, FRAGMENTS, SHORT = 60, 40, 30, 20
"""Number of pairs of the other kinds."""


@dataclass(frozen=True)
class Pair:
    """Two CA traces and what they have in common."""

    kind: str
    query: NDArray[np.float64]
    target: NDArray[np.float64]


class Domains:
    """Domains to draw pairs from."""

    def __init__(self, folder: Path, seed: int) -> None:
        table = pd.read_csv(folder / "domains_ca.csv.xz", usecols=["cath"])
        self.codes = [code.split(".") for code in table["cath"]]
        self.traces = [trace.astype(np.float64) for trace in read_traces(folder / "ca.i16.xz")]
        self.rng = np.random.default_rng(seed)
        self.members: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row, code in enumerate(self.codes):
            for level in range(1, 5):
                self.members[tuple(code[:level])].append(row)

    def any_two(self) -> tuple[int, int]:
        """Draw two domains."""
        first, second = self.rng.choice(len(self.traces), 2, replace=False).tolist()
        return first, second

    def relatives(self, level: int) -> tuple[int, int]:
        """Draw two domains that share so many levels of CATH, and not one more."""
        while True:
            first = int(self.rng.integers(len(self.traces)))
            second = int(self.rng.choice(self.members[tuple(self.codes[first][:level])]))
            deeper = self.codes[first][: level + 1] == self.codes[second][: level + 1]
            if first != second and (level == 4 or not deeper):
                return first, second

    def cut(self, row: int, shortest: int, longest: int) -> NDArray[np.float64]:
        """Cut a piece of a domain at random."""
        trace = self.traces[row]
        length = min(int(self.rng.integers(shortest, longest + 1)), len(trace))
        start = int(self.rng.integers(len(trace) - length + 1))
        return trace[start : start + length]

    def pairs(self) -> list[Pair]:
        """Draw the pairs of all kinds."""
        drawn = []
        for kind, (level, number) in RELATED.items():
            for _ in range(number):
                first, second = self.relatives(level)
                drawn.append(Pair(kind, self.traces[first], self.traces[second]))
        for _ in range(UNRELATED):
            first, second = self.any_two()
            drawn.append(Pair("any two", self.traces[first], self.traces[second]))
        while len(drawn) < sum(n for _, n in RELATED.values()) + UNRELATED + LENGTHS:
            first, second = (self.traces[row] for row in self.any_two())
            if max(len(first), len(second)) >= 3 * min(len(first), len(second)):
                drawn.append(Pair("different lengths", first, second))
        for _ in range(FRAGMENTS):
            first, second = self.relatives(4)
            drawn.append(Pair("fragment", self.cut(first, 20, 60), self.traces[second]))
        for _ in range(SHORT):
            first, second = self.any_two()
            drawn.append(Pair("short", self.cut(first, 5, 30), self.cut(second, 5, 30)))
        return drawn


def timed(task: Callable[[], tuple[float, float]]) -> tuple[tuple[float, float], float]:
    started = time.thread_time()
    scores = task()
    return scores, 1000 * (time.thread_time() - started)


def check_score(found: Alignment, query: NDArray[np.float64], target: NDArray[np.float64]) -> None:
    """Stop unless the score by the shorter chain is that of the pairs as they are superposed."""
    shorter = min(len(query), len(target))
    gaps = found.move(query)[found.pairs[:, 0]] - target[found.pairs[:, 1]]
    score = (1 / (1 + (gaps**2).sum(axis=1) / d0(shorter) ** 2)).sum() / shorter
    if not (np.diff(found.pairs, axis=0) > 0).all():
        raise SystemExit("the pairs are not in order")
    if abs(score - (found.tm_query if len(query) == shorter else found.tm_target)) > 1e-6:
        raise SystemExit("a score is not that of its superposition")


def compare(pair: Pair) -> dict:
    query, target = pair.query, pair.target
    alignments: list[Alignment] = []

    def ours(fast: bool) -> tuple[float, float]:
        found = align(query, target, fast=fast)
        alignments.append(found)
        return found.tm_query, found.tm_target

    def theirs() -> tuple[float, float]:
        found = tm_align(query, target, "A" * len(query), "A" * len(target))
        return found.tm_norm_chain1, found.tm_norm_chain2

    reference, reference_ms = timed(theirs)
    scores, ms = timed(lambda: ours(False))
    fast, fast_ms = timed(lambda: ours(True))
    for found in alignments:
        check_score(found, query, target)
    return {
        "kind": pair.kind,
        "lengths": (len(query), len(target)),
        "difference": np.subtract(scores, reference),
        "fast_difference": np.subtract(fast, reference),
        "ms": (ms, fast_ms, reference_ms),
    }


def summarise(rows: list[dict]) -> dict:
    summary: dict = {"pairs": len(rows)}
    for name in ("difference", "fast_difference"):
        values = np.array([row[name] for row in rows])
        summary[name] = {
            "mean": round(float(values.mean()), 4),
            "percentiles": {str(p): round(float(np.percentile(values, p)), 4) for p in PERCENTILES},
            "pairs_lower": round(float((values.min(axis=1) < -TOLERANCE).mean()), 4),
            "pairs_higher": round(float((values.max(axis=1) > TOLERANCE).mean()), 4),
            "pairs_not_lower": round(float((values.min(axis=1) >= -TOLERANCE).mean()), 4),
            "pairs_within": round(float((np.abs(values) <= TOLERANCE).all(axis=1).mean()), 4),
        }
    times = np.array([row["ms"] for row in rows])
    summary["ms"] = {
        name: {"mean": round(float(column.mean()), 2), "median": round(float(np.median(column)), 2)}
        for name, column in zip(("align", "fast", "tm_align"), times.T, strict=True)
    }
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of domains_ca.csv.xz and ca.i16.xz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/alignment.json"))
    options = parser.parse_args()
    pairs = Domains(options.folder, options.seed).pairs()
    for fast in (False, True):  # compiles
        align(pairs[0].query, pairs[0].target, fast=fast)
    rows = [compare(pair) for pair in pairs]
    alike = [row for row in rows if 130 <= np.sqrt(np.prod(row["lengths"])) <= 170]
    kinds = dict.fromkeys(row["kind"] for row in rows)
    report = {
        "machine": {"processor": platform.machine(), "threads": 1},
        "seed": options.seed,
        "tolerance": TOLERANCE,
        "all": summarise(rows),
        "about_150_residues": summarise(alike),
        "kinds": {kind: summarise([r for r in rows if r["kind"] == kind]) for kind in kinds},
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    for name in ("all", "about_150_residues"):
        print(name, json.dumps(report[name], indent=2))
    for kind, summary in report["kinds"].items():
        part = summary["difference"]
        print(
            f"{kind:18} n={summary['pairs']:3}  lower {part['pairs_lower']:.3f}  higher "
            f"{part['pairs_higher']:.3f}  mean {part['mean']:+.4f}  "
            f"min {part['percentiles']['0']:+.3f}  {summary['ms']['align']['mean']:.1f} ms  "
            f"TM-align {summary['ms']['tm_align']['mean']:.1f} ms"
        )


if __name__ == "__main__":
    main()
