"""The check beside clashes and unusual backbones, on segments rebuilt with side chains.

``python -m experiments.check.packed test.npz --structures data/entries --training data/chains.csv
-o experiments/check/results/packed.json`` with an archive of ``experiments.check.features``. Each
segment is rebuilt twice by the same packer: with the residue types of another register, and, as a
control, with its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.check.benchmark import SHIFTS
from experiments.check.chains import Chain, read_chains
from experiments.check.measures import BOOTSTRAPS
from experiments.check.rotamers import Library, build_library, pack
from experiments.check.wrong_models import shift_types
from protvox.chemistry import AMINO_ACIDS
from protvox.predict.check.calibration import Calibration, released_calibration
from protvox.predict.check.residues import Surroundings
from protvox.predict.check.segments import mistraced_findings, register_findings
from protvox.predict.check.sequence import UNKNOWN
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

LENGTHS = (8, 12, 20)
TRAINING = 80
"""Entries from which the rotamers are taken."""

FALSE = 0.05
"""Share of controls at which the share of wrong segments found is given."""

Case = dict[str, Any]


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--structures", type=Path, required=True)
    parser.add_argument("--training", type=Path, required=True, help="table of chains")
    parser.add_argument("--chains", type=int, help="only the first so many chains")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    table = pd.read_csv(options.training)
    entries = table[table.split == "train"].pdb.drop_duplicates().sample(TRAINING, random_state=0)
    library = build_library([options.structures / f"{entry}.pdb" for entry in sorted(entries)])
    chains = read_chains(options.archive)[: options.chains]
    rng = np.random.default_rng(0)
    cases: list[Case] = []
    for chain in chains:
        entry, _, name = chain.name.partition("_")
        structure = read_structure(options.structures / f"{entry}.pdb")
        rows = np.flatnonzero(structure.is_protein & (structure.chain == name))
        cases += chain_cases(chain, structure, rows, library, released_calibration(), rng)
    measures = {
        "n_chains": len({case["chain"] for case in cases}),
        "lengths": {
            str(length): compare([case for case in cases if case["length"] == length])
            for length in LENGTHS
        },
    }
    options.output.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(measures, indent=1))
    return 0


def chain_cases(
    chain: Chain,
    structure: Structure,
    rows: NDArray[np.int64],
    library: Library,
    calibration: Calibration,
    rng: np.random.Generator,
) -> list[Case]:
    """Return a wrong segment and its control for each length.

    Parameters
    ----------
    chain
        A correct chain.
    structure
        The entry.
    rows
        Residues of the chain in the structure.
    library
        Rotamers.
    calibration
        Gives the p-values.
    rng
        Source of random numbers.
    """
    odds, measure = chain.odds(calibration), Surroundings(structure)
    cases = []
    for length in LENGTHS:
        if len(chain.types) < length + 10:
            continue
        first = int(rng.integers(0, len(chain.types) - length + 1))
        wrong = shift_types(chain, first, length, int(rng.choice(SHIFTS)))
        window = slice(first, first + length)
        if wrong is None or (chain.types[window] == UNKNOWN).any() or (wrong == UNKNOWN).any():
            continue
        if not np.isfinite(chain.backbone[window]).all():
            continue
        for is_wrong, types in ((True, wrong), (False, chain.types)):
            names = [AMINO_ACIDS[t] for t in types[window].tolist()]
            packed = pack(structure, rows[window], names, library)
            model = chain.model(types)
            free = np.zeros(len(model), dtype=np.bool_)
            findings = [*register_findings(model, odds), *mistraced_findings(model, odds, free)]
            inside = [
                calibration.log_rate(one.kind, one.log_odds)
                for one in findings
                if one.first < first + length and one.last >= first
            ]
            cases.append(
                {
                    "chain": chain.name,
                    "length": length,
                    "wrong": is_wrong,
                    "protvox": -min(inside, default=0.0),
                    "clashes": packed.clashes / length,
                    "backbone": _unusual(measure, rows[window], names),
                }
            )
    return cases


def _unusual(measure: Surroundings, rows: NDArray[np.int64], names: Sequence[str]) -> float:
    """Return the share of residues whose backbone is unusual for the type they are given."""
    pairs = zip(rows.tolist(), names, strict=True)
    return float(np.mean([measure.unusual_backbone(row, name) is not None for row, name in pairs]))


def compare(cases: Sequence[Case]) -> dict[str, Any]:
    """Return how well each measure separates wrong segments from their controls.

    Parameters
    ----------
    cases
        Of one length.
    """
    out: dict[str, Any] = {"n": sum(case["wrong"] for case in cases)}
    chains = np.array([case["chain"] for case in cases])
    wrong = np.array([case["wrong"] for case in cases])
    names = np.unique(chains)
    rows_of = {name: np.flatnonzero(chains == name) for name in names}
    for measure in ("protvox", "clashes", "backbone"):
        values = np.array([case[measure] for case in cases])
        rng = np.random.default_rng(0)
        drawn = []
        for _ in range(BOOTSTRAPS):
            rows = np.concatenate([rows_of[name] for name in rng.choice(names, len(names))])
            drawn.append(_separation(values[rows], wrong[rows]))
        found = _separation(values, wrong)
        ends = np.quantile(np.array(drawn), (0.025, 0.975), axis=0)
        out[measure] = {
            name: {"value": round(found[i], 4), "interval": np.round(ends[:, i], 4).tolist()}
            for i, name in enumerate(("auc", "found"))
        }
    return out


def _separation(values: NDArray[np.float64], wrong: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the area under the ROC curve, and the share found at `FALSE` false positives."""
    bad, good = values[wrong], values[~wrong]
    above = (bad[:, None] > good[None]).mean()
    equal = (bad[:, None] == good[None]).mean()
    limit = np.quantile(good, 1 - FALSE)
    return float(above + equal / 2), float((bad > limit).mean())


if __name__ == "__main__":
    raise SystemExit(main())
