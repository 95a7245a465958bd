"""Compare the domains found with those of Chainsaw, on its own test chains.

Chainsaw's predictions are those that its authors published. A chain of its test set counts if its
CA trace is here and both readings of CATH agree residue by residue, for then both number the
residues alike. Differences come from resampling chains, the same for both.

Example: ``python -m experiments.segmentation.peers --chains data/ca_chains
--peers data/domain_split -o experiments/segmentation/results/peers.json``
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.segmentation.measures import (
    REPEATS,
    Agreement,
    columns,
    compare,
    intersection_over_union,
    measures,
    summarise,
)
from experiments.segmentation.traces import TracedChain, read_chopping, read_traces
from protvox.structure.splitting.find import split_chain

SCHEMA: Final = "protvox.segmentation.peers/1"

LEAST_AGREEMENT: Final = 0.9
"""Overlap of the two readings of CATH from which a chain counts."""

COMPARED: Final = ("iou", "iou_multi", "right_count", "right_count_multi", "boundaries_found")


def read_pairs(chains: Path, peers: Path) -> tuple[list[TracedChain], list[NDArray[np.int64]]]:
    """Return Chainsaw's test chains, and the domains that it predicts.

    Parameters
    ----------
    chains
        Folder of the CA traces, see `experiments.segmentation.traces.read_traces`.
    peers
        Folder of ``chainsaw_v3_cath1363_test.csv``.

    Returns
    -------
    chains : list of TracedChain
    predicted : list of ndarray
        ``residue`` int64 each, from 0, -1 for none.
    """
    table = pd.read_csv(peers / "chainsaw_v3_cath1363_test.csv", dtype=str, keep_default_na=False)
    rows = table.set_index("chain_id")[["true_chopping", "pred_chopping"]].to_dict("index")
    kept, predicted = [], []
    for chain in read_traces(chains, ("peer_test",)):
        row = rows.get(chain.id)
        if row is None or not row["true_chopping"]:
            continue
        true = read_chopping(row["true_chopping"], len(chain.ca))
        if intersection_over_union(chain.labels, true - 1) < LEAST_AGREEMENT:
            continue
        if len(np.unique(true[true > 0])) != chain.n_domains:
            continue
        kept.append(chain)
        # Without a prediction the chain is one domain.
        text = row["pred_chopping"] or f"0-{len(chain.ca) - 1}"
        predicted.append(read_chopping(text, len(chain.ca)) - 1)
    return kept, predicted


def paired(
    first: list[Agreement], second: list[Agreement], groups: list[NDArray[np.int64]]
) -> dict[str, Any]:
    """Return the first one's measures minus the second one's, with 95 % intervals.

    Parameters
    ----------
    first, second
        One per chain each, of the same chains.
    groups
        Chains that are resampled together.
    """
    ours, theirs = columns(first), columns(second)
    rng = np.random.default_rng(0)

    def difference(weights: NDArray[np.float64]) -> list[float]:
        a, b = measures(ours, weights), measures(theirs, weights)
        return [a[name] - b[name] for name in COMPARED]

    n = len(groups)
    weights = np.ones(len(first))
    draws = []
    for _ in range(REPEATS):
        times = np.bincount(rng.integers(0, n, n), minlength=n)
        for group, count in zip(groups, times, strict=True):
            weights[group] = count
        draws.append(difference(weights))
    low, high = np.nanquantile(draws, (0.025, 0.975), axis=0)
    value = difference(np.ones(len(first)))
    return {
        name: {"difference": value[i], "interval": [float(low[i]), float(high[i])]}
        for i, name in enumerate(COMPARED)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=Path, required=True, help="folder of the CA traces")
    parser.add_argument("--peers", type=Path, required=True, help="folder of Chainsaw's choppings")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    chains, predicted = read_pairs(options.chains, options.peers)
    split_chain(chains[0].ca)  # compiles
    ours, spent = [], []
    for chain in chains:
        begun = time.process_time()
        ours.append(compare(chain.labels, split_chain(chain.ca)))
        spent.append(1000 * (time.process_time() - begun))
    theirs = [compare(c.labels, found) for c, found in zip(chains, predicted, strict=True)]
    groups = [np.array([row]) for row in range(len(chains))]
    metrics = {
        "schema": SCHEMA,
        "chains": len(chains),
        "least_agreement": LEAST_AGREEMENT,
        "methods": {
            "protvox": summarise(ours, groups),
            "chainsaw": summarise(theirs, groups),
        },
        "protvox_minus_chainsaw": paired(ours, theirs, groups),
        "milliseconds": {"mean": float(np.mean(spent)), "median": float(np.median(spent))},
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
