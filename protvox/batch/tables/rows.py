"""The scores of a structure as rows of the output tables."""

from __future__ import annotations

import json
from dataclasses import asdict

import pyarrow as pa

from protvox.batch.messages import ResultTables
from protvox.batch.plan import Item
from protvox.batch.tables.schema import key_values, table_schemas
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.task import Scores


def tabulate(item: Item, scores: Scores, options: ScoreOptions, seconds: float) -> ResultTables:
    """Return the rows of a structure with the columns that name the input.

    Parameters
    ----------
    item
        The input.
    scores
        Its rows.
    options
        Options of the run.
    seconds
        Time that the scores took.
    """
    schemas = table_schemas(options)
    info = scores.input
    columns: dict[str, str | int | float] = {
        "format": info.format,
        "model": info.model,
        "n_atoms": info.n_atoms,
        "n_residues": info.n_residues,
        "n_dropped": len(info.dropped),
        "warnings": "\n".join(scores.warnings),
        "seconds": seconds,
    }
    if info.plddt is not None:
        columns["plddt"] = info.plddt.mean
        columns["disordered"] = " ".join(info.plddt.disordered)
    if info.assembly:
        columns["copies"] = json.dumps([asdict(copy) for copy in info.copies])
    if info.same_as is not None:
        columns["same_as"] = json.dumps(dict(info.same_as))
    tables = {name: _with_keys(item, rows, schemas[name]) for name, rows in scores.tables.items()}
    return ResultTables(tables, columns)


def _with_keys(item: Item, rows: pa.Table, schema: pa.Schema) -> pa.Table:
    keys = key_values(item, schema)
    named = [pa.array([value] * len(rows), schema.field(key).type) for key, value in keys.items()]
    return pa.Table.from_arrays([*named, *rows.columns], schema=schema)
