"""How often the check finds errors that were made on purpose, and how often others.

``python -m experiments.check.benchmark val.npz -o experiments/check/results/val.json`` with
archives of ``experiments.check.features``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.check.chains import Chain, read_all
from experiments.check.measures import bootstrap_ratio
from experiments.check.wrong_models import reverse_types, shift_types, shuffle_types
from protvox.predict.check.calibration import Calibration, released_calibration
from protvox.predict.check.segments import Finding, find_findings
from protvox.predict.check.sequence import align
from protvox.structure.geometry.secondary_structure import SecondaryStructure, secondary_structure

LENGTHS = (5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20, 25, 30, 40)
SHIFTS = (-4, -3, -2, -1, 1, 2, 3, 4)

Case = dict[str, Any]


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("--number", type=int, default=1, help="segments per chain and length")
    parser.add_argument("--chains", type=int, help="only the first so many chains")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    chains = read_all(options.archives)[: options.chains]
    measures = measure(chains, released_calibration(), options.number)
    options.output.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: v for k, v in measures.items() if k != "alarms"}, indent=1))
    return 0


def measure(chains: Sequence[Chain], calibration: Calibration, number: int) -> dict[str, Any]:
    """Measure findings in correct and in wrong chains.

    Parameters
    ----------
    chains
        Correct chains.
    calibration
        How sure a finding is.
    number
        Segments per chain and length.
    """
    rng = np.random.default_rng(0)
    alarms: list[Case] = []
    shifted: list[Case] = []
    declared: list[Case] = []
    others: dict[str, list[Case]] = {"reversed": [], "shuffled": [], "swapped": []}
    n_residues = 0
    for i, chain in enumerate(chains):
        odds = chain.odds(calibration)
        n_residues += len(chain.types)
        partner = chains[(i + 1) % len(chains)]
        alarms += [_case(chain, one) for one in find_findings(chain.model(), odds, {}, calibration)]
        others["swapped"] += swapped_cases(chain, partner, odds, calibration)
        for length in LENGTHS:
            for _ in range(number):
                if len(chain.types) < length + 10:
                    continue
                first = int(rng.integers(0, len(chain.types) - length + 1))
                shift = int(rng.choice(SHIFTS))
                shifted += shifted_cases(chain, first, length, shift, odds, calibration)
                declared += shifted_cases(
                    chain, first, length, shift, odds, calibration, declared=True
                )
            first = int(rng.integers(0, max(1, len(chain.types) - length + 1)))
            if len(chain.types) >= length + 10:
                types = reverse_types(chain, first, length)
                others["reversed"] += _found(
                    chain, types, first, length, "direction", odds, calibration
                )
                types = shuffle_types(chain, first, length, rng)
                others["shuffled"] += _found(
                    chain, types, first, length, "mistraced", odds, calibration
                )
    rate = 1000 * len(alarms) / n_residues
    return {
        "n_chains": len(chains),
        "n_residues": n_residues,
        "false_alarms_per_1000": rate,
        "false_alarms_interval": bootstrap_ratio(
            [[sum(a["chain"] == chain.name for a in alarms), len(chain.types)] for chain in chains],
            1000,
        ),
        "false_alarms_by_kind": {
            kind: sum(a["kind"] == kind for a in alarms)
            for kind in sorted({a["kind"] for a in alarms})
        },
        "register": summary(shifted),
        "register_declared": summary(declared),
        **{name: summary(cases) for name, cases in others.items()},
        "alarms": alarms,
    }


def shifted_cases(
    chain: Chain,
    first: int,
    length: int,
    shift: int,
    odds: NDArray[np.float64],
    calibration: Calibration,
    *,
    declared: bool = False,
) -> list[Case]:
    """Return one case of a shifted segment, or none if it cannot be shifted.

    Parameters
    ----------
    chain, first, length, shift
        See `shift_types`.
    odds
        Of the chain.
    calibration
        How sure a finding is.
    declared
        Whether the true sequence is given.
    """
    types = shift_types(chain, first, length, shift)
    if types is None:
        return []
    model = chain.model(types)
    if declared:
        truth = chain.model().sequence
        model = model.with_sequence(truth, align(types, truth))
    findings = find_findings(model, odds, {}, calibration)
    middle = chain.backbone[first : first + length, 1]
    kinds = secondary_structure(chain.backbone[:, 1])[first : first + length]
    depth = _neighbours(chain, first, length)
    touching = [one for one in findings if _shared(one, first, length) > 0]
    return [
        {
            "chain": chain.name,
            "length": length,
            "shift": abs(shift),
            "structure": _main_state(kinds),
            "burial": "buried" if depth > 18 else "exposed",
            "found": any(
                one.shift == shift and 2 * _shared(one, first, length) >= length for one in touching
            ),
            "touched": bool(touching),
            "whole": bool(np.isfinite(middle).all()),
        }
    ]


def swapped_cases(
    chain: Chain, partner: Chain, odds: NDArray[np.float64], calibration: Calibration
) -> list[Case]:
    """Return one case of a chain with the sequence of another, its own being offered.

    Parameters
    ----------
    chain, partner
        Correct chains; the sequence of the partner is repeated until it is long enough.
    odds
        Of the chain.
    calibration
        How sure a finding is.
    """
    if len(chain.types) < 30:
        return []
    types = np.resize(partner.types, len(chain.types))
    others = {"own": chain.types}
    findings = find_findings(chain.model(types), odds, others, calibration)
    covered = sum(one.last - one.first + 1 for one in findings if one.kind == "chain")
    return [
        {
            "chain": chain.name,
            "length": len(chain.types),
            "found": 2 * covered >= len(chain.types),
            "touched": bool(findings),
        }
    ]


def _found(
    chain: Chain,
    types: NDArray[np.int64] | None,
    first: int,
    length: int,
    kind: str,
    odds: NDArray[np.float64],
    calibration: Calibration,
) -> list[Case]:
    if types is None:
        return []
    findings = find_findings(chain.model(types), odds, {}, calibration)
    near = [one for one in findings if 2 * _shared(one, first, length) >= length]
    return [
        {
            "chain": chain.name,
            "length": length,
            "found": any(one.kind == kind for one in near),
            "touched": any(_shared(one, first, length) > 0 for one in findings),
        }
    ]


def summary(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the share of cases that were found, with 95 % intervals, in all and by property.

    Parameters
    ----------
    cases
        With ``found`` (the right kind, shift and at least half of the segment), ``touched`` (any
        finding there) and properties.
    """
    groups: dict[str, Callable[[Case], Any]] = {
        "length": lambda case: case["length"] if case["length"] <= max(LENGTHS) else "chain",
        "range": lambda case: _range(case["length"]),
        "shift": lambda case: case.get("shift"),
        "structure": lambda case: case.get("structure"),
        "burial": lambda case: case.get("burial"),
    }
    out: dict[str, Any] = {}
    for name, key in groups.items():
        by_value: dict[Any, list[Case]] = defaultdict(list)
        for case in cases:
            by_value[key(case)].append(case)
        if set(by_value) != {None}:
            out[name] = {str(v): _share(group) for v, group in sorted(by_value.items(), key=str)}
    return out


