"""Assemblies and identical chains in runs of many structures."""

import json

from batch_runs import rows

from protvox.batch.plan import make_plan
from protvox.batch.resources import Resources
from protvox.batch.run import Run
from protvox.batch.tables.output_folder import OutputFolder
from protvox.predict.scoring.options import ScoreOptions


def test_a_run_scores_one_chain_of_an_assembly(tmp_path, data_dir):
    plan = make_plan([str(data_dir / name) for name in ("1a8o.cif", "dipeptide.pdb")])
    options = ScoreOptions(task="environment", assembly="1", unique=True)
    with OutputFolder(tmp_path / "out") as output:
        resources = Resources("cpu", 1, 1, 120.0)
        progress = Run(plan.items, options, resources, output, retry=False).execute()
    assert (progress.done, progress.failed) == (1, 1)
    done = rows(tmp_path / "out", "inputs").query("status == 'done'").iloc[0]
    assert json.loads(done["same_as"]) == {"A-2": "A"}
    assert json.loads(done["copies"])[1] == {"chain": "A-2", "copy_of": "A", "operator": "2"}
    assert done["n_residues"] == 140
    residues = rows(tmp_path / "out", "residues")
    assert set(residues["chain"]) == {"A"}
    assert len(residues) == 70
    (failure,) = rows(tmp_path / "out", "failures")["code"]
    assert failure == "input.assembly"


def test_runs_of_earlier_versions_keep_their_options():
    identity = ScoreOptions().identity()
    assert not {"assembly", "unique"} & set(identity)
    assert ScoreOptions(assembly="1", unique=True).identity() == {
        **identity,
        "assembly": "1",
        "unique": True,
    }
