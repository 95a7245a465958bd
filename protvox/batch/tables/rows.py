"""A prediction as rows of the output tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pyarrow as pa

from protvox.batch.messages import ResultTables
from protvox.batch.options import BatchOptions
from protvox.batch.plan import Item
from protvox.batch.tables.schema import key_values, table_schemas

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.results.prediction import Prediction


def tabulate(
    item: Item, prediction: Prediction, options: BatchOptions, seconds: float
) -> ResultTables:
    """Return a prediction as rows.

    Parameters
    ----------
    item
        The input.
    prediction
        Its prediction.
    options
        Options of the run.
    seconds
        Time that the prediction took.
    """
    from protvox.predict.results.tables import residue_frame

    schemas = table_schemas(options)
    info = prediction.input
    columns: dict[str, str | int | float] = {
        "format": info.format,
        "model": info.model,
        "n_atoms": info.n_atoms,
        "n_residues": info.n_residues,
        "n_dropped": len(info.dropped),
        "warnings": "\n".join(prediction.warnings),
        "seconds": seconds,
    }
    if info.plddt is not None:
        columns["plddt"] = info.plddt.mean
        columns["disordered"] = " ".join(info.plddt.disordered)
    if info.assembly:
        columns["copies"] = json.dumps([asdict(copy) for copy in info.copies])
    if info.same_as is not None:
        columns["same_as"] = json.dumps(dict(info.same_as))
    residues = None
    if prediction.residues is not None:
        # Identical chains are named in the table of inputs, not by rows of their own.
        residues = residue_frame([prediction]).iloc[: len(prediction.residues)]
    return ResultTables(
        _domain_rows(item, prediction, schemas["domains"]),
        _residue_rows(item, residues, schemas["residues"]),
        columns,
    )


def _domain_rows(item: Item, prediction: Prediction, schema: pa.Schema) -> pa.Table:
    """Return the domains in the schema of their table, without a slower data frame."""
    from protvox.predict.results.tables import domain_rows

    keys = key_values(item, schema)
    rows = [row | keys for row in domain_rows(prediction)]
    if "embedding" in schema.names:
        for row, domain in zip(rows, prediction.domains, strict=True):
            row["embedding"] = domain.embedding
    return pa.Table.from_pylist(rows, schema)


def _residue_rows(item: Item, frame: pd.DataFrame | None, schema: pa.Schema) -> pa.Table:
    """Return a data frame in the schema of its table; missing columns are null."""
    if frame is None:
        return schema.empty_table()
    n = len(frame)
    columns = {name: frame[name].to_numpy() for name in schema.names if name in frame}
    columns |= {name: [value] * n for name, value in key_values(item, schema).items()}
    return pa.Table.from_arrays(
        [
            pa.array(columns[field.name], field.type, from_pandas=True)
            if field.name in columns
            else pa.nulls(n, field.type)
            for field in schema
        ],
        schema=schema,
    )
