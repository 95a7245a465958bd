"""How often the flags of a domain are right: false positives and detections.

Domains are given as they are; whole chains of several domains, halves and windows of domains,
peptides and damaged coordinates are given as if they were domains. Only the limits in the card
of the model are used, not its network.

Example: ``python -m experiments.cath.flags --model models/cath --data data
--shards shards/cath-test --split test -o experiments/cath/results/flags.json``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.cath.flags_cases import Case, chain_cases, domain_cases, peptide_cases
from protvox.registry.card import Card, read_card
from protvox.tasks.cath.applicability import find_flags
from protvox.train.metrics import bootstrap_interval
from protvox.train.shard import read_shards

SCHEMA: Final = "protvox.flags/1"

OF_LENGTH: Final = frozenset({"too_long", "too_short"})
"""Flags that depend only on the number of residues."""


def judge(cases: Iterable[Case], card: Card) -> dict[str, dict[str, Any]]:
    """Flag cases by the limits in a card.

    Parameters
    ----------
    cases
        The chains.
    card
        Card of a CATH model.

    Returns
    -------
    dict
        By kind ``n``, ``n_groups``, the share ``flagged`` (``in_range`` false) with a 95 %
        interval from resampling groups, the share ``flagged_by_shape`` for something other than
        length, ``median_residues`` and the share of each flag.
    """
    found: dict[str, list[tuple[Case, tuple[str, ...]]]] = {}
    for case in cases:
        flags = find_flags(case.ca, case.n_residues, card)
        found.setdefault(case.kind, []).append((case, flags))
    return {kind: summarise(judged) for kind, judged in found.items()}


def summarise(judged: list[tuple[Case, tuple[str, ...]]]) -> dict[str, Any]:
    """Return the shares of one kind.

    Parameters
    ----------
    judged
        Cases with their flags.
    """
    _, groups = np.unique([case.group for case, _ in judged], return_inverse=True)
    flagged = np.array([float(bool(flags)) for _, flags in judged])
    by_shape = np.array([float(bool(set(flags) - OF_LENGTH)) for _, flags in judged])
    names = sorted({flag for _, flags in judged for flag in flags})
    return {
        "n": len(judged),
        "n_groups": int(groups.max()) + 1,
        "median_residues": float(np.median([case.n_residues for case, _ in judged])),
        "flagged": float(flagged.mean()),
        "flagged_by_shape": float(by_shape.mean()),
        "intervals": {
            "flagged": list(bootstrap_interval(flagged, groups)),
            "flagged_by_shape": list(bootstrap_interval(by_shape, groups)),
        },
        "flags": {name: float(np.mean([name in flags for _, flags in judged])) for name in names},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of both tables and the structures"
    )
    parser.add_argument("--shards", type=Path, required=True, help="domains of the split")
    parser.add_argument("--split", required=True, choices=("val", "test"))
    parser.add_argument("--seed", type=int, default=0, help="seed of windows, orders and noise")
    parser.add_argument("-o", "--output", type=Path, required=True, help="flags.json")
    options = parser.parse_args()
    card = read_card(options.model)
    shard = read_shards(sorted(options.shards.glob("*.npz")))
    kinds = judge(
        chain(
            domain_cases(shard, options.seed),
            chain_cases(options.data, options.split),
            peptide_cases(options.data, options.split),
        ),
        card,
    )
    result = {
        "schema": SCHEMA,
        "model": card.reference,
        "split": options.split,
        "seed": options.seed,
        "limits": {"n_residues": card.n_residues, **card.shape},
        "kinds": kinds,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    for kind, found in kinds.items():
        low, high = found["intervals"]["flagged"]
        print(
            f"{kind} ({found['n']}): {found['flagged']:.3f}, {low:.3f} to {high:.3f}; "
            f"by shape {found['flagged_by_shape']:.3f}"
        )


if __name__ == "__main__":
    main()
