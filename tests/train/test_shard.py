from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.train.shard import UNLABELLED, Shard, join, pack, read_shards, write_shard


@pytest.fixture(scope="module")
def structures(data_dir):
    return [read_structure(data_dir / name) for name in ("1ubi.pdb", "1a8o.pdb", "1lcd.pdb.gz")]


def label(structure):
    return pack(structure, structure.is_protein, f"3.10.{len(structure.chain)}.10")


def test_round_trip_of_several(structures, tmp_path):
    write_shard(label(structures[0]), tmp_path / "a.npz")
    write_shard(join([label(s) for s in structures[1:]]), tmp_path / "b.npz")
    shard = read_shards([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert shard.name.tolist() == [s.name for s in structures]
    assert shard.structure_label.tolist() == [f"3.10.{s.n_residues}.10" for s in structures]
    atom, residue = 0, 0
    for index, structure in enumerate(structures):
        rows = slice(atom, atom + structure.n_atoms)
        centre = structure.coordinates.mean(axis=0)
        error = np.abs(shard.positions()[rows] + centre - structure.coordinates)
        assert error.max() < 0.0051
        assert (shard.atom_type[rows] == structure.atom_type).all()
        assert (shard.atom_residue()[rows] - residue == structure.residue_index).all()
        mine = slice(residue, residue + structure.n_residues)
        assert (shard.atom_range()[mine] == [atom, atom + structure.n_atoms]).all()
        backbone, expected = shard.backbone()[mine], structure.backbone()
        assert (np.isnan(backbone) == np.isnan(expected)).all()
        assert np.nanmax(np.abs(backbone + centre - expected)) < 0.0051
        labels = shard.residue_label[mine]
        known = structure.is_protein & (structure.parent != "")
        known &= np.isfinite(expected[:, :3]).all(axis=(1, 2))
        assert (labels[~known] == UNLABELLED).all()
        assert [AMINO_ACIDS[i] for i in labels[known]] == structure.parent[known].tolist()
        atom, residue = atom + structure.n_atoms, residue + structure.n_residues
        assert shard.structure_start[index + 1] == residue


def test_only_requested_residues_are_labelled(structures):
    asked = np.zeros(structures[0].n_residues, dtype=bool)
    asked[3:5] = True
    assert np.flatnonzero(pack(structures[0], asked, "").residue_label != UNLABELLED).tolist() == [
        3,
        4,
    ]


def test_too_wide_for_16_bits(structures):
    wide = structures[0].coordinates.copy()
    wide[0] += 1000
    with pytest.raises(InputError) as caught:
        label(dataclasses.replace(structures[0], coordinates=wide))
    assert caught.value.code == "input.too_wide"


def test_other_files_are_refused(structures, tmp_path):
    good = tmp_path / "good.npz"
    write_shard(label(structures[0]), good)
    data = good.read_bytes()
    bad = {
        "empty": b"",
        "text": b"hello",
        "cut": data[: len(data) // 2],
        "flipped": data[:500] + bytes(b ^ 255 for b in data[500:600]) + data[600:],
    }
    for name, content in bad.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_shards([good, path])
        assert caught.value.code == "input.shard", name
    np.savez(tmp_path / "other.npz", coordinates=np.zeros(3))
    shard = label(structures[0])
    write_shard(dataclasses.replace(shard, atom_type=shard.atom_type[1:]), tmp_path / "short.npz")
    for name in ("other.npz", "short.npz", "missing.npz"):
        with pytest.raises(InputError):
            read_shards([tmp_path / name])
    with pytest.raises(InputError) as caught:
        read_shards([])
    assert caught.value.code == "input.no_shards"


def test_shards_hold_plain_arrays_only(structures, tmp_path):
    write_shard(label(structures[0]), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert {item.name for item in dataclasses.fields(Shard)} == set(arrays)
