"""Inputs and answers as rows, the way they cross a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow as pa

from protvox import errors
from protvox.batch.plan import Item
from protvox.batch.workers.predict import Answer
from protvox.batch.workers.read import Failure
from protvox.errors import ProtvoxError

_INPUTS: Final = pa.schema([("item", pa.string()), ("settled", pa.string())])
_OUTCOMES: Final = pa.schema(
    [
        ("id", pa.string()),
        ("sha256", pa.string()),
        ("time", pa.float64()),
        ("kind", pa.string()),
        ("words", pa.string()),
        ("domains", pa.large_binary()),
        ("residues", pa.large_binary()),
    ]
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker says about an input.

    Attributes
    ----------
    id
        Of the input.
    sha256
        Of its content, ``""`` if it was not read.
    time
        Of a frame, ps.
    said
        The answer, why there is none, or None where what is known already holds.
    """

    id: str
    sha256: str
    time: float | None
    said: Answer | Failure | None


def pack_inputs(inputs: Iterable[tuple[Item, str | None]]) -> pa.Table:
    """Return inputs as rows.

    Parameters
    ----------
    inputs
        Each with the SHA-256 of the content with which it needs no work, if there is one.
    """
    # As JSON a path may hold bytes that are no text, which Arrow could not.
    rows = [{"item": json.dumps(asdict(item)), "settled": settled} for item, settled in inputs]
    return pa.Table.from_pylist(rows, _INPUTS)


def unpack_inputs(table: pa.Table) -> dict[Item, str | None]:
    """Return the inputs of `pack_inputs`.

    Parameters
    ----------
    table
        The rows.
    """
    return {Item(**json.loads(row["item"])): row["settled"] for row in table.to_pylist()}


def pack_outcomes(outcomes: Iterable[Outcome]) -> pa.Table:
    """Return what a worker says as rows.

    Parameters
    ----------
    outcomes
        What it says.
    """
    return pa.Table.from_pylist([_row(outcome) for outcome in outcomes], _OUTCOMES)


def pack_error(error: Exception) -> pa.Table:
    """Return an error that every input would meet as a row.

    Parameters
    ----------
    error
        Any.
    """
    if isinstance(error, ProtvoxError):
        words = {
            "error": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "remedy": error.remedy,
            "code": error.code,
        }
    else:
        words = {"error": "", "what": f"{type(error).__name__}: {error}"}
    return pa.Table.from_pylist([{"kind": "error", "words": json.dumps(words)}], _OUTCOMES)


def unpack_outcomes(table: pa.Table) -> Iterator[Outcome]:
    """Return what a worker said.

    Parameters
    ----------
    table
        The rows of `pack_outcomes` or `pack_error`.

    Raises
    ------
    ProtvoxError
        If it met an error that every input would meet.
    RuntimeError
        If that was a bug.
    """
    for row in table.to_pylist():
        words = json.loads(row["words"])
        if row["kind"] == "error":
            raise _error(words)
        yield Outcome(row["id"], row["sha256"], row["time"], _said(row, words))


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {"id": outcome.id, "sha256": outcome.sha256, "time": outcome.time, "words": "{}"}
    said = outcome.said
    if isinstance(said, Answer):
        tables = {"domains": _write(said.domains), "residues": _write(said.residues)}
        return row | tables | {"kind": "answer", "words": json.dumps(said.about)}
    if isinstance(said, Failure):
        return row | {"kind": "failure", "words": json.dumps(said._asdict())}
    return row | {"kind": "settled"}


def _said(row: dict[str, Any], words: dict[str, Any]) -> Answer | Failure | None:
    if row["kind"] == "answer":
        return Answer(_read(row["domains"]), _read(row["residues"]), words)
    return Failure(**words) if row["kind"] == "failure" else None


def _error(words: dict[str, Any]) -> Exception:
    kind = getattr(errors, words.pop("error") or "", None)
    if kind is None:
        return RuntimeError(f"a worker failed ({words['what']})")
    return kind(words.pop("what"), **words)


def _write(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def _read(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()
