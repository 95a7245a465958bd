from __future__ import annotations

import numpy as np
import pytest

from experiments.shrec17.lists import rank_by_angle, rank_by_class, read_lists, write_lists
from protvox.errors import InputError


def test_most_certain_models_of_a_class_come_first():
    p = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]])
    lists = rank_by_class(["x", "y", "z"], p)
    assert [name for name, _ in lists["x"]] == ["y", "x"]
    assert lists["x"] == lists["y"]
    assert lists["z"] == [("z", pytest.approx(0.2))]


def test_list_of_a_large_class_is_cut_but_keeps_the_query():
    n = 1500
    p = np.stack([np.linspace(0.9, 0.6, n), np.linspace(0.1, 0.4, n)], axis=1)
    names = [f"m{i:04d}" for i in range(n)]
    lists = rank_by_class(names, p)
    assert {len(ranked) for ranked in lists.values()} == {1000}
    assert all(name in dict(lists[name]) for name in names)
    distances = [distance for _, distance in lists["m1499"]]
    assert distances == sorted(distances)


def test_angles_rank_neighbours():
    lists = rank_by_angle(["x", "y", "z"], np.array([[1.0, 0.0], [2.0, 0.2], [0.0, 1.0]]))
    assert [name for name, _ in lists["x"]] == ["x", "y", "z"]
    assert lists["x"][2][1] == pytest.approx(1)


def test_lists_are_read_as_written(tmp_path):
    lists = {"000001": [("000001", 0.0), ("000002", 0.25)], "000002": [("000002", 0.1)]}
    write_lists(lists, tmp_path / "test_perturbed")
    lines = (tmp_path / "test_perturbed" / "000001").read_text().splitlines()
    assert lines == ["000001 0.000000", "000002 0.250000"]
    assert read_lists(tmp_path / "test_perturbed") == {
        "000001": ["000001", "000002"],
        "000002": ["000002"],
    }


def test_distances_may_be_missing(tmp_path):
    (tmp_path / "000001").write_text("000002\n000001\n\n")
    assert read_lists(tmp_path) == {"000001": ["000002", "000001"]}


def test_no_lists_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no ranked lists"):
        read_lists(tmp_path / "nowhere")
