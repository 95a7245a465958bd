"""Mutations and checks of many structures: their rows are those of the single calls."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import protvox
from protvox.batch.plan import make_plan
from protvox.batch.resources import Resources
from protvox.batch.run import Run
from protvox.batch.tables.output_folder import OutputFolder
from protvox.errors import InputError
from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.structure.io.read import read_structure

CLOSE = {"check_dtype": False, "rtol": 1e-5, "atol": 1e-5}
"""The tables have single precision."""


@pytest.fixture(scope="module")
def crambin(data_dir):
    return read_structure(data_dir / "1ejg.pdb.gz", name="1ejg")


@pytest.fixture(scope="module")
def wrong_register(data_dir):
    """Ubiquitin with residues 22 to 38 given the types of those two further on."""
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    lines = [line for line in lines if line.startswith("ATOM")]
    names = {int(line[22:26]): line[17:20] for line in lines}
    made = []
    for line in lines:
        number, atom = int(line[22:26]), line[12:16].strip()
        if not 22 <= number <= 38:
            made.append(line)
        elif atom in ("N", "CA", "C", "O"):
            made.append(line[:17] + names[number + 2] + line[20:])
    return read_structure("\n".join(made).encode(), name="wrong")


def test_a_scan_has_the_rows_of_mutations_and_one_row_per_structure(crambin):
    scores = scoring_task("mutations").score(crambin, ScoreOptions("mutations"), device="cpu")
    alone = protvox.mutations(crambin, device="cpu")
    frame = scores.tables["mutations"].to_pandas()
    expected = alone.to_pandas()
    assert frame.drop(columns=expected.columns).isna().all(axis=None)
    pd.testing.assert_frame_equal(frame[expected.columns], expected, **CLOSE)
    (row,) = scores.tables["structures"].to_pylist()
    assert (row["n_residues"], row["n_mutations"], row["n_failed"]) == (46, 874, 0)
    assert row["log_likelihood"] == pytest.approx(np.log(alone.residues.p_wild_type).mean(), 1e-5)
    best = expected.loc[expected["score"].idxmin()]
    assert row["best_mutation"] == f"{best['chain']}:{best['mutation']}"
    assert row["mean_score"] == pytest.approx(expected["score"].mean())


def test_a_list_keeps_what_has_no_score(crambin):
    task = scoring_task("mutations")
    options = ScoreOptions(
        "mutations", mutations=[["A:T1A", "A:A99G", "A:T1A+A:C3S"], ["mutation", "T2G"]]
    )
    scores = task.score(crambin, options, device="cpu")
    frame = scores.tables["mutations"].to_pandas()
    assert frame["mutation"].tolist() == ["T1A", "A99G", "T1A+C3S", "T2G"]
    assert frame["score"].isna().tolist() == [False, True, False, False]
    assert frame["coupling"].fillna(0).ne(0).tolist() == [False, False, True, False]
    assert frame["note"][1] == "chain A has no residue 99"
    assert "1 of 4 mutations have no score" in scores.warnings[-1]
    assert scores.tables["structures"]["n_failed"].to_pylist() == [1]
    with pytest.raises(InputError) as caught:
        task.score(crambin, ScoreOptions("mutations", mutations=[["Z:T1A"]]), device="cpu")
    assert caught.value.code == "mutations.none"


def test_a_check_has_the_rows_of_check(wrong_register):
    scores = scoring_task("check").score(wrong_register, ScoreOptions("check"), device="cpu")
    alone = protvox.check(wrong_register, device="cpu")
    frame = scores.tables["findings"].to_pandas()
    assert len(frame) == len(alone.segments) + len(alone.residues) > 0
    expected = alone.to_pandas().drop(columns="input").astype({"shift": float})
    pd.testing.assert_frame_equal(frame, expected, **CLOSE)
    (row,) = scores.tables["structures"].to_pylist()
    assert row["n_segments"] == len(alone.segments) >= 1
    assert row["percentile"] == alone.overall.percentile
    assert row["segments"].startswith(f"register A:{alone.segments[0].first}-")


def test_identity_is_that_of_the_manifest_and_old_runs_resume():
    options = ScoreOptions("mutations", mutations=(("A:T1A",),), networks="backbone")
    identity = options.identity()
    assert json.loads(json.dumps(identity)) == identity
    assert identity["mutations"] == [["A:T1A"]]
    assert not {"mutations", "networks", "sequences", "model"} & ScoreOptions().identity().keys()


@pytest.mark.slow
@pytest.mark.parametrize("task", ["mutations", "check"])
def test_runs_resume_and_copy(task, data_dir, tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    shutil.copy(data_dir / "1ejg.pdb.gz", made / "a.pdb.gz")
    (made / "broken.pdb").write_text("ATOM")

    def run():
        with OutputFolder(tmp_path / "out") as output:
            items = make_plan([str(made)]).items
            return Run(items, ScoreOptions(task), Resources("cpu", 1, 1), output).execute()

    first = run()
    assert (first.done, first.failed) == (1, 1)
    shutil.copy(made / "a.pdb.gz", made / "b.pdb.gz")
    second = run()
    assert (second.kept, second.copied, second.kept_failed) == (1, 1, 1)
    structures = pd.read_parquet(tmp_path / "out" / "structures")
    assert sorted(structures["id"]) == ["a.pdb.gz", "b.pdb.gz"]
    assert structures.drop(columns=["id", "path"]).drop_duplicates().shape[0] == 1
