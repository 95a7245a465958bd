"""Biopython and mdtraj read the same atoms at the same places."""

from __future__ import annotations

import gzip
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import Bio.PDB
import mdtraj as md
import numpy as np
import pytest

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
Storage = tuple[str, int, str, str]


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode("latin-1")


def biopython_residues(path: Path) -> Iterator[tuple[Storage, dict[str, list[np.ndarray]]]]:
    """Yield each residue's place and, by atom name, all positions Biopython knows."""
    parser = (
        Bio.PDB.MMCIFParser(QUIET=True) if ".cif" in path.name else Bio.PDB.PDBParser(QUIET=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = next(iter(parser.get_structure("x", io.StringIO(text_of(path)))))
    for chain in model:
        for found in chain:
            forms = (
                [found.child_dict[name] for name in found.disordered_get_id_list()]
                if found.is_disordered() == 2
                else [found]
            )
            for residue in forms:
                atoms: dict[str, list[np.ndarray]] = {}
                for atom in residue.get_unpacked_list():
                    if atom.element not in ("H", "D"):
                        atoms.setdefault(atom.get_name(), []).append(atom.coord)
                _, number, code = residue.get_id()
                yield (chain.id.strip(), number, code.strip(), residue.resname.strip()), atoms


def by_place(structure: Structure) -> dict[Storage, dict[str, np.ndarray]]:
    """Return each residue's atoms by name."""
    out: dict[Storage, dict[str, np.ndarray]] = {}
    places = [
        (
            structure.chain[i].item(),
            int(structure.number[i]),
            structure.insertion_code[i].item(),
            structure.residue_name[i].item(),
        )
        for i in range(structure.n_residues)
    ]
    for row, name in enumerate(structure.atom_name.tolist()):
        place = places[structure.residue_index[row]]
        out.setdefault(place, {})[name] = structure.coordinates[row]
    return out


def compare_with_biopython(path: Path) -> int:
    """Check every protein residue both ways; return how many were compared."""
    structure = read_structure(path)
    ours = by_place(structure)
    protein = {
        (structure.chain[i].item(), int(structure.number[i]), structure.insertion_code[i].item())
        for i in np.flatnonzero(structure.is_protein)
    }
    theirs = dict(biopython_residues(path))
    compared = 0
    for place, atoms in ours.items():
        if place[:3] not in protein:
            continue
        assert place in theirs, place
        for name, position in atoms.items():
            nearest = min(np.abs(other - position).max() for other in theirs[place][name])
            assert nearest < TOLERANCE, (place, name)
        compared += 1
    for place, atoms in theirs.items():
        known = residue_name(place[3]).amino_acid
        if place[:3] in protein and place in ours:
            assert set(ours[place]) <= set(atoms)
            single = {name for name, positions in atoms.items() if len(positions) == 1}
            lost = single - set(ours[place])
            # Atoms that exist in one alternative position only may belong to the other one.
            assert (
                not lost
                or any(len(positions) > 1 for positions in atoms.values())
                or lost <= {name for name in lost if name not in ("N", "CA", "C", "O")}
            ), place
        elif place[:3] not in protein:
            assert not (known and place[3] in ours), place
    return compared


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
    compared = refused = 0
    beyond_biopython: list[str] = []
    for path in raw_files:
        if ".bcif" in path.name:
            continue  # Biopython fails on some of these; biotite stands in, see test_read
        try:
            read_structure(path)
        except InputError as error:
            refused += 1
            assert error.code in ("input.no_protein", "input.format"), (path.name, error)
            continue
        try:
            compared += compare_with_biopython(path) > 0
        except KeyError as error:
            beyond_biopython.append(path.name)
            assert "pdbx_PDB_ins_code" in str(error)  # it needs this optional column
    assert compared >= 125
    assert refused <= 6
    assert len(beyond_biopython) <= 2
