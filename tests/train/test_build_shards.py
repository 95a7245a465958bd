from __future__ import annotations

import numpy as np
import pytest

from protvox.errors import InputError, UsageError
from protvox.structure.io.read import read_structure
from protvox.train.build_shards import build_shards
from protvox.train.shard import UNLABELLED, read_shards

DOMAINS = """domain,cath,file,chain,chopping,split,radius
1ubiA01,3.10.20.90,1ubi.pdb,A,5-30,train,20
1a8oA00,1.10.1200.30,1a8o.pdb,,,train,30
gone,1.10.1.1,gone.pdb,A,1-5,train,5
badrange,1.10.1.1,1ubi.pdb,A,900-950,train,5
1lcdA00,1.10.260.40,1lcd.pdb.gz,A,1-20,val,20
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "domains.csv"
    path.write_text(DOMAINS)
    return path


def test_domains(table, data_dir, tmp_path):
    calls = []
    written, failures = build_shards(
        table,
        data_dir,
        tmp_path / "out",
        "cath",
        query="split == 'train' and radius < 50",
        per_shard=1,
        report=lambda done, total: calls.append((done, total)),
    )
    assert written == 2
    assert [failure.name for failure in failures] == ["gone", "badrange"]
    assert "no residues in 900-950" in failures[1].reason
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    paths = sorted((tmp_path / "out").glob("*"))
    assert [path.name for path in paths] == ["shard-0000.npz", "shard-0001.npz"]
    shard = read_shards(paths)
    assert shard.name.tolist() == ["1ubiA01", "1a8oA00"]
    assert shard.structure_label.tolist() == ["3.10.20.90", "1.10.1200.30"]
    whole = read_structure(data_dir / "1a8o.pdb")
    assert np.diff(shard.structure_start).tolist() == [26, whole.is_protein.sum()]
    assert (shard.residue_label == UNLABELLED).all()


def test_environments_label_the_chains_asked_for(data_dir, tmp_path):
    table = tmp_path / "chains.csv"
    table.write_text("file,chain\n1lcd.pdb.gz,A\n1ubi.pdb,Z\n")
    written, failures = build_shards(table, data_dir, tmp_path / "out", "environment")
    assert written == 1
    assert failures[0].reason.startswith("there is no protein in chain Z")
    shard = read_shards((tmp_path / "out").glob("*.npz"))
    whole = read_structure(data_dir / "1lcd.pdb.gz")
    assert shard.n_residues == whole.n_residues  # the DNA stays as context
    labelled = shard.residue_label != UNLABELLED
    assert labelled.any()
    assert not labelled[~(whole.is_protein & (whole.chain == "A"))].any()


def test_number_of_workers_does_not_matter(table, data_dir, tmp_path):
    options = {"query": "split == 'train'"}
    build_shards(table, data_dir, tmp_path / "one", "cath", **options)
    build_shards(table, data_dir, tmp_path / "two", "cath", workers=2, **options)
    one, two = ((tmp_path / name / "shard-0000.npz").read_bytes() for name in ("one", "two"))
    assert len(one) == len(two)
    assert (
        read_shards([tmp_path / "one" / "shard-0000.npz"]).coordinates
        == read_shards([tmp_path / "two" / "shard-0000.npz"]).coordinates
    ).all()


@pytest.mark.parametrize(
    ("task", "query", "code"),
    [
        ("cath", "no_such == 1", "usage.table"),
        ("cath", "split ==", "usage.table"),
        ("cath", "domain.nonsense()", "usage.table"),
    ],
)
def test_invalid_queries_are_refused(table, data_dir, tmp_path, task, query, code):
    with pytest.raises(UsageError) as caught:
        build_shards(table, data_dir, tmp_path / "out", task, query=query)
    assert caught.value.code == code


def test_invalid_tables_are_refused(table, data_dir, tmp_path):
    other = tmp_path / "other.csv"
    for content, code in ((b"", "usage.table"), (b"file\na.pdb\n", "usage.columns")):
        other.write_bytes(content)
        with pytest.raises(UsageError) as caught:
            build_shards(other, data_dir, tmp_path / "out", "environment")
        assert caught.value.code == code
    with pytest.raises(UsageError):
        build_shards(tmp_path / "missing.csv", data_dir, tmp_path / "out", "cath")


def test_table_without_usable_structures_is_refused(table, data_dir, tmp_path):
    with pytest.raises(InputError, match="first reason") as caught:
        build_shards(table, data_dir, tmp_path / "out", "cath", query="file == 'gone.pdb'")
    assert caught.value.code == "input.no_structures"


def test_shards_are_never_mixed(table, data_dir, tmp_path):
    build_shards(table, data_dir, tmp_path / "out", "cath", query="split == 'val'")
    with pytest.raises(UsageError) as caught:
        build_shards(table, data_dir, tmp_path / "out", "cath")
    assert caught.value.code == "usage.not_empty"
