"""Objects of other libraries as their users make, cut and move them."""

from __future__ import annotations

import copy
import gzip
import io
import subprocess
import sys
import warnings

import Bio.PDB
import biotite.structure as struc
import biotite.structure.io.pdb
import gemmi
import mdtraj
import numpy as np
import pytest

import protvox
from protvox.errors import InputError
from protvox.structure.io.read import read_structure


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


# Biopython


def test_biopython_model_and_chain(data_dir, load_with):
    structure = load_with("biopython", data_dir / "3mht.pdb.gz")
    whole = read_structure(structure)
    assert whole.name == "biopython"
    model = read_structure(structure[0])
    assert (model.chain == whole.chain).all() and model.name == "biopython"
    chain = read_structure(structure[0]["A"])
    assert set(chain.chain.tolist()) == {"A"} and chain.n_residues < whole.n_residues
    assert repr(chain).startswith("Structure('biopython', chain A, ")
    alone = copy.deepcopy(structure[0]["A"])
    alone.detach_parent()
    assert read_structure(alone).name == "Bio.PDB Chain"


def test_biopython_chain_without_some_residues(data_dir, load_with, ubiquitin):
    chain = load_with("biopython", data_dir / "1ubi.pdb")[0]["A"]
    for residue in list(chain)[:10]:
        chain.detach_child(residue.id)
    found = read_structure(chain)
    np.testing.assert_array_equal(found.number, ubiquitin.number[10:])


def test_biopython_reads_the_position_of_highest_occupancy_whichever_is_selected(
    data_dir, load_with, assert_same
):
    structure = load_with("biopython", data_dir / "1ejg.pdb.gz")
    for atom in structure.get_atoms():
        if atom.is_disordered():
            atom.disordered_select(sorted(atom.disordered_get_id_list())[-1])
    assert_same(read_structure(structure), read_structure(data_dir / "1ejg.pdb.gz"))


def test_biopython_models_have_their_serial_numbers(data_dir, load_with):
    structure = load_with("biopython", data_dir / "1lcd.cif.gz")
    assert [read_structure(structure, model=n).model for n in (1, 2, 3)] == [1, 2, 3]
    assert read_structure(structure[1]).model == 2
    with pytest.raises(InputError, match=r"there is no model 4\. Choose one of: 1, 2, 3\."):
        read_structure(structure, model=4)


# biotite


def test_biotite_selection(data_dir, load_with, ubiquitin):
    array = load_with("biotite", data_dir / "1ubi.pdb")
    found = read_structure(array[(array.res_id > 10) & struc.filter_amino_acids(array)])
    np.testing.assert_array_equal(found.number, ubiquitin.number[10:76])
    assert found.name == "biotite AtomArray"


def test_biotite_stack(data_dir, load_with):
    array = load_with("biotite", data_dir / "1ubi.pdb")
    stack = struc.stack([array, array, array])
    stack.coord[1] += 5
    first = read_structure(stack)
    assert first.warnings[0] == "The object has 3 models; model 1 was read."
    assert first.dropped[0].where == "model 2, 3"
    second = read_structure(stack, model=2)
    np.testing.assert_allclose(second.coordinates, first.coordinates + 5, atol=1e-5)
    assert second.sha256 != first.sha256
    assert read_structure(stack[2]).sha256 == first.sha256


def test_biotite_with_default_options_has_the_first_positions(data_dir):
    file = biotite.structure.io.pdb.PDBFile.read(io.StringIO(_text(data_dir / "1ejg.pdb.gz")))
    found = read_structure(file.get_structure(model=1))
    expected = read_structure(data_dir / "1ejg.pdb.gz")
    assert found.is_protein.sum() == expected.is_protein.sum() == 46
    np.testing.assert_array_equal(found.number, expected.number)


def _text(path):
    return gzip.decompress(path.read_bytes()).decode("latin-1")


# gemmi


def test_gemmi_model_and_chain(data_dir, load_with, assert_same):
    structure = load_with("gemmi", data_dir / "3mht.pdb.gz")
    expected = read_structure(data_dir / "3mht.pdb.gz")
    assert_same(read_structure(structure[0]), expected)
    chain = read_structure(structure[0]["A"])
    assert set(chain.chain.tolist()) == {"A"}
    assert read_structure(structure).name == structure.name


def test_gemmi_structure_without_entities(ubiquitin, assert_same):
    structure = ubiquitin.to_gemmi()
    for chain in structure[0]:
        for residue in chain:
            residue.entity_type = gemmi.EntityType.Unknown
    assert_same(read_structure(structure), ubiquitin)


