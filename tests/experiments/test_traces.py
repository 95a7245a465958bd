"""Domains from CA traces are read, chosen and packed."""

from __future__ import annotations

import lzma

import numpy as np
import pandas as pd
import pytest

from experiments.cath.traces import choose_rows, pack_traces, read_traces
from protvox.networks.cath import CathConfig
from protvox.tasks.cath.data import DomainData
from protvox.train.shard import read_shards, write_shard

KNOWN = pd.DataFrame(
    {
        "cath": ["1.10.8.10", "3.40.50.300"],
        "s35": ["1.10.8.10.1", "3.40.50.300.1"],
        "split": ["train", "test"],
    }
)


def walk(length, seed):
    """Return a random chain with steps of 3.8 Å, far from the origin, rounded to 0.01 Å."""
    steps = np.random.default_rng(seed).normal(size=(length, 3))
    steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
    return np.round((np.cumsum(steps, axis=0) + np.array([250, -150, 40])) * 100) / 100


def test_traces_survive_differences_that_wrap(tmp_path):
    chains = [walk(50, 0), -walk(30, 1)]
    rows = np.round(np.concatenate(chains) * 100).astype(np.int16)
    with np.errstate(over="ignore"):
        steps = np.diff(rows, axis=0, prepend=np.zeros((1, 3), np.int16)).astype(np.int16)
    assert np.abs(np.diff(rows.astype(int), axis=0)).max() > np.iinfo(np.int16).max
    head = np.array([80, 2, 0, 50, 80], dtype=np.int32)
    with lzma.open(tmp_path / "ca.i16.xz", "wb") as file:
        file.write(head.tobytes() + steps.T.tobytes())
    for read, chain in zip(read_traces(tmp_path / "ca.i16.xz"), chains, strict=True):
        assert read.dtype == np.float32
        assert read == pytest.approx(chain, abs=1e-3)


def test_one_row_per_unknown_cluster_is_used():
    table = pd.DataFrame(
        {
            "domain": list("abcde"),
            "cath": ["1.10.8.10", "1.10.8.10", "1.10.8.10", "2.60.40.10", "2.60.40.10"],
            "s35": ["1.10.8.10.1", "1.10.8.10.2", "1.10.8.10.2", "2.60.40.10.1", "2.60.40.10.2"],
            "representative": [0, 0, 1, 1, 1],
            "split": ["train", "train", "train", "train", "val"],
        }
    )
    assert choose_rows(table, KNOWN, "split == 'train'")["domain"].tolist() == ["c", "d"]


def test_superfamily_of_the_test_split_is_refused():
    table = pd.DataFrame(
        {"domain": ["a"], "cath": ["3.40.50.300"], "s35": ["3.40.50.300.9"], "representative": [1]}
    )
    with pytest.raises(SystemExit, match="1 domains belong to superfamilies of the test split"):
        choose_rows(table, KNOWN, "representative == 1")


def test_packed_traces_are_domains_of_ca_atoms(tmp_path):
    chains = [walk(50, 0).astype(np.float32), walk(30, 1).astype(np.float32)]
    path = tmp_path / "shard-0000.npz"
    write_shard(pack_traces(chains, ["a", "b"], ["1.10.8.10", "2.60.40.10"]), path)
    data = DomainData(read_shards([path]), CathConfig(labels=("1.10", "2.60")))
    assert data.labels.tolist() == [0, 1]
    assert data.names.tolist() == ["a", "b"]
    for row, chain in enumerate(chains):
        assert data.ca(row) == pytest.approx(chain - chain.mean(axis=0), abs=0.006)
