"""Check the test chains in which the benchmark's shortcut reports a segment, as the product does.

``python -m experiments.check.alarmed test.npz --structures data/entries`` with archives of
``experiments.check.features`` writes one JSON document per line, for ``experiments.check.alarms``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.check.chains import read_all
from protvox.predict.check.calibration import released_calibration
from protvox.predict.check.check import check
from protvox.predict.check.segments import find_findings
from protvox.structure.io.read import read_structure


def main() -> int:
    """Print the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("--structures", type=Path, required=True)
    options = parser.parse_args()
    calibration = released_calibration()
    for chain in read_all(options.archives):
        if find_findings(chain.model(), chain.odds(calibration), {}, calibration):
            entry, _, name = chain.name.partition("_")
            structure = read_structure(options.structures / f"{entry}.pdb")
            print(check(structure, chain=name, device="cpu").to_json(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
