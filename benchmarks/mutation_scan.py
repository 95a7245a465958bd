"""Time a full scan of 300 residues by both networks, after start-up.

Example: ``python benchmarks/mutation_scan.py -o benchmarks/results/mutation_scan.json``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np

from protvox.predict.mutations.score import score_mutations
from protvox.structure.io.read import read_structure

EXAMPLE = Path(__file__).parents[1] / "protvox" / "examples" / "1pwc.pdb.gz"
RESIDUES = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    whole = read_structure(EXAMPLE)
    chosen = np.zeros(whole.n_residues, dtype=np.bool_)
    chosen[np.flatnonzero(whole.is_protein)[:RESIDUES]] = True
    structure = whole.select(chosen)
    # Loads the models and the compiled loops.
    score_mutations(structure, device="cpu")
    wall, cpu = [], []
    for _ in range(options.repeats):
        start, used = time.perf_counter(), time.process_time()
        scores = score_mutations(structure, device="cpu")
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    result = {
        "residues": len(scores.residues),
        "substitutions": len(scores.table),
        "models": dict(scores.models),
        "repeats": options.repeats,
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "seconds": {
            "wall": {"median": statistics.median(wall), "fastest": min(wall), "slowest": max(wall)},
            "cpu": {"median": statistics.median(cpu), "fastest": min(cpu), "slowest": max(cpu)},
        },
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["seconds"]))


if __name__ == "__main__":
    main()
