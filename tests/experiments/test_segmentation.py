"""The measurement of domains, on a small data set made here."""

from __future__ import annotations

import json
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
