"""The measurement of domains, on a small data set made here."""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path, data_dir):
    """Tables and structures of three entries: train, validation and test."""
    from protvox.structure.io.annotate import write_annotated
    from protvox.structure.io.read import read_structure

    (tmp_path / "entries").mkdir()
    rows, chains = [], []
    for split, name in (("train", "1ubi.pdb"), ("val", "1a8o.pdb"), ("test", "3mht.pdb.gz")):
        structure = read_structure(data_dir / name)
        file = f"entries/{name[:4]}.pdb"
        write_annotated(
            structure, np.zeros(structure.n_residues), tmp_path / file, remark="for a test"
        )
        chopping = "1-185,285-327;186-284" if split == "test" else ""
        for number, ranges in enumerate(chopping.split(";"), start=1):
            rows.append(f'{name[:4]}A{number:02d},{file},A,"{ranges}",{split}')
        chains.append(f"{file},A,{split},1")
    (tmp_path / "domains.csv").write_text("\n".join(["domain,file,chain,chopping,split", *rows]))
    (tmp_path / "chains.csv").write_text("\n".join(["file,chain,split,representative", *chains]))
    return tmp_path


def test_measures_from_structures(data, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation import __main__ as command

    output = data / "results" / "metrics.json"
    monkeypatch.setattr(sys, "argv", ["segmentation", "--data", str(data), "-o", str(output)])
    command.main()
    metrics = json.loads(output.read_text())
    assert json.loads(capsys.readouterr().out)["protvox"] == metrics["methods"]["protvox"]
    assert metrics["split"] == "test"
    assert metrics["unread"] == []
    whole = metrics["methods"]["whole_chain"]
    assert (whole["n"], whole["n_multi"], whole["right_count"]) == (1, 1, 0.0)
    assert whole["iou_multi"] == pytest.approx((228 / 327) ** 2, abs=0.01)
    halves = metrics["methods"]["equal_halves"]
    assert halves["right_count"] == 1.0
    assert metrics["subsets"]["all_domains_test"]["whole_chain"]["n"] == 1
    assert output.with_name("domains.png").stat().st_size > 1000


def test_held_out_chains_are_separate(data, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation.dataset import read_chains

    for split, name in (("train", "1ubi"), ("val", "1a8o"), ("test", "3mht")):
        chains, unread = read_chains(data, data, (split,))
        assert [(c.file, c.split) for c in chains] == [(f"entries/{name}.pdb", split)]
        assert unread == []


def test_training_splits_chains(data, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation import fit
    from experiments.segmentation.dataset import read_chains
    from protvox.structure.splitting.cut_model import parse_cut_model

    (chain,), _ = read_chains(data, data, ("test",))
    side = chain.labels == 1
    size = np.bincount(chain.labels)
    assert fit.misplaced(chain.labels, side, size) == 0
    assert fit.misplaced(chain.labels, np.arange(327) < 30, size) == np.inf
    few = side.copy()
    few[np.flatnonzero(chain.labels == 2)[:10]] = True
    assert fit.misplaced(chain.labels, few, size) == pytest.approx(10 / (size[2] - 10))
    choices = fit.gather([chain])
    assert choices.wrong.min() < fit.WRONG
    assert len(choices.features) == len(choices.wrong) == len(choices.piece)
    model = fit.fit(choices, 2, 1e-2, 0)
    other = fit.fit(choices, 2, 1e-2, 1)
    both = fit.average([model, other])
    assert both.hidden.shape == (4, choices.features.shape[1])
    again = parse_cut_model(fit.to_json(both, {}))
    assert again.score(choices.features) == pytest.approx(both.score(choices.features), abs=1e-2)
    mean = (model.score(choices.features) + other.score(choices.features)) / 2
    assert both.score(choices.features) == pytest.approx(mean)


@pytest.fixture(scope="module")
def traces(data_dir, tmp_path_factory):
    """A folder of CA traces: the methyltransferase in three splits, ubiquitin for validation."""
    from protvox.structure.io.read import read_structure

    folder = tmp_path_factory.mktemp("traces")
    chains = []
    for name in ("3mht.pdb.gz", "1ubi.pdb"):
        structure = read_structure(data_dir / name)
        ca = structure.backbone()[structure.is_protein, 1]
        chains.append(np.round(100 * ca).astype(np.int16))
    two = "3mhtA01:3.40.50.150:0-185_284-326|3mhtA02:3.90.120.10:186-283"
    rows = [
        f"3mht,A,327,{two},X,train",
        f"3mht,A,327,{two.replace('3.40.50.150', '1.1.1.1').replace('3.90', '3.91')},X,peer_test",
        "1ubi,A,76,1ubiA00:3.10.20.90:0-71,X,val",
    ]
    points = np.concatenate([chains[0], chains[0], chains[1]])
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 3), np.int16)).astype(np.int16)
    head = np.array([len(points), 3, 0, 327, 654, 730], dtype=np.int32)
    with lzma.open(folder / "ca.i16.xz", "wb") as stream:
        stream.write(head.tobytes() + np.ascontiguousarray(steps.T).tobytes())
    with lzma.open(folder / "chains.csv.xz", "wt") as stream:
        stream.write("\n".join(["pdb,chain,length,domains,sequence,split", *rows]))
    true = "0-185_284-326|186-283"
    (folder / "chainsaw_v3_cath1363_test.csv").write_text(
        f"chain_id,true_chopping,pred_chopping\n3mhtA,{true},0-185|186-326\n"
    )
    return folder


def test_traces_are_read(traces, data_dir, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation.traces import read_traces

    (chain,) = read_traces(traces, ("train",))
    assert (chain.id, chain.n_domains, len(chain.ca)) == ("3mhtA", 2, 327)
    assert np.bincount(chain.labels).tolist() == [0, 229, 98]
    (ubiquitin,) = read_traces(traces, ("val",))
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(ubiquitin.ca, axis=0), axis=1), 3.8, atol=0.15
    )
    assert (ubiquitin.labels == 0).sum() == 4


def test_comparison_on_the_chains_of_a_peer(traces, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation import peers

    chains, predicted = peers.read_pairs(traces, traces)
    assert [chain.id for chain in chains] == ["3mhtA"]
    assert np.bincount(predicted[0]).tolist() == [186, 141]
    output = tmp_path / "peers.json"
    arguments = ["peers", "--chains", str(traces), "--peers", str(traces), "-o", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    peers.main()
    capsys.readouterr()
    metrics = json.loads(output.read_text())
    assert metrics["chains"] == 1
    theirs = metrics["methods"]["chainsaw"]
    assert theirs["right_count"] == 1
    # The residues of the segment 284-326 are given to the other domain.
    expected = (229 * 186 / 229 + 98 * 98 / 141) / 327
    assert theirs["iou"] == pytest.approx(expected)
    for name, row in metrics["protvox_minus_chainsaw"].items():
        assert row["difference"] == pytest.approx(
            metrics["methods"]["protvox"][name] - theirs[name]
        )
