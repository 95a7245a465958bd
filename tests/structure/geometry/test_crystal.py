"""Contacts in the crystal, compared with the neighbour search of gemmi."""

from __future__ import annotations

from dataclasses import replace

import gemmi
import numpy as np
import pytest

from protvox.structure.experiment import Experiment
from protvox.structure.geometry.crystal import CrystalNeighbours
from protvox.structure.io.read import read_structure

MOST = 4.0


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.cif"])
def test_distances_are_those_of_gemmi(data_dir, name):
    structure = read_structure(data_dir / name)
    crystal = CrystalNeighbours(structure)
    found = [crystal.nearest(row, MOST)[0] for row in range(structure.n_residues)]
    expected = np.full(structure.n_residues, np.inf)
    for atom, mark, contact in contacts_of(structure):
        row = structure.residue_index[atom]
        if mark.image_idx or contact.pbc_shift != (0, 0, 0):
            expected[row] = min(expected[row], contact.dist())
    assert np.isfinite(expected).sum() > 20
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_coordinates_in_the_frame_of_the_molecule(data_dir):
    """The records SCALE of 4hhb and other old entries are not those of the cell."""
    structure = read_structure(data_dir / "1ubi.pdb")
    rng = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    shift = np.array([16.6, 13.7, 37.6])
    to_fractional = np.array(structure.experiment.to_fractional).reshape(3, 4)
    matrix = to_fractional[:, :3] @ rotation.T
    stated = np.column_stack([matrix, to_fractional[:, 3] - matrix @ shift]).round(6)
    moved = replace(
        structure,
        coordinates=(structure.coordinates @ rotation.T + shift).astype(np.float32),
        experiment=replace(structure.experiment, to_fractional=tuple(stated.ravel().tolist())),
    )
    own, other = CrystalNeighbours(structure), CrystalNeighbours(moved)
    rows = range(structure.n_residues)
    expected = [own.nearest(row, MOST) for row in rows]
    found = [other.nearest(row, MOST) for row in rows]
    np.testing.assert_allclose([f[0] for f in found], [e[0] for e in expected], atol=0.02)
    wrong = replace(moved.experiment, to_fractional=(0.1,) * 3 + (0.0,) + (0.02,) * 8)
    zero = replace(moved.experiment, to_fractional=(0.0,) * 12)
    for experiment in (wrong, zero):
        with pytest.raises(ValueError, match="frame"):
            CrystalNeighbours(replace(moved, experiment=experiment))


def contacts_of(structure):
    """Yield each atom with the marks of gemmi around it, in the structure or in a copy."""
    model = gemmi.Model(1)
    model.add_chain(gemmi.Chain("A"))
    for row in range(structure.n_residues):
        residue = gemmi.Residue()
        residue.seqid = gemmi.SeqId(row + 1, " ")
        for xyz in structure.coordinates[structure.residue_index == row].tolist():
            atom = gemmi.Atom()
            atom.element, atom.pos = gemmi.Element("C"), gemmi.Position(*xyz)
            residue.add_atom(atom)
        model["A"].add_residue(residue)
    whole = gemmi.Structure()
    whole.add_model(model)
    whole.cell = gemmi.UnitCell(*structure.experiment.cell)
    whole.spacegroup_hm = structure.experiment.space_group
    whole.setup_cell_images()
    search = gemmi.NeighborSearch(whole[0], whole.cell, MOST).populate()
    starts = np.searchsorted(structure.residue_index, np.arange(structure.n_residues))
    for number, xyz in enumerate(structure.coordinates.tolist()):
        here = gemmi.Position(*xyz)
        for mark in search.find_atoms(here, "\0", radius=MOST):
            other = structure.coordinates[starts[mark.residue_idx] + mark.atom_idx].tolist()
            image = whole.cell.find_nearest_pbc_image(here, gemmi.Position(*other), mark.image_idx)
            yield number, mark, image


def test_without_a_crystal(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    flat = (50.0, 50.0, 50.0, 160.0, 160.0, 160.0)
    for experiment in (
        Experiment(),
        replace(structure.experiment, space_group="P 77"),
        replace(structure.experiment, cell=flat, space_group="P 1"),
    ):
        with pytest.raises(ValueError, match=r"unit cell|space group"):
            CrystalNeighbours(replace(structure, experiment=experiment))
