"""Commands on files of the kinds described in public reports, with the released models."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from protvox.predict.mutations.list_files import read_mutations

_DATA = os.environ.get("PROTVOX_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")
FOLDER = Path(_DATA).parent / "cases" / "reading"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the reading cases are not here")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("b02_side_chains_last", 0.404),
        ("b02_blank_chain_before_named", 0.287),
        ("b02_contiguous", 0.404),
    ],
)
def test_frames_are_scored_like_their_topology(protvox, tmp_path, name, mean):
    topology, out = FOLDER / f"{name}.pdb", tmp_path / "single.csv"
    assert protvox("classify", topology, "--task", "environment", "-o", out).code == 0
    single = pd.read_csv(out)
    options = ("--top", topology, "--task", "environment", "-o", tmp_path / "run")
    assert protvox("score", FOLDER / f"{name}.xtc", *options).code == 0
    frame = pd.read_parquet(tmp_path / "run" / "residues")
    assert single["p_wild_type"].mean() == pytest.approx(mean, abs=0.001)
    # Coordinates of the frame are rounded to 0.01 Å, which moves single residues more.
    assert frame["p_wild_type"].mean() == pytest.approx(mean, abs=0.005)
    assert frame["p_wild_type"].to_numpy() == pytest.approx(single["p_wild_type"], abs=0.12)
    assert frame["wild_type"].tolist() == single["wild_type"].tolist()


def test_scan_of_a_blank_chain_is_read_back(protvox, tmp_path):
    path, scan = FOLDER / "b11_blank_chain_of_two.pdb", tmp_path / "scan.csv"
    assert protvox("mutations", path, "-o", scan).code == 0
    rows = pd.read_csv(scan, keep_default_na=False)
    # B is identical, and mutated with the chain without a name.
    assert (set(rows["chain"]), set(rows["copies"])) == ({""}, {"B"})
    found = read_mutations(scan)
    assert not found.failures
    assert len(found.variants) == len(rows)
    again = tmp_path / "again.csv"
    assert protvox("mutations", path, "--mutations", scan, "-o", again).code == 0
    repeated = pd.read_csv(again, keep_default_na=False)
    assert repeated["chain"].tolist() == rows["chain"].tolist()
    assert repeated["copies"].tolist() == rows["copies"].tolist()
    assert repeated["score"].to_numpy() == pytest.approx(rows["score"].to_numpy(), abs=1e-9)
