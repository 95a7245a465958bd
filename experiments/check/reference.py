"""Write the log likelihoods with which whole models are compared.

``python -m experiments.check.reference val.npz nmr.npz --types pdb_entry_type.txt --domains
data/domains.csv -o protvox/predict/check`` with archives of ``experiments.check.features --sides``,
and https://files.wwpdb.org/pub/pdb/derived_data/pdb_entry_type.txt.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from experiments.check.chains import Chain, read_all
from protvox.predict.check.overall import REFERENCE_FILE
from protvox.predict.check.sequence import UNKNOWN

UNKNOWN_RESOLUTION = 900.0
"""Å, from which on the table of domains means that the resolution is unknown."""

SHORTEST = 40
"""Fewest residues of a chain."""


def main() -> int:
    """Write resolution and log likelihood of X-ray chains, log likelihood of NMR chains."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("--types", type=Path, required=True, help="pdb_entry_type.txt of wwPDB")
    parser.add_argument("--domains", type=Path, required=True, help="table with resolutions")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    methods = read_methods(options.types)
    resolutions = read_resolutions(options.domains)
    xray, nmr = [], []
    for chain in read_all(options.archives):
        entry = chain.name.partition("_")[0]
        if len(chain.rows) < SHORTEST or chain.probabilities is None:
            continue
        value = round(chain_log_likelihood(chain), 4)
        if methods.get(entry) == "NMR":
            nmr.append(value)
        elif methods.get(entry) == "diffraction" and entry in resolutions:
            xray.append([resolutions[entry], value])
    reference = {"xray": sorted(xray), "nmr": sorted(nmr)}
    text = json.dumps(reference).replace("], [", "],\n  [").replace(', "nmr"', ',\n "nmr"') + "\n"
    (options.output / REFERENCE_FILE.name).write_text(text, encoding="utf-8")
    print(len(xray), "X-ray chains,", len(nmr), "NMR chains")
    return 0


def read_methods(path: Path) -> dict[str, str]:
    """Return the method of every PDB entry.

    Parameters
    ----------
    path
        ``pdb_entry_type.txt``.
    """
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[2] for row in rows if len(row) == 3}


def read_resolutions(path: Path) -> dict[str, float]:
    """Return the resolution of the entries for which it is known, Å.

    Parameters
    ----------
    path
        Table of domains.
    """
    with path.open(encoding="utf-8", newline="") as file:
        found = {row["domain"][:4]: float(row["resolution"]) for row in csv.DictReader(file)}
    return {entry: value for entry, value in found.items() if value < UNKNOWN_RESOLUTION}


def chain_log_likelihood(chain: Chain) -> float:
    """Return the mean log probability of the amino acids of a chain, nats.

    Parameters
    ----------
    chain
        With probabilities.
    """
    assert chain.probabilities is not None, "run experiments.check.features with --sides"
    types = chain.types[chain.rows]
    known = types != UNKNOWN
    shares = chain.probabilities[known][np.arange(int(known.sum())), types[known]]
    return float(np.log(np.clip(shares, np.finfo(np.float32).tiny, None)).mean())


if __name__ == "__main__":
    raise SystemExit(main())
