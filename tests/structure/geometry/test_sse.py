"""SSEs against the known structure of ubiquitin and independent calculations."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from protvox.structure.geometry import sse as sse_module
from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.geometry.secondary_structure import SecondaryStructure
from protvox.structure.geometry.sse import CHAIN, EACH, PAIR, find_sses
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations

EACH_COLUMN = {name: i for i, name in enumerate(EACH)}
PAIR_COLUMN = {name: i for i, name in enumerate(PAIR)}


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    points = structure.backbone()[:, 1]
    return points[np.isfinite(points).all(axis=1)].astype(np.float64)


@pytest.fixture(scope="module")
def found(ca):
    return find_sses(trace_chain(ca))


def each(found, name):
    return found.each[:, EACH_COLUMN[name]]


def pair(found, name):
    return found.pairs[:, :, PAIR_COLUMN[name]]


def runs_of(trace):
    """Return the runs of one state, by a plain loop."""
    runs, first = [], 0
    for i in range(1, len(trace.secondary) + 1):
        if i == len(trace.secondary) or trace.secondary[i] != trace.secondary[first]:
            least = {SecondaryStructure.HELIX: 5, SecondaryStructure.STRAND: 3}
            if i - first >= least.get(SecondaryStructure(trace.secondary[first]), 10**6):
                runs.append((first, i))
            first = i
    return runs


def test_ubiquitin_has_its_helix_and_its_sheet(ca, found):
    runs = runs_of(trace_chain(ca))
    assert len(found) == len(runs)
    helices = [run for run, helix in zip(runs, each(found, "helix"), strict=True) if helix]
    # Vijay-Kumar, Bugg and Cook (1987): the helix is residues 23 to 34, counted from 1.
    longest = max(helices, key=lambda run: run[1] - run[0])
    assert longest[0] in range(20, 25)
    assert longest[1] in range(31, 36)
    strands = [run for run, strand in zip(runs, each(found, "strand"), strict=True) if strand]
    # Strands 1-7, 10-17, 40-45 and 66-72 of the mixed sheet.
    for middle in (4, 13, 42, 69):
        assert any(first <= middle < last for first, last in strands), middle


def test_axes_are_those_of_inertia(ca, found):
    """Compare with the longest axis of inertia of the atoms, in float64."""
    runs = runs_of(trace_chain(ca))
    axes = []
    for first, last in runs:
        points = ca[first:last] - ca[first:last].mean(axis=0)
        axis = np.linalg.svd(points)[2][0]
        axes.append(axis * np.sign(axis @ (ca[last - 1] - ca[first])))
    rows = [i for i, (first, last) in enumerate(runs) if last - first >= 6]
    assert len(rows) >= 3
    cosines = np.array(axes) @ np.array(axes).T
    # For few, bent residues the two definitions differ by a few degrees.
    got = pair(found, "angle")
    assert np.abs(got - cosines)[np.ix_(rows, rows)].max() < 0.15
    assert np.allclose(np.diag(got), 1, atol=1e-5)


def test_first_two_strands_are_an_antiparallel_hairpin(found):
    assert pair(found, "angle")[0, 1] < -0.8
    assert pair(found, "near")[0, 1] > 5
    assert pair(found, "order")[0, 1] == 1
    assert pair(found, "order")[1, 0] == -1
    assert 1 <= pair(found, "gap")[0, 1] <= 6


def test_contacts_are_those_of_all_ca_pairs(ca, found):
    runs = runs_of(trace_chain(ca))
    for i, (a, b) in enumerate(runs):
        for j, (c, d) in enumerate(runs):
            between = cdist(ca[a:b], ca[c:d])
            assert pair(found, "closest")[i, j] == pytest.approx(between.min(), abs=1e-4)
            assert pair(found, "far")[i, j] == (between < 10).sum()
            assert pair(found, "near")[i, j] == (between < 6.5).sum()
            expected = 0 if i == j else max(c - b, a - d)
            assert pair(found, "gap")[i, j] == expected


def test_distances_of_ends_and_midpoints_agree_with_the_axes(found):
    """Compare the columns with each other by the law of cosines for two segments."""
    length = each(found, "length") * 10
    distance = pair(found, "distance").astype(np.float64)
    lean, other = pair(found, "lean"), pair(found, "other_lean")
    angle = pair(found, "angle")
    a, b = length[:, None] / 2, length[None] / 2
    square = (
        distance**2
        + a**2
        + b**2
        - 2 * a * distance * lean
        + 2 * b * distance * other
        - 2 * a * b * angle
    )
    assert np.abs(np.sqrt(np.maximum(square, 0)) - pair(found, "end_end")).max() < 1e-2


def test_depth_and_straightness(ca, found):
    centre = ca.mean(axis=0)
    gyration = np.sqrt(((ca - centre) ** 2).sum(axis=1).mean())
    for row, (first, last) in enumerate(runs_of(trace_chain(ca))):
        # The midpoint of the axis is close to that of the atoms: 0.5 Å in a short strand.
        depth = np.linalg.norm(ca[first:last].mean(axis=0) - centre)
        assert each(found, "depth")[row] == pytest.approx(depth / gyration, abs=1.0 / gyration)
        assert each(found, "along")[row] <= each(found, "depth")[row] + 1e-6
    helix = int(np.argmax(each(found, "residues") * each(found, "helix")))
    assert each(found, "straight")[helix] > 0.95
    assert each(found, "straight").std() > 1e-3
    assert each(found, "along").std() > 0.05


def test_dihedral_angles_are_those_of_four_points(found, ca):
    """Compare with biotite's dihedral angle of two axes and their midpoints."""
    from biotite.structure import dihedral

    trace = trace_chain(ca)
    runs = sse_module._runs(trace)
    axes = sse_module._axes(trace, runs, each(found, "helix") > 0)
    for i in range(len(runs)):
        for j in range(len(runs)):
            if (
                i == j
                or abs(pair(found, "lean")[i, j]) > 0.9
                or abs(pair(found, "other_lean")[i, j]) > 0.9
            ):
                continue
            points = (
                axes.middle[i] + axes.along[i],
                axes.middle[i],
                axes.middle[j],
                axes.middle[j] + axes.along[j],
            )
            angle = dihedral(*points)
            assert pair(found, "cosine")[i, j] == pytest.approx(np.cos(angle), abs=1e-3)
            assert abs(pair(found, "sine")[i, j]) == pytest.approx(abs(np.sin(angle)), abs=1e-3)