def _share(cases: Sequence[Case]) -> dict[str, Any]:
    by_chain: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        by_chain[case["chain"]][0] += case["found"]
        by_chain[case["chain"]][1] += 1
    return {
        "n": len(cases),
        "found": round(float(np.mean([case["found"] for case in cases])), 4),
        "interval": bootstrap_ratio(list(by_chain.values()), 1),
        "touched": round(float(np.mean([case["touched"] for case in cases])), 4),
    }


def _range(length: int) -> str:
    return "5-7" if length < 8 else "8-11" if length < 12 else "12 and more"


def _shared(one: Finding, first: int, length: int) -> int:
    return min(one.last, first + length - 1) - max(one.first, first) + 1


def _case(chain: Chain, one: Finding) -> Case:
    fields = one._asdict()
    return {
        "chain": chain.name,
        **{k: fields[k] for k in ("kind", "first", "last", "shift")},
        "log_odds": round(one.log_odds, 2),
    }


def _main_state(states: NDArray[np.uint8]) -> str:
    return SecondaryStructure(int(np.bincount(states).argmax())).name.lower()


def _neighbours(chain: Chain, first: int, length: int) -> float:
    ca = chain.backbone[:, 1]
    near = np.linalg.norm(ca[first : first + length, None] - ca[None], axis=2) < 10.0
    return float(near.sum(axis=1).mean())


if __name__ == "__main__":
    raise SystemExit(main())
