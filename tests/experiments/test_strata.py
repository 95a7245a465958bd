"""The environment model by burial, amino acid and interface."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.environments.strata import (
    BURIAL_RADIUS,
    INTERFACE,
    Outcome,
    by_amino_acid,
    by_burial,
    by_interface,
    count_neighbours,
    read_chains,
    touch_chains,
)
from experiments.environments.strata_figure import draw_strata
from experiments.evaluation import picture
from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.train.shard import UNLABELLED, join, pack

FILES = ("3hsy.pdb.gz", "1lcd.pdb.gz", "1ubi.pdb")


@pytest.fixture(scope="module")
def structures(data_dir):
    return [read_structure(data_dir / name, name=name) for name in FILES]


@pytest.fixture(scope="module")
def shard(structures):
    return join([pack(one, one.is_protein, "") for one in structures])


@pytest.fixture(scope="module")
def rows(shard):
    return np.flatnonzero(shard.residue_label != UNLABELLED)[::7]


def structure_of(shard, row):
    return int(np.searchsorted(shard.structure_start, row, side="right") - 1)


def test_neighbours_agree_with_a_direct_count(structures, shard, rows):
    found = count_neighbours(shard, rows)
    for sample in range(0, len(rows), 5):
        one = structures[structure_of(shard, rows[sample])]
        residue = rows[sample] - shard.structure_start[structure_of(shard, rows[sample])]
        n, ca, c, _ = one.backbone()[residue].astype(float)
        b, a = ca - n, c - ca
        cb = -0.58273431 * np.cross(b, a) + 0.56802827 * b - 0.54067466 * a
        cb = ca + 1.53 * cb / np.linalg.norm(cb)
        distance = np.linalg.norm(one.coordinates - cb, axis=1)
        near = (distance <= BURIAL_RADIUS) & (one.residue_index != residue)
        # Shards round coordinates to 0.01 Å.
        sure = np.abs(distance - BURIAL_RADIUS) > 0.03
        assert abs(int(near.sum()) - int(found[sample])) <= int((~sure).sum())
    assert found.max() > 100


def test_interfaces_agree_with_a_direct_search(structures, shard, rows, data_dir):
    interface, several = touch_chains(shard, rows, read_chains(shard, data_dir))
    for sample in range(0, len(rows), 5):
        one = structures[structure_of(shard, rows[sample])]
        residue = rows[sample] - shard.structure_start[structure_of(shard, rows[sample])]
        own = one.coordinates[one.residue_index == residue]
        protein = one.is_protein & (one.chain != one.chain[residue])
        others = one.coordinates[protein[one.residue_index]]
        assert several[sample] == bool(len(others))
        if len(others):
            least = np.linalg.norm(own[:, None] - others[None], axis=-1).min()
            if abs(least - INTERFACE) > 0.03:
                assert interface[sample] == (least < INTERFACE)
    # Chains of 3hsy touch; the one protein chain of 1lcd touches DNA alone; 1ubi is alone.
    of_file = np.array([structure_of(shard, row) for row in rows])
    assert interface[of_file == 0].any()
    assert not interface[of_file == 0].all()
    assert not several[of_file > 0].any()


def test_files_that_are_not_those_of_the_shard_are_refused(shard, data_dir, tmp_path):
    (tmp_path / FILES[0]).write_bytes((data_dir / FILES[1]).read_bytes())
    with pytest.raises(InputError, match="other residues"):
        read_chains(shard, tmp_path)


@pytest.fixture
def outcome():
    # Eight samples of three classes in four proteins; rank of the true class 0, 1 or 2.
    p = np.array([[0.6, 0.3, 0.1]] * 4 + [[0.2, 0.7, 0.1]] * 4)
    labels = np.array([0, 0, 1, 2, 1, 1, 1, 0])
    return Outcome(np.log(p), labels, np.array([0, 0, 1, 1, 2, 2, 3, 3]))


def test_burial_groups_contain_the_samples_between_their_bounds(outcome):
    neighbours = np.array([1, 2, 3, 4, 50, 60, 70, 80])
    table = by_burial(outcome, neighbours)
    assert sum(part["n"] for part in table) == 8
    assert table[0]["neighbours"] == {"least": 1, "most": 2}
    assert table[0]["top1"] == 1.0
    assert table[-1]["neighbours"]["most"] == 80
    bounds = [part["neighbours"]["least"] for part in table]
    assert bounds == sorted(bounds)


def test_recall_and_precision_by_amino_acid(outcome):
    table = by_amino_acid(outcome, ("ALA", "CYS", "GLY"))
    assert table["ALA"]["n"] == 3
    assert table["ALA"]["top1"] == pytest.approx(2 / 3)
    assert table["ALA"]["top3"] == 1.0
    assert (table["ALA"]["n_predicted"], table["ALA"]["precision"]) == (4, 0.5)
    assert table["CYS"]["precision"] == 0.75
    assert table["GLY"]["n_predicted"] == 0
    assert "precision" not in table["GLY"]
    low, high = table["ALA"]["intervals"]["top1"]
    assert low <= table["ALA"]["top1"] <= high


def test_interface_against_the_rest(outcome):
    several = np.array([True] * 6 + [False] * 2)
    interface = np.array([True, True] + [False] * 6)
    table = by_interface(outcome, np.arange(8), interface, several)
    assert [table[name]["n"] for name in table] == [2, 6, 4]
    assert table["interface"]["top1"] == 1.0
    assert table["interface"]["mean_neighbours"] == 0.5
    assert table["rest"]["top1"] == pytest.approx(3 / 6)
    assert table["rest_of_complexes"]["top1"] == pytest.approx(2 / 4)


def test_the_figure_is_drawn_with_and_without_chains(outcome, tmp_path):
    metrics = {
        "model": "environment@9",
        "split": "val",
        "n": 8,
        "by_burial": by_burial(outcome, np.arange(8)),
        "by_amino_acid": by_amino_acid(outcome, ("ALA", "CYS", "GLY")),
    }
    draw_strata(metrics, tmp_path / "without.png")
    everywhere = np.arange(8) < 4
    metrics["by_interface"] = by_interface(outcome, np.arange(8), everywhere, everywhere)
    draw_strata(metrics, tmp_path / "with.png")
    sizes = [(tmp_path / name).stat().st_size for name in ("without.png", "with.png")]
    assert 5_000 < sizes[0] < sizes[1]


def test_figures_of_another_split_have_their_own_names(tmp_path):
    assert picture(tmp_path / "metrics.json", "strata").name == "strata.png"
    assert picture(tmp_path / "val.json", "strata").name == "val-strata.png"
