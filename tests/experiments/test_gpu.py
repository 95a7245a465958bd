"""The command for machines with a GPU, as far as it can be tried without one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.cath.paper_domains import read_clusters, read_traces
from experiments.gpu import speed
from experiments.gpu.pack import SETS, pack
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure
from protvox.train.shard import pack as shard_of
from protvox.train.shard import write_shard


@pytest.fixture
def shards(tmp_path, data_dir) -> Path:
    """One domain in each set, with all its atoms."""
    structure = read_structure(data_dir / "1ubi.pdb")
    shard = shard_of(structure, np.zeros(structure.n_residues, dtype=bool), "3.10.20.90")
    for number, name in enumerate(SETS):
        (tmp_path / name).mkdir()
        named = replace(shard, name=np.array([f"{number}ubiA00"]))
        write_shard(named, tmp_path / name / "shard-0000.npz")
    with (tmp_path / "domains.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("domain", "resolution", "s35"))
        table.writerows((f"{number}ubiA00", 1.8, f"c{number}") for number in range(len(SETS)))
    return tmp_path


def test_packed_domains_are_the_same_traces(shards, tmp_path):
    packed = tmp_path / "packed"
    assert pack(shards, shards / "domains.csv", packed) == len(SETS)
    for name in SETS:
        before, after = read_traces(shards / name), read_traces(packed / name)
        assert (before.names, before.codes) == (after.names, after.codes)
        centred = before.coordinates[0] - before.coordinates[0].mean(axis=0)
        # Positions of shards are multiples of 0.01 Å.
        np.testing.assert_allclose(after.coordinates[0], centred, atol=0.0101)
    assert read_clusters(packed / "domains.csv") == {f"{n}ubiA00": f"c{n}" for n in range(3)}


@pytest.fixture(scope="module")
def short(data_dir) -> Structure:
    structure = read_structure(data_dir / "1ubi.pdb")
    return structure.select(structure.number <= 20)


@pytest.fixture
def few_residues(short, monkeypatch):
    monkeypatch.setattr(speed, "read_structure", lambda path: short)


@pytest.mark.parametrize("task", ["environment", "backbone"])
def test_speed_is_measured_where_the_answers_are_those_of_the_cpu(few_residues, task):
    found = speed.measure(task, torch.device("cpu"), times=2, seconds=0.01)
    assert found["difference"] == 0
    assert min(found["per_second"], found["per_second_bfloat16"]) > 0


def test_a_device_with_other_answers_has_no_speed(few_residues, monkeypatch):
    monkeypatch.setattr(speed, "TOLERANCE", -1.0)
    assert set(speed.measure("backbone", torch.device("cpu"), times=1, seconds=0.01)) == {
        "difference"
    }
