"""Residue frames against real side chains, Biopython's geometry and hand-made residues."""

import math

import numpy as np
import pytest
from Bio.PDB.vectors import Vector, rotaxis

from protvox.voxel.moments.residue_frames import residue_frames
from protvox.voxel.rotation import random_rotations

CB_DISTANCE = 1.53


def test_ideal_cb_is_at_the_real_one(example):
    frames = residue_frames(example.backbone(), CB_DISTANCE)
    rows = np.flatnonzero(example.is_protein[example.residue_index] & (example.atom_name == "CB"))
    gap = frames.origin[example.residue_index[rows]] - example.coordinates[rows]
    distance = np.linalg.norm(gap, axis=1)
    assert len(distance) > 300
    assert distance.max() < 0.3
    assert np.median(distance) < 0.1


def test_direction_is_close_to_biopythons_virtual_cb(example):
    backbone = example.backbone()
    frames = residue_frames(backbone, CB_DISTANCE)
    for row in np.flatnonzero(frames.valid)[::15]:
        n, ca, c = (Vector(*atom.tolist()) for atom in backbone[row, :3])
        # The recipe of Biopython's manual: N rotated by -120 degrees about the bond CA-C,
        # an idealisation that real CBs miss by up to ten degrees.
        rotated = (n - ca).left_multiply(rotaxis(-math.pi * 120 / 180, c - ca)).normalized()
        assert rotated.get_array() @ frames.axes[row, 2] > math.cos(math.radians(12))


def test_glycine_has_a_frame(example):
    glycine = example.parent == "GLY"
    assert glycine.sum() > 10
    assert residue_frames(example.backbone(), 2.3).valid[glycine].all()


def test_frames_are_right_handed_and_lie_as_described(example):
    backbone = example.backbone()
    frames = residue_frames(backbone, 2.3)
    axes = frames.axes[frames.valid].astype(np.float64)
    assert np.abs(axes @ axes.transpose(0, 2, 1) - np.eye(3)).max() < 1e-6
    assert np.abs(np.linalg.det(axes) - 1).max() < 1e-6
    n, ca, c = (backbone[frames.valid, atom] for atom in range(3))
    assert ((c - n) * axes[:, 1]).sum(axis=1).min() > 2
    assert np.abs(((c - n) * axes[:, 0]).sum(axis=1)).max() < 1e-4
    assert np.allclose(frames.origin[frames.valid], ca + 2.3 * axes[:, 2], atol=1e-4)


def test_frames_rotate_and_move_with_the_structure(example):
    backbone = example.backbone()
    frames = residue_frames(backbone, 2.3)
    rotation = random_rotations(1, np.random.default_rng(1))[0]
    moved = residue_frames(backbone @ rotation.T + np.float32(7), 2.3)
    valid = frames.valid
    assert np.array_equal(valid, moved.valid)
    assert np.abs(frames.axes[valid] @ rotation.T - moved.axes[valid]).max() < 1e-5
    assert np.abs(frames.origin[valid] @ rotation.T + 7 - moved.origin[valid]).max() < 1e-4


def test_hand_made_residue():
    # The plane of N, CA and C is z = 0; CB of an L-residue lies on the side of -normal.
    residue = np.array([[[1.2, 0.8, 0], [0, 0, 0], [-1.25, 0.88, 0], [9, 9, 9]]], np.float32)
    frame = residue_frames(residue, 1.0)
    normal = np.cross(-residue[0, 0], residue[0, 2])
    assert frame.valid.all()
    assert frame.axes[0, 2] @ normal < 0
    # Seen from the hydrogen, CO, R and N run clockwise in L-residues (the "CORN" rule).
    hydrogen = -(residue[0, 0] + residue[0, 2]) - 2 * frame.axes[0, 2]
    clockwise = np.cross(residue[0, 2], frame.axes[0, 2]) @ hydrogen
    assert clockwise < 0


@pytest.mark.parametrize("atom", [0, 1, 2])
def test_missing_atom_leaves_no_frame(example, atom):
    backbone = example.backbone()[:5]
    backbone[2, atom] = np.nan
    frames = residue_frames(backbone, 2.3)
    assert frames.valid.tolist() == [True, True, False, True, True]
    assert np.isnan(frames.origin[2]).all()
    assert np.isnan(frames.axes[2]).all()


def test_oxygen_is_not_needed(example):
    backbone = example.backbone()[:5]
    expected = residue_frames(backbone, 2.3)
    backbone[:, 3] = np.nan
    got = residue_frames(backbone, 2.3)
    assert got.valid.all()
    assert np.array_equal(got.axes, expected.axes)


def test_collinear_atoms_leave_no_frame():
    line = [[-1.4, 0, 0], [0, 0, 0], [1.5, 0, 0], [2, 1, 0]]
    point = [[3, 3, 3]] * 4
    assert not residue_frames(np.array([line, point], np.float32), 2.3).valid.any()


def test_other_residues_have_no_frame(example):
    valid = residue_frames(example.backbone(), 2.3).valid
    assert not valid[~example.is_protein].any()


def test_no_residues():
    frames = residue_frames(np.zeros((0, 4, 3), np.float32), 2.3)
    assert frames.origin.shape == (0, 3)
    assert frames.axes.shape == (0, 3, 3)