# mdtraj


def test_mdtraj_frames_are_in_angstrom(data_dir):
    files = str(data_dir / "dipeptide.xtc"), str(data_dir / "dipeptide.pdb")
    trajectory = mdtraj.load(files[0], top=files[1], standard_names=False)
    expected = read_structure(files[1])
    for number in (1, len(trajectory)):
        found = read_structure(trajectory, model=number)
        assert found.model == number
        np.testing.assert_array_equal(found.atom_name, expected.atom_name)
        heavy = trajectory.topology.select("element != H")
        xyz = trajectory.xyz[number - 1][heavy] * 10
        np.testing.assert_allclose(found.coordinates, xyz, atol=1e-4)


def test_mdtraj_slice(data_dir, load_with, ubiquitin):
    trajectory = load_with("mdtraj", data_dir / "1ubi.pdb")
    cut = trajectory.atom_slice(trajectory.topology.select("resid 10 to 40"))
    found = read_structure(cut)
    np.testing.assert_array_equal(found.number, ubiquitin.number[10:41])
    assert found.name == "mdtraj Trajectory"


def test_mdtraj_residues_with_lost_insertion_codes_stay_apart(ubiquitin):
    trajectory = _mdtraj_of(ubiquitin, numbers=[*range(1, 31), 30, 30, *range(31, 75)])
    found = read_structure(trajectory)
    assert found.n_residues == ubiquitin.n_residues
    assert found.n_atoms == ubiquitin.n_atoms
    assert found.insertion_code[28:34].tolist() == ["", "", "A", "B", "", ""]
    assert found.warnings[0] == (
        "Given insertion codes in their order, because the object has none: 2 residues with the "
        "number of the previous one."
    )


def test_mdtraj_names_unnamed_chains_once(ubiquitin):
    trajectory = _mdtraj_of(ubiquitin, numbers=range(1, 77), copies=28)
    assert read_structure(trajectory).protein_chains[24:] == ("Y", "Z", "AA", "AB")


def _mdtraj_of(structure, numbers, copies=1):
    """The protein of a structure as mdtraj has it after reading a file without chain names."""
    topology = mdtraj.Topology()
    xyz = []
    for copy_ in range(copies):
        chain = topology.add_chain()
        residues = [
            topology.add_residue(str(name), chain, resSeq=number)
            for name, number in zip(structure.residue_name, numbers, strict=True)
        ]
        for i, row in enumerate(structure.residue_index):
            element = mdtraj.element.get_by_symbol(str(structure.element[i]))
            topology.add_atom(str(structure.atom_name[i]), element, residues[row])
        xyz.append(structure.coordinates / 10 + 10 * copy_)
    return mdtraj.Trajectory(np.concatenate(xyz)[None], topology)


# MDAnalysis


@pytest.fixture
def universe(data_dir, load_with):
    return load_with("mdanalysis", data_dir / "1ubi.pdb")


def test_mdanalysis_selection(universe, ubiquitin):
    found = read_structure(universe.select_atoms("protein and resid 11:76"))
    np.testing.assert_array_equal(found.number, ubiquitin.number[10:])
    changing = universe.select_atoms("protein and resid 11:76", updating=True)
    assert read_structure(changing).sha256 == found.sha256
    assert read_structure(universe.residues[:10]).n_residues == 10


def test_mdanalysis_reads_the_current_frame_and_leaves_it(universe):
    first = universe.atoms.positions.copy()
    universe.load_new(np.stack([first, first + 1, first + 2]))
    universe.trajectory[1]
    universe.atoms.positions += 0.5
    found = read_structure(universe)
    assert found.model == 2
    assert found.warnings[0] == "The object has 3 models; model 2 was read."
    third = read_structure(universe, model=3)
    assert universe.trajectory.frame == 1
    np.testing.assert_allclose(universe.atoms.positions, first + 1.5, atol=1e-4)
    np.testing.assert_allclose(third.coordinates, found.coordinates + 0.5, atol=1e-4)


