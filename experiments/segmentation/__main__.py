"""Measure how chains are split into domains, against CATH.

Example: ``python -m experiments.segmentation --data data
-o experiments/segmentation/results/metrics.json``
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from experiments.segmentation.dataset import LEAST_COVERAGE, LabelledChain, by_file, read_chains
from experiments.segmentation.measures import Agreement, compare, summarise
from protvox.structure.splitting.find import split_chain

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SCHEMA: Final = "protvox.segmentation/1"

DOMAIN_LENGTHS: Final = tuple(range(100, 400, 10))
"""Residues; the baseline of equal parts uses the length that counts best in training."""

LENGTHS: Final = (0, 150, 300, 500, 800)
"""Residues; times are reported for chains in between."""

Labels = NDArray[np.int64]


def equal_parts(n_residues: int, n_parts: int) -> Labels:
    """Return parts of equal length."""
    parts: Labels = np.arange(n_residues) * n_parts // max(n_residues, 1)
    return parts


def fit_length(chains: list[LabelledChain]) -> int:
    """Return the domain length that predicts the number of domains best from chain lengths."""
    length = np.array([len(chain.ca) for chain in chains])
    true = np.array([chain.n_domains for chain in chains])
    right = [np.mean(np.maximum(np.round(length / d), 1) == true) for d in DOMAIN_LENGTHS]
    return DOMAIN_LENGTHS[int(np.argmax(right))]


def measure(
    chains: list[LabelledChain], method: Callable[[LabelledChain], Labels]
) -> list[Agreement]:
    """Compare the domains that a method finds with those of CATH."""
    return [compare(chain.labels, method(chain)) for chain in chains]


def split_all(chains: list[LabelledChain]) -> tuple[dict[tuple[str, str], Labels], list[float]]:
    """Split chains, and return the CPU seconds of each."""
    split_chain(chains[0].ca)  # compiles
    found: dict[tuple[str, str], Labels] = {}
    seconds: list[float] = []
    for chain in track(chains, "chains", console=Console(stderr=True)):
        begun = time.process_time()
        found[chain.file, chain.chain] = split_chain(chain.ca)
        seconds.append(time.process_time() - begun)
    return found, seconds


def times(chains: list[LabelledChain], seconds: list[float]) -> dict[str, Any]:
    """Return CPU time per chain, ms, also by length."""
    spent = 1000 * np.array(seconds)
    length = np.array([len(chain.ca) for chain in chains])
    table = {}
    for low, high in zip(LENGTHS, (*LENGTHS[1:], 10**6), strict=True):
        chosen = (length >= low) & (length < high)
        if chosen.any():
            name = f"{low} to {high}" if high < 10**6 else f"{low} and more"
            table[name] = {"chains": int(chosen.sum()), "median": float(np.median(spent[chosen]))}
    return {
        "mean": float(spent.mean()),
        "median": float(np.median(spent)),
        "quantile_95": float(np.quantile(spent, 0.95)),
        "largest": float(spent.max()),
        "by_residues": table,
    }


def draw(agreements: list[Agreement], path: Path) -> None:
    """Draw the numbers of domains against each other, and the overlaps."""
    most = 6
    counts = np.zeros((most, most))
    for one in agreements:
        counts[min(one.n_true, most) - 1, min(one.n_found, most) - 1] += 1
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts > 0):
        colour = "white" if shares[row, column] > 0.5 else "black"
        left.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", color=colour)
    names = [*map(str, range(1, most)), f"{most}+"]
    left.set_xticks(range(most), names)
    left.set_yticks(range(most), names)
    left.set(xlabel="domains found", ylabel="domains in CATH", title="test chains")
    several = [one.iou for one in agreements if one.n_true > 1]
    right.hist(several, bins=np.linspace(0, 1, 21), edgecolor="white")
    right.axvline(float(np.mean(several)), color="tab:orange", label=f"mean {np.mean(several):.2f}")
    right.set(xlabel="intersection over union", ylabel="chains of several domains")
    right.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of both tables")
    parser.add_argument("--structures", type=Path, help="folder of the column `file`, if different")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"))
    parser.add_argument("-o", "--output", type=Path, required=True, help="metrics.json")
    options = parser.parse_args()
    structures = options.structures or options.data
    train, _ = read_chains(options.data, structures, ("train",))
    length = fit_length(train)
    chains, unread = read_chains(options.data, structures, (options.split,))
    found, seconds = split_all(chains)
    methods: dict[str, Callable[[LabelledChain], Labels]] = {
        "protvox": lambda chain: found[chain.file, chain.chain],
        "whole_chain": lambda chain: equal_parts(len(chain.ca), 1),
        "equal_halves": lambda chain: equal_parts(len(chain.ca), 2),
        "equal_parts": lambda chain: equal_parts(
            len(chain.ca), max(1, round(len(chain.ca) / length))
        ),
    }
    groups = [rows for _, rows in by_file(chains)]
    results = {name: measure(chains, method) for name, method in methods.items()}
    subsets = {
        "all_domains_test": [i for i, chain in enumerate(chains) if chain.all_domains_test],
        "chains_test": [i for i, chain in enumerate(chains) if chain.chain_test],
    }
    metrics: dict[str, Any] = {
        "schema": SCHEMA,
        "split": options.split,
        "least_coverage": LEAST_COVERAGE,
        "unread": unread,
        "equal_part_residues": length,
        "methods": {name: summarise(result, groups) for name, result in results.items()},
        "subsets": {
            subset: {
                name: summarise(
                    [result[row] for row in rows],
                    [chosen for _, chosen in by_file([chains[row] for row in rows])],
                )
                for name, result in results.items()
            }
            for subset, rows in subsets.items()
            if rows
        },
        "milliseconds": times(chains, seconds),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    draw(results["protvox"], options.output.with_name("domains.png"))
    print(json.dumps({**metrics["methods"], "milliseconds": metrics["milliseconds"]}, indent=1))


if __name__ == "__main__":
    main()
