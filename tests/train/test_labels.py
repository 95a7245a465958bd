from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import protvox
from protvox.errors import InputError
from protvox.train.labels import build_shards, labelled_domains, labelled_entries, read_labels
from protvox.train.shards import UNLABELLED, read_shards
from protvox.vocabulary import AMINO_ACID_INDEX

EXAMPLES = Path(protvox.__file__).parent / "examples"
TABLE = """file,chain,chopping,cath,id,split
1pwc.pdb.gz,A,3-100,3.40.710.10,1pwcA01,train
missing.pdb,A,,3.40.1.1,none,train
1pwc.pdb.gz,A,201-347,1.10.8.10,1pwcA02,val
"""


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(TABLE)
    return path


def test_domains_are_cut_and_labelled(table, tmp_path):
    rows = read_labels(table, structures=EXAMPLES, label="cath", name="id")
    failures: list = []
    domains = labelled_domains(rows, failures.append)
    written = build_shards(domains, tmp_path / "out", per_shard=1, report=lambda n: None)
    assert [path.name for path in written] == ["shard-00000.npz", "shard-00001.npz"]
    shard = read_shards(written)
    assert shard.name.tolist() == ["1pwcA01", "1pwcA02"]
    assert shard.structure_label.tolist() == ["3.40.710.10", "1.10.8.10"]
    assert np.diff(shard.structure_start).tolist() == [98, 147]
    assert (shard.residue_label == UNLABELLED).all()
    assert [error.code for error in failures] == ["input.not_found"]


def test_rows_of_one_file_label_its_residues_and_leave_the_rest_as_context(table, tmp_path):
    rows = read_labels(table, structures=EXAMPLES)
    entries = list(labelled_entries(rows, lambda error: None))
    assert len(entries) == 1
    structure, mask, label = entries[0]
    assert mask.sum() == 98 + 147
    assert label == ""
    (path,) = build_shards(iter(entries), tmp_path, report=lambda n: None)
    shard = read_shards([path])
    assert shard.n_residues == structure.n_residues
    labelled = shard.residue_label != UNLABELLED
    assert labelled.tolist() == mask.tolist()
    wanted = [AMINO_ACID_INDEX[name] for name in structure.parent[mask]]
    assert shard.residue_label[labelled].tolist() == wanted
    assert (
        np.abs(
            (shard.positions() + structure.coordinates.mean(axis=0)) - structure.coordinates
        ).max()
        <= 0.0051
    )  # half of the stored step of 0.01 Å


def test_where_filters(table):
    (row,) = read_labels(table, where={"split": "val", "chain": "A"})
    assert row.path == table.parent / "1pwc.pdb.gz"
    assert row.chopping == "201-347"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"label": "architecture"}, "input.column"),
        ({"where": {"fold": "1"}}, "input.column"),
        ({"where": {"split": "test"}}, "input.table"),
    ],
)
def test_bad_requests(table, options, code):
    with pytest.raises(InputError) as caught:
        read_labels(table, **options)
    assert caught.value.code == code


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b""])
def test_bad_tables(tmp_path, content):
    path = tmp_path / "labels.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        read_labels(path)


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no structure is left"):
        build_shards(iter(()), tmp_path / "out", report=lambda n: None)
