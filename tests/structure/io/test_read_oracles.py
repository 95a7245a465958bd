"""Biopython and mdtraj read the same atoms at the same coordinates."""

from __future__ import annotations

import gzip
import io
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import Bio.PDB
import mdtraj as md
import numpy as np
import pytest

from protvox.chemistry import BACKBONE_ATOMS
from protvox.errors import InputError
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

TOLERANCE = 1e-3  # Å, the last decimal of the formats
FIXTURES = (
    "1ubi.pdb",
    "1a8o.pdb",
    "1a8o.cif",
    "3jqh.cif",
    "1gbt.cif.gz",
    "1lcd.pdb.gz",
    "1lcd.cif.gz",
    "1ejg.pdb.gz",
    "1ake_chimerax.cif.gz",
    "3mht.pdb.gz",
)
Key = tuple[str, int, str, str]
"""Chain, number, insertion code and name of a residue."""


@dataclass
class Oracle:
    """A residue as Biopython reads it.

    Attributes
    ----------
    hetero
        HETATM records.
    atoms
        All positions of each heavy atom by its name: altloc (blank if none) and coordinates.
    """

    hetero: bool
    atoms: dict[str, list[tuple[str, np.ndarray]]] = field(default_factory=dict)


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode("latin-1")


def biopython_residues(path: Path) -> dict[Key, Oracle]:
    """Return the residues of the first model, alternative residues included."""
    parser = (
        Bio.PDB.MMCIFParser(QUIET=True) if ".cif" in path.name else Bio.PDB.PDBParser(QUIET=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = next(iter(parser.get_structure("x", io.StringIO(text_of(path)))))
    residues: dict[Key, Oracle] = {}
    for chain in model:
        for found in chain:
            forms = (
                [found.child_dict[name] for name in found.disordered_get_id_list()]
                if found.is_disordered() == 2
                else [found]
            )
            for residue in forms:
                hetero, number, code = residue.get_id()
                key = (chain.id.strip(), number, code.strip(), residue.resname.strip())
                oracle = residues.setdefault(key, Oracle(bool(hetero.strip())))
                for atom in residue.get_unpacked_list():
                    if atom.element not in ("H", "D"):
                        position = (atom.get_altloc().strip(), atom.coord)
                        oracle.atoms.setdefault(atom.get_name(), []).append(position)
    return residues


def protvox_residues(structure: Structure) -> dict[Key, dict[str, np.ndarray]]:
    """Return the coordinates of each residue's atoms by name."""
    residues: dict[Key, dict[str, np.ndarray]] = {}
    keys = [
        (
            structure.chain[i].item(),
            int(structure.number[i]),
            structure.insertion_code[i].item(),
            structure.residue_name[i].item(),
        )
        for i in range(structure.n_residues)
    ]
    for row, name in enumerate(structure.atom_name.tolist()):
        key = keys[structure.residue_index[row]]
        residues.setdefault(key, {})[name] = structure.coordinates[row]
    return residues


def check_atoms(key: Key, ours: dict[str, np.ndarray], theirs: Oracle) -> None:
    """Check that all atoms of one alternative position were read, at the right coordinates."""
    altlocs: Counter[str] = Counter()
    for name, coordinates in ours.items():
        distances = [np.abs(other - coordinates).max() for _, other in theirs.atoms[name]]
        assert min(distances) < TOLERANCE, (key, name)
        altlocs[theirs.atoms[name][int(np.argmin(distances))][0]] += 1
    del altlocs[""]
    chosen = altlocs.most_common(1)[0][0] if altlocs else None
    for name in set(theirs.atoms) - set(ours):
        missed = {altloc for altloc, _ in theirs.atoms[name]}
        assert name not in BACKBONE_ATOMS, (key, name)
        assert not missed & {"", chosen}, (key, name)


def compare_with_biopython(path: Path) -> int:
    """Check every protein residue both ways; return how many were compared."""
    structure = read_structure(path)
    ours, theirs = protvox_residues(structure), biopython_residues(path)
    protein = {
        (structure.chain[i].item(), int(structure.number[i]), structure.insertion_code[i].item())
        for i in np.flatnonzero(structure.is_protein)
    }
    compared = [key for key in ours if key[:3] in protein]
    for key in compared:
        assert key in theirs, key
        check_atoms(key, ours[key], theirs[key])
    for key, oracle in theirs.items():
        in_chain = residue_name(key[3]).amino_acid and not oracle.hetero
        assert key[:3] in protein or not (in_chain and "CA" in oracle.atoms), key
    return len(compared)


@pytest.mark.parametrize("name", FIXTURES)
def test_biopython_agrees(data_dir: Path, name: str) -> None:
    assert compare_with_biopython(data_dir / name) >= 20


def test_biopython_agrees_on_the_example(example_path: Path) -> None:
    assert compare_with_biopython(example_path) == 345


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.pdb", "3mht.pdb.gz"])
def test_mdtraj_agrees(data_dir: Path, name: str, tmp_path: Path) -> None:
    structure = read_structure(data_dir / name)
    path = tmp_path / "x.pdb"
    path.write_text(text_of(data_dir / name))
    first = structure.protein_chains[0]
    frame = md.load(str(path), standard_names=False)
    theirs = {
        (atom.residue.resSeq, atom.residue.name, atom.name): 10 * frame.xyz[0, atom.index]
        for atom in frame.topology.atoms
        if atom.residue.chain.chain_id == first and atom.element.symbol not in ("H", "D")
    }
    compared = 0
    for row, residue in enumerate(structure.residue_index.tolist()):
        if structure.chain[residue] != first or not structure.is_protein[residue]:
            continue
        key = (
            int(structure.number[residue]),
            structure.residue_name[residue].item(),
            structure.atom_name[row].item(),
        )
        np.testing.assert_allclose(theirs[key], structure.coordinates[row], atol=2e-3)
        compared += 1
    assert compared > 500


@pytest.mark.slow
def test_biopython_agrees_on_original_files(raw_files: list[Path]) -> None:
    compared = rejected = 0
    beyond_biopython: list[str] = []
    for path in raw_files:
        if ".bcif" in path.name:
            continue  # Biopython fails on some of these; biotite is used instead, see test_read
        try:
            read_structure(path)
        except InputError as error:
            rejected += 1
            assert error.code in ("input.no_protein", "input.format"), (path.name, error)
            continue
        try:
            compared += compare_with_biopython(path) > 0
        except KeyError as error:
            beyond_biopython.append(path.name)
            assert "pdbx_PDB_ins_code" in str(error)  # it needs this optional column
    assert compared >= 125
    assert rejected <= 6
    assert len(beyond_biopython) <= 2
