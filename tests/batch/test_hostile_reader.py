"""Nothing that a reader sends is executed, whatever it sends."""

from __future__ import annotations

import pickle

import pytest
from batch_runs import copy_apart, rows, score
from hostile_reader import Bomb

KINDS = ("connection", "extension", "failure", "hash", "order", "twice", "long", "noise")


@pytest.fixture
def hostile(fake, monkeypatch):
    monkeypatch.setattr("protvox.batch.workers.pool.READER", "hostile_reader")


def test_the_bomb_goes_off_when_it_is_unpickled(tmp_path):
    pickle.loads(pickle.dumps(Bomb(str(tmp_path / "unpickled"))))
    assert (tmp_path / "unpickled").is_dir()


def test_hostile_messages_cost_one_input_each_and_are_not_unpickled(hostile, folder, tmp_path):
    for kind in (*KINDS, "structure"):
        copy_apart(folder / "1ubi.pdb", folder / f"evil_{kind}.pdb")
    progress = score(folder, tmp_path / "out")
    assert progress.done == 3
    failures = rows(tmp_path / "out", "failures").set_index("id")
    codes = failures["code"].to_dict()
    assert codes.pop("broken.pdb").startswith("input.")
    assert codes.pop("evil_structure.pdb") == "bug"
    assert codes == {f"evil_{kind}.pdb": "batch.process_died" for kind in KINDS}
    assert failures.loc["evil_hash.pdb", "what"].startswith(
        "the process died while reading (it sent"
    )
    assert not (folder / "unpickled").exists()


def test_half_a_message_does_not_block_the_run(hostile, folder, tmp_path):
    copy_apart(folder / "1ubi.pdb", folder / "evil_partial.pdb")
    progress = score(folder, tmp_path / "out", timeout=5.0)
    assert progress.done == 3
    codes = rows(tmp_path / "out", "failures").set_index("id")["code"].to_dict()
    assert codes["evil_partial.pdb"] == "batch.timeout"
    assert not (folder / "unpickled").exists()
