from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.io.trajectory import Trajectory


@pytest.fixture(scope="module")
def dipeptide(data_dir):
    return str(data_dir / "dipeptide.xtc"), str(data_dir / "dipeptide.pdb")


@pytest.fixture(scope="module")
def villin(data_dir, tmp_path_factory):
    """Three models as a trajectory that keeps the coordinates as they are."""
    path = tmp_path_factory.mktemp("villin") / "1vii.dcd"
    mdtraj.load(str(data_dir / "1vii_3frames.pdb.gz")).save_dcd(str(path))
    return str(path), data_dir / "1vii_3frames.pdb.gz"


def test_frames_equal_the_models_they_were_made_from(villin):
    path, models = villin
    trajectory = Trajectory(path, str(models))
    assert len(trajectory) == 3
    for number in (2, 0, 1):
        expected = read_structure(models, model=number)
        got = trajectory.structure(trajectory.frame(number))
        assert got.coordinates == pytest.approx(expected.coordinates, abs=1e-4)
        for name in ("chain", "number", "parent", "atom_name", "atom_type", "residue_index"):
            assert (getattr(got, name) == getattr(expected, name)).all()
        assert got.name == f"1vii.dcd#{number}"


def test_frames_equal_those_of_mdtraj_in_any_order(dipeptide):
    path, topology = dipeptide
    whole = mdtraj.load(path, top=topology)
    trajectory = Trajectory(path, topology)
    assert len(trajectory) == len(whole) == 501
    for index in (0, 1, 2, 400, 37, 500):
        frame = trajectory.frame(index)
        assert (frame.coordinates == whole.xyz[index].astype(np.float64) * 10).all()
        assert frame.time == whole.time[index]


def test_digest_covers_coordinates_and_topology(villin, dipeptide, tmp_path):
    path, topology = dipeptide
    first = Trajectory(path, topology)
    assert first.frame(3).sha256 == Trajectory(path, topology).frame(3).sha256
    assert first.frame(3).sha256 != first.frame(4).sha256
    other = tmp_path / "other.pdb"
    other.write_text(Path(topology).read_text().replace("ALA", "GLY"))
    assert Trajectory(path, str(other)).frame(3).sha256 != first.frame(3).sha256


@pytest.mark.parametrize(
    ("path", "topology", "code"),
    [
        ("dipeptide.xtc", "1ubi.pdb", "input.topology"),
        ("1ubi.pdb", "dipeptide.pdb", "input.trajectory"),
        ("missing.xtc", "dipeptide.pdb", "input.not_found"),
        ("dipeptide.xtc", "missing.pdb", "input.not_found"),
        ("garbage.xtc", "dipeptide.pdb", "input.trajectory"),
        ("strange.abc", "dipeptide.pdb", "input.trajectory"),
    ],
)
def test_mismatched_files_are_reported(data_dir, tmp_path, path, topology, code):
    (tmp_path / "garbage.xtc").write_bytes(b"no trajectory" * 100)
    (tmp_path / "strange.abc").write_bytes(b"x")
    made = tmp_path / path
    with pytest.raises(InputError) as caught:
        trajectory = Trajectory(
            str(made if made.exists() else data_dir / path), str(data_dir / topology)
        )
        trajectory.frame(len(trajectory) and 0)
    assert caught.value.code == code
    assert caught.value.remedy


def test_other_order_of_atoms_is_rejected(data_dir, tmp_path, villin):
    models = villin[1]
    frame = mdtraj.load(str(models))
    order = np.random.default_rng(0).permutation(frame.n_atoms)
    mdtraj.Trajectory(frame.xyz[:1, order], None).save_dcd(str(tmp_path / "mixed.dcd"))
    with pytest.raises(InputError, match="different orders") as caught:
        Trajectory(str(tmp_path / "mixed.dcd"), str(models)).frame(0)
    assert caught.value.code == "input.topology"


@pytest.mark.parametrize("which", ["all", "half"])
def test_order_of_another_program_is_rejected(data_dir, tmp_path, which):
    """AMBER and GROMACS write C and O behind the side chain, as other atoms of the same names."""
    whole = mdtraj.load(str(data_dir / "1ubi.pdb"), standard_names=False)
    atoms = list(whole.topology.atoms)
    limit = whole.n_residues if which == "all" else whole.n_residues // 2
    late = [a.name in ("C", "O") and a.residue.index < limit for a in atoms]
    order = sorted(range(len(atoms)), key=lambda i: (atoms[i].residue.index, late[i], i))
    for name, rows in (("same", slice(None)), ("other", order)):
        mdtraj.Trajectory(whole.xyz[:, rows], None).save_dcd(str(tmp_path / f"{name}.dcd"))
    topology = str(data_dir / "1ubi.pdb")
    Trajectory(str(tmp_path / "same.dcd"), topology).frame(0)
    with pytest.raises(InputError, match="different orders"):
        Trajectory(str(tmp_path / "other.dcd"), topology).frame(0)


def test_some_bonds_across_the_edge_of_the_box_are_accepted(data_dir, tmp_path):
    whole = mdtraj.load(str(data_dir / "1ubi.pdb"), standard_names=False)
    whole.xyz[:, 200:300] += 5
    mdtraj.Trajectory(whole.xyz, None).save_dcd(str(tmp_path / "broken.dcd"))
    Trajectory(str(tmp_path / "broken.dcd"), str(data_dir / "1ubi.pdb")).frame(0)


def test_trajectory_that_ends_within_a_frame_is_reported(data_dir, tmp_path, dipeptide):
    content = Path(dipeptide[0]).read_bytes()
    (tmp_path / "cut.xtc").write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(InputError) as caught:
        trajectory = Trajectory(str(tmp_path / "cut.xtc"), dipeptide[1])
        for index in range(len(trajectory)):
            trajectory.frame(index)
    assert caught.value.code == "input.trajectory"
