"""Write the residues of chains as the backbone network reads them, for training and validation.

Example: ``python -m experiments.mutations.backbone.features data/chains.csv --structures data
--split train -o runs/backbone/train.safetensors``
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import fields
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

import protvox
from protvox.networks.backbone.residues import Residues, residues_of


def save_residues(residues: Residues, path: Path) -> None:
    """Write a safetensors file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f.name: np.ascontiguousarray(getattr(residues, f.name)) for f in fields(residues)}
    save_file(arrays, path)


def load_residues(path: Path) -> Residues:
    """Read a file written by `save_residues`."""
    return Residues(**load_file(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="chains.csv")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder that the column `file` counts from"
    )
    parser.add_argument("--split", required=True, help="train, val or test")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    chains: dict[str, list[str]] = {}
    with options.table.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == options.split and row["representative"] == "1":
                chains.setdefault(row["file"], []).append(row["chain"])
    parts = []
    for number, (name, labelled) in enumerate(sorted(chains.items()), 1):
        structure = protvox.read_structure(options.structures / name)
        parts.append(residues_of(structure, np.isin(structure.chain, labelled)))
        if number % 200 == 0:
            print(f"{number} of {len(chains)} files", flush=True)
    residues = Residues.join(parts)
    save_residues(residues, options.output)
    print(f"{len(residues.centre)} residues to predict among {len(residues.kind)}")


if __name__ == "__main__":
    main()
