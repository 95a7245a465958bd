"""Time to read structures beside other libraries: ``python benchmarks/structure_read.py``.

Compares `protvox.structure.io.read.read_structure`, which also checks, cleans, classifies and
types every atom, with the parsers of gemmi, biotite, Biopython and mdtraj (into their own
objects) in the same run. It reads a synthetic crystal of about 65,000 atoms made from the
example, as PDB, mmCIF and BinaryCIF, and crystals of up to ``--atoms`` atoms as mmCIF to see
whether time and memory grow linearly. protvox and gemmi read in turn. Prints a JSON object: median
milliseconds of CPU time, ratios of protvox's time to the others' with quartiles for gemmi, and
bytes per atom: of the structure, and at most while it is read, without the file's own bytes.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import biotite.structure.io.pdb as biotite_pdb
import biotite.structure.io.pdbx as biotite_pdbx
import gemmi
import mdtraj
from Bio.PDB import MMCIFParser, PDBParser

from protvox.structure.io.read import read_structure, read_table

ROUNDS = 41
PEER_ROUNDS = 2
ATOMS = 65_000
SOURCE = Path(__file__).parents[1] / "protvox" / "examples" / "1pwc.pdb.gz"
NUMBERS = {
    **dict.fromkeys(("Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv"), float),
    **dict.fromkeys(("id", "auth_seq_id", "pdbx_PDB_model_num"), int),
}
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def crystal(atoms: int) -> gemmi.Structure:
    """Return copies of the example side by side."""
    source = gemmi.read_pdb_string(gzip.decompress(SOURCE.read_bytes()))
    source.remove_alternative_conformations()
    source.remove_waters()
    out, model, n, copy = gemmi.Structure(), gemmi.Model(1), 0, 0
    while n < atoms:
        chain = source[0][0].clone()
        letter, turn = NAMES[copy % len(NAMES)], copy // len(NAMES)
        chain.name = f"{letter}{turn}" if turn else letter
        for residue in chain:
            for atom in residue:
                atom.pos += gemmi.Position(80.0 * (copy % 10), 80.0 * (copy // 10), 0.0)
            n += len(residue)
        model.add_chain(chain)
        copy += 1
    out.add_model(model)
    out.setup_entities()
    return out


def write(folder: Path, atoms: int) -> dict[str, Path]:
    """Write a crystal in the three formats."""
    structure = crystal(atoms)
    paths = {form: folder / f"{atoms}.{form}" for form in ("pdb", "cif", "bcif")}
    if atoms < 100_000:
        structure.write_pdb(str(paths["pdb"]))
    structure.make_mmcif_document().write_file(str(paths["cif"]))
    if atoms < 100_000:
        text = biotite_pdbx.CIFFile.read(str(paths["cif"]))
        site = {
            name: column.as_array(NUMBERS.get(name, str))
            for name, column in text.block["atom_site"].items()
        }
        category = biotite_pdbx.BinaryCIFCategory(site)
        block = biotite_pdbx.BinaryCIFBlock({"atom_site": category})
        biotite_pdbx.compress(biotite_pdbx.BinaryCIFFile({"x": block})).write(str(paths["bcif"]))
    return paths


def cpu_ms(read: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    start = time.process_time()
    read()
    return 1e3 * (time.process_time() - start)


def median_ms(read: Callable[[], object], rounds: int) -> float:
    """Return the median CPU time of a call, after one call to warm up."""
    read()
    return statistics.median(cpu_ms(read) for _ in range(rounds))


def alternate(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[float, float, list[float]]:
    """Return the median CPU times of two calls in turn, and the quartiles of their ratio."""
    first(), second()
    pairs = [(cpu_ms(first), cpu_ms(second)) for _ in range(rounds)]
    ratios = statistics.quantiles([a / b for a, b in pairs], n=4)
    a, b = (statistics.median(times) for times in zip(*pairs, strict=True))
    return a, b, ratios


def biopython(path: Path) -> object:
    """Read a file with Biopython."""
    parser = PDBParser(QUIET=True) if path.suffix == ".pdb" else MMCIFParser(QUIET=True)
    return parser.get_structure("x", io.StringIO(path.read_text()))


def biotite(path: Path) -> object:
    """Read a file with biotite."""
    if path.suffix == ".pdb":
        return biotite_pdb.PDBFile.read(str(path)).get_structure(model=1)
    kind = biotite_pdbx.CIFFile if path.suffix == ".cif" else biotite_pdbx.BinaryCIFFile
    return biotite_pdbx.get_structure(kind.read(str(path)), model=1)


def measure(path: Path) -> dict[str, object]:
    """Return the figures of one file."""
    times, quartiles = {}, None
    if path.suffix == ".bcif":  # Only biotite reads it as well.
        times["protvox"] = median_ms(lambda: read_structure(path), ROUNDS)
    else:
        times["protvox"], times["gemmi"], quartiles = alternate(
            lambda: read_structure(path), lambda: gemmi.read_structure(str(path)), ROUNDS
        )
        times["biopython"] = median_ms(lambda: biopython(path), PEER_ROUNDS)
        times["mdtraj"] = median_ms(lambda: mdtraj.load(str(path)), PEER_ROUNDS)
    times["biotite"] = median_ms(lambda: biotite(path), PEER_ROUNDS)
    found: dict[str, object] = {
        "file": path.suffix[1:],
        "atoms": read_structure(path).n_atoms,
        "cpu_ms": {name: round(ms, 1) for name, ms in times.items()},
        "ratio_to": {
            name: round(times["protvox"] / ms, 3) for name, ms in times.items() if name != "protvox"
        },
        "bytes_per_atom": memory(path),
    }
    if quartiles:
        found["quartiles_of_ratio_to_gemmi"] = [round(ratio, 2) for ratio in quartiles]
    return found


def memory(path: Path) -> dict[str, int]:
    """Return the memory of reading a file, without the file's own bytes."""
    data = path.read_bytes()
    tracemalloc.start()
    atoms = len(read_table(data)[0])
    table = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    structure = read_structure(data)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert structure.n_atoms <= atoms
    return {"kept": round(kept / atoms), "peak": round(max(table, peak) / atoms)}


def grow(path: Path) -> dict[str, object]:
    """Return time and memory of reading one mmCIF file."""
    ms = median_ms(lambda: read_structure(path), 3)
    atoms = read_structure(path).n_atoms
    return {
        "atoms": atoms,
        "cpu_ms": round(ms, 1),
        "us_per_atom": round(1e3 * ms / atoms, 3),
        "bytes_per_atom": memory(path),
    }


def main() -> None:
    """Write the figures to standard output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--atoms", type=int, default=1_000_000, help="atoms of the largest file")
    largest = parser.parse_args().atoms
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        files = [measure(path) for path in write(Path(folder), ATOMS).values()]
        sizes = [n for n in (ATOMS, 250_000, 1_000_000) if n <= largest]
        growth = [grow(write(Path(folder), n)["cif"]) for n in sizes]
    load = [round(value, 1) for value in os.getloadavg()]
    machine = {"python": platform.python_version(), "rounds": ROUNDS, "load_average": load}
    out = {"files": files, "growth": growth} | machine
    sys.stdout.write(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
