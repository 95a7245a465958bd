"""List every segment that the check reports in released structures, with its surroundings.

``python -m experiments.check.alarms raw.jsonl --structures data/raw -o
experiments/check/results/alarms-raw.csv`` with the output of ``protvox check --format jsonl``.
Notes that were written into the file by hand are kept. With ``--twins data/chains.csv``, segments
are compared with the same residues in another structure of the same or a related protein.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.check.twins import compare_segment, twin_chains
from protvox.predict.check.residues import Surroundings
from protvox.structure.geometry.secondary_structure import SecondaryStructure, secondary_structure
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

FIELDS = (
    *("file", "method", "resolution", "chain", "first", "last", "kind", "shift", "log_odds"),
    *("p_value", "structure", "neighbours", "unusual_backbone", "near_ligand", "near_copy"),
    *("twin", "twin_distance", "twin_offset", "note"),
)
KEY = ("file", "chain", "first", "last", "kind")
NEIGHBOUR = 10.0
"""Distance between CA atoms of neighbours, Å."""


def main() -> int:
    """Write one row per segment."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("--structures", type=Path, required=True)
    parser.add_argument("--twins", type=Path, help="table of chains")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    notes = {}
    if options.output.exists():
        with options.output.open(encoding="utf-8", newline="") as file:
            notes = {tuple(row[name] for name in KEY): row["note"] for row in csv.DictReader(file)}
    rows: list[dict[str, Any]] = []
    for line in options.documents.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        if document["segments"]:
            rows += describe(document, options.structures, options.twins)
    for row in rows:
        row["note"] = notes.get(tuple(str(row[name]) for name in KEY), "")
    with options.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(len(rows), "segments")
    return 0


def describe(
    document: dict[str, Any], folder: Path, twins: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the segments of one structure with what surrounds them.

    Parameters
    ----------
    document
        JSON form of a check.
    folder
        Where the structure file is.
    twins
        Table of the chains in that folder, among which to look for the same protein.
    """
    structure = read_structure(folder / document["input"]["name"])
    measure = Surroundings(structure)
    numbers = [f"{n}{c}" for n, c in zip(structure.number, structure.insertion_code, strict=True)]
    ca = structure.backbone()[:, 1]
    for segment in document["segments"]:
        chain = np.flatnonzero(structure.is_protein & (structure.chain == segment["chain"]))
        names = [numbers[row] for row in chain]
        first, last = names.index(segment["first"]), names.index(segment["last"])
        rows = chain[first : last + 1]
        states = secondary_structure(ca[chain])[first : last + 1]
        reasons = [measure.reasons(int(row)) for row in rows]
        apart = np.linalg.norm(ca[rows][:, None] - ca[structure.is_protein][None], axis=2)
        yield {
            "file": document["input"]["name"],
            "method": structure.experiment.method,
            "resolution": structure.experiment.resolution,
            **{key: segment[key] for key in ("chain", "first", "last", "kind", "shift")},
            "log_odds": round(segment["log_odds"], 1),
            "p_value": f"{segment['p_value']:.2g}",
            "structure": SecondaryStructure(int(np.bincount(states).argmax())).name.lower(),
            "neighbours": round(float((apart < NEIGHBOUR).sum(axis=1).mean()), 1),
            "unusual_backbone": _count(reasons, "backbone"),
            "near_ligand": sum(_is_ligand(found) for found in reasons),
            "near_copy": _count(reasons, "in the crystal"),
            **_twin(structure, segment["chain"], first, last, folder, twins),
        }


def _twin(
    structure: Structure, chain: str, first: int, last: int, folder: Path, twins: Path | None
) -> dict[str, Any]:
    """Return the comparison with the first other chain that has the residues."""
    names = [] if twins is None else twin_chains(twins, Path(structure.name).stem, chain)
    for entry, name in names:
        other = read_structure(folder / f"{entry}.pdb")
        found = compare_segment(structure, chain, first, last, other, name)
        if found is not None:
            return {
                "twin": f"{entry}:{name}",
                "twin_distance": round(found.distance, 1),
                "twin_offset": round(found.offset, 1),
            }
    return {"twin": "", "twin_distance": "", "twin_offset": ""}


def _count(reasons: list[tuple[str, ...]], word: str) -> int:
    return sum(any(word in reason for reason in found) for found in reasons)


def _is_ligand(found: tuple[str, ...]) -> bool:
    return any(" A from " in reason and "crystal" not in reason for reason in found)


if __name__ == "__main__":
    raise SystemExit(main())
