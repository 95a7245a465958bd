"""Runs and their tables, for the tests in this folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from protvox.batch.plan import make_plan
from protvox.batch.resources import Resources
from protvox.batch.run import Run
from protvox.batch.tables.output_folder import OutputFolder
from protvox.predict.scoring.options import ScoreOptions

SMALL = ("1ubi.pdb", "1ejg.pdb.gz", "1a8o.cif")


def score(inputs, out, *, task="cath", timeout=120.0, retry=False, force=False, **more):
    """Run on one core, in this process; return the progress."""
    plan = make_plan([str(inputs)])
    with OutputFolder(out) as output:
        if force:
            output.clear()
        resources = Resources("cpu", 1, 1, timeout)
        run = Run(plan.items, ScoreOptions(task=task), resources, output, retry=retry, **more)
        return run.execute()


def copy_apart(source, target):
    """Copy a PDB file with different content, since equal content is scored once."""
    text = Path(source).read_text()
    Path(target).write_text(f"{text}REMARK 999 {Path(target).name!a}\n")


def rows(out, table="domains") -> pd.DataFrame:
    """A table sorted by its keys."""
    frame = pd.read_parquet(Path(out) / table)
    keys = ["id", "domain", "chain", "number", "insertion_code"]
    return frame.sort_values(
        [key for key in keys if key in frame], kind="stable", ignore_index=True
    )