def test_neighbouring_strands_have_parallel_normals_perpendicular_to_the_sheet(found):
    # Strands 1 and 2 are neighbours in one sheet.
    assert pair(found, "faces")[0, 1] > 0.5
    assert pair(found, "face")[0, 1] < 0.5
    assert pair(found, "other_face")[0, 1] == pair(found, "face")[1, 0]
    helix = int(np.argmax(each(found, "helix")))
    assert not pair(found, "faces")[helix].any()
    assert pair(found, "face").max() > 0.5


def test_thousands_of_residues_need_little_memory():
    tracemalloc.start()
    residue = np.arange(3000)
    angle = np.radians(100) * (residue % 30)
    bundle = np.stack(
        [
            2.3 * np.cos(angle) + residue // 30 % 10 * 10,
            2.3 * np.sin(angle) + residue // 300 * 10,
            1.5 * (residue % 30),
        ],
        axis=1,
    )
    many = find_sses(trace_chain(bundle))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(many) >= 90
    # All CA pairs at once would need 36 MB for distances, and 108 MB for differences.
    assert peak < 20e6


def test_features_do_not_change_under_rotation(ca, found):
    for rotation in random_rotations(3, np.random.default_rng(0)):
        rotated = find_sses(trace_chain(ca @ rotation.T + [10, -20, 5]))
        assert np.abs(rotated.each - found.each).max() < 1e-3
        assert np.abs(rotated.chain - found.chain).max() < 1e-5
        assert np.abs(rotated.pairs - found.pairs).max() < 2e-3


def test_reflection_changes_only_the_sign_of_the_sine(ca, found):
    trace = trace_chain(ca)
    mirror = np.array([1, 1, -1], dtype=np.float32)
    # A mirrored helix is left-handed and not assigned, so the states are kept as they were.
    mirrored = find_sses(
        replace(trace, coordinates=trace.coordinates * mirror, normal=trace.normal * mirror)
    )
    sine = PAIR_COLUMN["sine"]
    assert np.abs(found.pairs[:, :, sine]).max() > 0.5
    signs = np.where(np.arange(len(PAIR)) == sine, -1, 1)
    assert np.abs(mirrored.pairs - found.pairs * signs).max() < 1e-3
    assert np.abs(mirrored.each - found.each).max() < 1e-4


def test_features_of_the_whole_chain(ca, found):
    values = dict(zip(CHAIN, found.chain.tolist(), strict=True))
    assert values["length"] == pytest.approx(np.log(76 / 120) / 3, abs=1e-5)
    gyration = np.sqrt(((ca - ca.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert values["relative_rg"] == pytest.approx(gyration / (2.2 * 76**0.38), abs=1e-4)
    assert values["count"] == pytest.approx(len(found) / 10)
    states = trace_chain(ca).secondary.tolist()
    assert values["helix"] == pytest.approx(states.count(SecondaryStructure.HELIX) / 76)
    assert values["strand"] == pytest.approx(states.count(SecondaryStructure.STRAND) / 76)
    assert values["helix"] != values["strand"]


@pytest.mark.parametrize("count", [1, 3, 6])
def test_chain_without_sses(ca, count):
    short = find_sses(trace_chain(np.cumsum(np.full((count, 3), 3.0), axis=0)))
    assert len(short) == 0
    assert short.pairs.shape == (0, 0, len(PAIR))
    assert np.isfinite(short.chain).all()


def test_chain_break_ends_an_sse(ca):
    apart = ca.copy()
    apart[28:] += [30, 0, 0]
    trace = trace_chain(ca)
    broken = find_sses(replace(trace, coordinates=apart.astype(np.float32)))
    assert len(broken) == len(find_sses(trace)) + 1


def test_longest_sses_are_kept_where_there_are_too_many(ca, found, monkeypatch):
    monkeypatch.setattr(sse_module, "MOST_SSES", 3)
    few = find_sses(trace_chain(ca))
    assert len(few) == 3
    assert sorted(each(few, "residues").tolist()) == sorted(each(found, "residues").tolist())[-3:]
    assert (np.diff(each(few, "position")) > 0).all()


def test_take_returns_some_of_the_sses(found):
    rows = np.array([0, 2, 3])
    some = found.take(rows)
    assert np.array_equal(some.each, found.each[rows])
    assert some.pairs[1, 2].tolist() == found.pairs[2, 3].tolist()
    assert len(some) == 3
