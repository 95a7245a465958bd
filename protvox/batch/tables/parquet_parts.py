"""Parts of a run: each holds all tables of some inputs and appears as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from protvox.batch.storage.local import Storage
from protvox.batch.tables.schema import TABLES

LEDGER: Final = "inputs"
"""The table whose file makes a part count; it takes its name last."""

_REPLACES: Final = b"protvox.replaces"
_COMPRESSION: Final = "zstd"


def part_name(table: str, number: int) -> str:
    """Return the name of the file of a table in a part.

    Parameters
    ----------
    table
        One of `protvox.batch.tables.schema.TABLES`.
    number
        Of the part.
    """
    return f"{table}/part-{number:06d}.parquet"


def write_part(
    place: Storage, number: int, tables: Mapping[str, pa.Table], replaces: Sequence[int] = ()
) -> None:
    """Write a part; a reader or a crash at any moment finds all of it or nothing that counts.

    Parameters
    ----------
    place
        Of the run, with a folder for each table.
    number
        Of the part, not used before.
    tables
        Every table of `protvox.batch.tables.schema.TABLES`. Empty ones get no file but the ledger,
        and in part 0, which tells the columns to whoever reads a table without rows.
    replaces
        Numbers of parts whose rows this one holds, as far as they still hold.
    """
    names = [n for n in TABLES if n != LEDGER and (tables[n].num_rows or not number)]
    ledger = tables[LEDGER].replace_schema_metadata(
        {_REPLACES: json.dumps(list(replaces)).encode()}
    )
    contents = [*((name, tables[name]) for name in names), (LEDGER, ledger)]
    place.write([(part_name(name, number), partial(_write, table)) for name, table in contents])
    for old in replaces:
        remove_part(place, old)


def remove_part(place: Storage, number: int) -> None:
    """Remove a part.

    Parameters
    ----------
    place
        Of the run.
    number
        Of the part, which another one replaces.
    """
    for name in TABLES:
        place.remove(part_name(name, number))


def read_part(place: Storage, number: int, schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """Return the tables of a part.

    Parameters
    ----------
    place
        Of the run.
    number
        Of the part.
    schemas
        Of the tables.
    """
    return {name: read_table(place, name, number, schemas[name]) for name in TABLES}


def read_table(place: Storage, name: str, number: int, schema: pa.Schema) -> pa.Table:
    """Return a table of a part.

    Parameters
    ----------
    place
        Of the run.
    name
        One of `protvox.batch.tables.schema.TABLES`.
    number
        Of the part.
    schema
        Of the table.
    """
    try:
        file = place.open(part_name(name, number))
    except FileNotFoundError:
        return schema.empty_table()
    # One file, not a data set: pyarrow would take a strange name of a folder for a column.
    with file:
        return pq.ParquetFile(file).read().cast(schema)


def settle_parts(place: Storage) -> list[int]:
    """Clear away what a crash has left, and return the parts that count.

    Parameters
    ----------
    place
        Of the run.

    Returns
    -------
    list of int
        Numbers, ascending.
    """
    files = {name: place.names(name) for name in TABLES}
    replaced: set[int] = set()
    for name in files[LEDGER]:
        with place.open(name) as file:
            metadata = pq.read_schema(file).metadata or {}
        replaced.update(json.loads(metadata.get(_REPLACES, b"[]")))
    counting = [number for number in map(_number, files[LEDGER]) if number not in replaced]
    for found in files.values():
        for name in found:
            if _number(name) not in counting:
                place.remove(name)
    return counting


def _write(table: pa.Table, file: IO[bytes]) -> None:
    pq.write_table(table, file, compression=_COMPRESSION)


def _number(name: str) -> int:
    return int(name.rpartition("/part-")[2].removesuffix(".parquet"))
