"""Inputs and results as rows, the form in which they cross a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from protvox.batch.messages import (
    Failure,
    ResultTables,
    error_from_fields,
    error_to_fields,
    pack_table,
    unpack_table,
)
from protvox.batch.plan import Item

_INPUTS: Final = pa.schema([("item", pa.string()), ("settled", pa.string())])
_OUTCOMES: Final = pa.schema(
    [
        ("id", pa.string()),
        ("sha256", pa.string()),
        ("time", pa.float64()),
        ("kind", pa.string()),
        ("fields", pa.string()),
        ("tables", pa.map_(pa.string(), pa.large_binary())),
    ]
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an input.

    Attributes
    ----------
    id
        Id of the input.
    sha256
        SHA-256 of its content, ``""`` if it was not read.
    time
        Time of a trajectory frame in ps.
    result
        The results, or why there are none; None if the earlier results are still valid.
    """

    id: str
    sha256: str
    time: float | None
    result: ResultTables | Failure | None


def pack_inputs(inputs: Iterable[tuple[Item, str | None]]) -> pa.Table:
    """Return inputs as rows.

    Parameters
    ----------
    inputs
        Each input, with the SHA-256 of the content for which it needs no work, if any.
    """
    rows = [{"item": item.to_json(), "settled": settled} for item, settled in inputs]
    return pa.Table.from_pylist(rows, _INPUTS)


def unpack_inputs(table: pa.Table) -> dict[Item, str | None]:
    """Return the inputs packed by `pack_inputs`.

    Parameters
    ----------
    table
        The rows.
    """
    return {Item.from_json(row["item"]): row["settled"] for row in table.to_pylist()}


def pack_outcomes(outcomes: Iterable[Outcome]) -> pa.Table:
    """Return outcomes as rows.

    Parameters
    ----------
    outcomes
        Outcomes of a worker.
    """
    return pa.Table.from_pylist([_row(outcome) for outcome in outcomes], _OUTCOMES)


def pack_error(error: Exception) -> pa.Table:
    """Return an error that every input would meet as one row.

    Parameters
    ----------
    error
        Any error.
    """
    fields = json.dumps(error_to_fields(error))
    return pa.Table.from_pylist([{"kind": "error", "fields": fields}], _OUTCOMES)


def unpack_outcomes(table: pa.Table) -> Iterator[Outcome]:
    """Return the outcomes of a worker.

    Parameters
    ----------
    table
        Rows of `pack_outcomes` or `pack_error`.

    Raises
    ------
    ProtvoxError
        The error that every input would meet.
    RuntimeError
        If that error is a bug.
    """
    for row in table.to_pylist():
        fields = json.loads(row["fields"])
        if row["kind"] == "error":
            raise error_from_fields(fields)
        yield Outcome(row["id"], row["sha256"], row["time"], _result(row, fields))


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {"id": outcome.id, "sha256": outcome.sha256, "time": outcome.time, "fields": "{}"}
    result = outcome.result
    if isinstance(result, ResultTables):
        tables = [(name, pack_table(table)) for name, table in result.tables.items()]
        fields = json.dumps(result.columns)
        return row | {"kind": "results", "fields": fields, "tables": tables}
    if isinstance(result, Failure):
        return row | {"kind": "failure", "fields": json.dumps(result._asdict())}
    return row | {"kind": "settled"}


def _result(row: dict[str, Any], fields: dict[str, Any]) -> ResultTables | Failure | None:
    if row["kind"] == "results":
        tables = {name: unpack_table(table) for name, table in row["tables"]}
        return ResultTables(tables, fields)
    return Failure(**fields) if row["kind"] == "failure" else None
