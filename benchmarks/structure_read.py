"""Time to read structures: ``python benchmarks/structure_read.py [FILE ...]``.

Compares `protvox.structure.io.read.read_structure`, which also checks, cleans, classifies and types
every atom, with the bare parsers of gemmi (to its own objects), Biopython and mdtraj. Without
arguments it reads a synthetic crystal of about 64,000 atoms made from the fixture structures.
Prints a JSON object: median milliseconds of CPU time, and ratios to protvox.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import gemmi
import mdtraj
from Bio.PDB import MMCIFParser, PDBParser

from protvox.structure.io.read import read_structure

ROUNDS = 7
PEER_ROUNDS = 2
ATOMS = 64_000
SOURCE = Path(__file__).parents[1] / "protvox" / "examples" / "1pwc.pdb.gz"
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def crystal(folder: Path) -> list[Path]:
    """Write copies of the example side by side as one PDB and one mmCIF file."""
    source = gemmi.read_pdb_string(gzip.decompress(SOURCE.read_bytes()))
    source.remove_alternative_conformations()
    source.remove_waters()
    out, model, atoms = gemmi.Structure(), gemmi.Model(1), 0
    for i, name in enumerate(NAMES):
        if atoms >= ATOMS:
            break
        chain = source[0][0].clone()
        chain.name = name
        for residue in chain:
            for atom in residue:
                atom.pos += gemmi.Position(80.0 * (i % 5), 80.0 * (i // 5), 0.0)
            atoms += len(residue)
        model.add_chain(chain)
    out.add_model(model)
    out.setup_entities()
    out.write_pdb(str(folder / "crystal.pdb"))
    out.make_mmcif_document().write_file(str(folder / "crystal.cif"))
    return [folder / "crystal.pdb", folder / "crystal.cif"]


def median_ms(read: Callable[[], object], rounds: int) -> float:
    """Return the median CPU time of a call, after one call to warm up."""
    read()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        read()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def biopython(path: Path, text: str) -> object:
    parser = PDBParser(QUIET=True) if path.suffix == ".pdb" else MMCIFParser(QUIET=True)
    return parser.get_structure("x", io.StringIO(text))


def measure(path: Path) -> dict[str, object]:
    """Return the figures of one file."""
    data = path.read_bytes()
    text = data.decode("latin-1")
    gemmi_format = gemmi.CoorFormat.Pdb if path.suffix == ".pdb" else gemmi.CoorFormat.Mmcif
    times = {
        "protvox": median_ms(lambda: read_structure(path), ROUNDS),
        "gemmi": median_ms(lambda: gemmi.read_structure_string(data, format=gemmi_format), ROUNDS),
        "biopython": median_ms(lambda: biopython(path, text), PEER_ROUNDS),
        "mdtraj": median_ms(lambda: mdtraj.load(str(path)), PEER_ROUNDS),
    }
    ratios = {name: round(ms / times["protvox"], 2) for name, ms in times.items()}
    atoms = read_structure(path).n_atoms
    return {
        "file": path.name,
        "atoms": atoms,
        "ratio_to_protvox": ratios,
        "cpu_ms": {name: round(ms, 1) for name, ms in times.items()},
    }


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(name) for name in sys.argv[1:]] or crystal(Path(folder))
        files = [measure(path) for path in paths]
    load = [round(value, 1) for value in os.getloadavg()]
    machine = {"python": platform.python_version(), "rounds": ROUNDS, "load_average": load}
    sys.stdout.write(json.dumps({"files": files} | machine, indent=1) + "\n")


if __name__ == "__main__":
    main()