def test_mdanalysis_without_elements_and_records(universe, ubiquitin, assert_same):
    for name in ("elements", "record_types", "altLocs", "occupancies", "icodes"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            universe.del_TopologyAttr(name)
    assert_same(read_structure(universe), ubiquitin)


def test_mdanalysis_without_names_is_refused():
    mda = pytest.importorskip("MDAnalysis", reason="MDAnalysis is not installed")
    empty = mda.Universe.empty(3, trajectory=True)
    with pytest.raises(InputError, match="its atoms have no names") as caught:
        read_structure(empty)
    assert caught.value.code == "input.format"


# All of them


def test_no_library_is_imported_to_recognise_an_object(data_dir):
    code = (
        "import sys, gemmi\n"
        "from protvox.structure.io.read import read_structure\n"
        "from protvox.errors import InputError\n"
        f"print(read_structure(gemmi.read_structure({str(data_dir / '1ubi.pdb')!r})).n_residues)\n"
        "try:\n    read_structure(object())\nexcept InputError:\n    print('refused')\n"
        "print(sorted({'Bio', 'biotite', 'mdtraj', 'MDAnalysis'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "76\nrefused\n[]\n", done.stderr


@pytest.fixture(scope="module")
def predicted(data_dir):
    path = data_dir / "AF-Q5VSL9-F1-model_v4.cif.gz"
    return path, read_structure(path)


@pytest.mark.parametrize("library", ["biopython", "biotite", "gemmi", "mdanalysis"])
def test_plddt_is_recognised_by_name(predicted, load_with, library, assert_same):
    path, expected = predicted
    found = read_structure(load_with(library, path), name=path.name)
    np.testing.assert_array_equal(found.plddt, expected.plddt)
    assert found.plddt_source == "B-factors (AlphaFold DB)"
    assert_same(found, expected)


def test_plddt_is_recognised_by_what_the_object_says(predicted, load_with):
    path, expected = predicted
    np.testing.assert_array_equal(read_structure(load_with("gemmi", path)).plddt, expected.plddt)
    structure = load_with("biopython", path)
    assert read_structure(structure).plddt is None
    structure.id = "AF-Q5VSL9-F1"
    np.testing.assert_array_equal(read_structure(structure).plddt, expected.plddt)


@pytest.mark.parametrize("library", ["biopython", "gemmi"])
def test_an_experiment_has_no_plddt_whatever_its_name(data_dir, load_with, library):
    item = load_with(library, data_dir / "3enl.pdb.gz")
    assert read_structure(item, name="AF-P00924-F1-model_v4.pdb").plddt is None


def test_subclasses_are_recognised(data_dir, load_with, ubiquitin, assert_same):
    class Mine(Bio.PDB.Structure.Structure):
        pass

    mine = Mine("mine")
    for model in load_with("biopython", data_dir / "1ubi.pdb"):
        mine.add(model)
    found = read_structure(mine)
    assert found.name == "mine"
    assert_same(found, ubiquitin)


@pytest.mark.parametrize(
    "item",
    [
        Bio.PDB.Structure.Structure("empty"),
        struc.AtomArray(0),
        struc.AtomArrayStack(0, 0),
        gemmi.Structure(),
        gemmi.Model(1),
        mdtraj.Trajectory(np.zeros((0, 0, 3)), mdtraj.Topology()),
    ],
    ids=lambda item: type(item).__name__,
)
def test_empty_objects_are_refused(item):
    with pytest.raises(InputError, match="the object has no atoms"):
        read_structure(item)


def test_invalid_contents_are_refused(ubiquitin):
    array = ubiquitin.to_biotite()
    array.coord[7] = np.nan
    with pytest.raises(InputError, match="coordinates of 1 atom are not numbers"):
        read_structure(array)
    array = ubiquitin.to_biotite()
    array.set_annotation("ins_code", np.full(len(array), "AB"))
    with pytest.raises(InputError, match=r"biotite object cannot be read \(its insertion codes"):
        read_structure(array)
    array = ubiquitin.to_biotite()
    array.res_id[0] = 2**40
    with pytest.raises(InputError, match="a residue number is out of range"):
        read_structure(array)
    water = ubiquitin.to_biotite()
    water.res_name[:] = "HOH"
    with pytest.raises(InputError, match="no protein residues"):
        read_structure(water)


@pytest.mark.parametrize(
    "item",
    [None, 5, {}, object(), struc.Atom([0, 0, 0]), gemmi.Residue(), mdtraj.Topology()],
    ids=lambda item: type(item).__name__,
)
def test_other_objects_are_refused(item):
    with pytest.raises(InputError) as caught:
        protvox.classify(item)
    kind = type(item)
    assert kind.__name__ in caught.value.what
    for accepted in ("path", "open file", "Biopython", "biotite", "gemmi", "mdtraj", "MDAnalysis"):
        assert accepted in caught.value.remedy
    assert len(str(caught.value)) < 300
