"""Parts of a run: each holds all tables of some inputs and is written atomically."""

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
"""The table whose file is written last; a part is valid once it exists."""

_REPLACES: Final = b"protvox.replaces"
_COMPRESSION: Final = "zstd"


def part_name(table: str, number: int) -> str:
    """Return the file name of a table of a part.

    Parameters
    ----------
    table
        One of `protvox.batch.tables.schema.TABLES`.
    number
        Number of the part.
    """
    return f"{table}/part-{number:06d}.parquet"


def write_part(
    storage: Storage, number: int, tables: Mapping[str, pa.Table], replaces: Sequence[int] = ()
) -> None:
    """Write a part atomically: after a crash it is complete, or it does not count.

    Parameters
    ----------
    storage
        Storage of the run, with a folder for each table.
    number
        Number of the part, not used before.
    tables
        Every table of `protvox.batch.tables.schema.TABLES`. Empty tables get no file, except the
        ledger, and all tables of part 0, which give readers the columns of a table without rows.
    replaces
        Numbers of the parts that this one replaces.
    """
    names = [n for n in TABLES if n != LEDGER and (tables[n].num_rows or not number)]
    ledger = tables[LEDGER].replace_schema_metadata(
        {_REPLACES: json.dumps(list(replaces)).encode()}
    )
    contents = [*((name, tables[name]) for name in names), (LEDGER, ledger)]
    storage.write([(part_name(name, number), partial(_write, table)) for name, table in contents])
    for old in replaces:
        remove_part(storage, old)


def remove_part(storage: Storage, number: int) -> None:
    """Remove a part.

    Parameters
    ----------
    storage
        Storage of the run.
    number
        Number of the part.
    """
    for name in TABLES:
        storage.remove(part_name(name, number))


def read_part(
    storage: Storage, number: int, schemas: Mapping[str, pa.Schema]
) -> dict[str, pa.Table]:
    """Return the tables of a part.

    Parameters
    ----------
    storage
        Storage of the run.
    number
        Number of the part.
    schemas
        Schemas of the tables.
    """
    return {name: read_table(storage, name, number, schemas[name]) for name in TABLES}


def read_table(storage: Storage, name: str, number: int, schema: pa.Schema) -> pa.Table:
    """Return one table of a part.

    Parameters
    ----------
    storage
        Storage of the run.
    name
        One of `protvox.batch.tables.schema.TABLES`.
    number
        Number of the part.
    schema
        Schema of the table.
    """
    try:
        file = storage.open(part_name(name, number))
    except FileNotFoundError:
        return schema.empty_table()
    # Read as one file: as a data set, pyarrow would read a folder named a=b as a column.
    with file:
        return pq.ParquetFile(file).read().cast(schema)


def recover_parts(storage: Storage) -> list[int]:
    """Remove what a crash left behind, and return the valid parts.

    Parameters
    ----------
    storage
        Storage of the run.

    Returns
    -------
    list of int
        Numbers of the parts, ascending.
    """
    files = {name: storage.names(name) for name in TABLES}
    replaced: set[int] = set()
    for name in files[LEDGER]:
        with storage.open(name) as file:
            metadata = pq.read_schema(file).metadata or {}
        replaced.update(json.loads(metadata.get(_REPLACES, b"[]")))
    valid = [number for number in map(_number, files[LEDGER]) if number not in replaced]
    for found in files.values():
        for name in found:
            if _number(name) not in valid:
                storage.remove(name)
    return valid


def _write(table: pa.Table, file: IO[bytes]) -> None:
    pq.write_table(table, file, compression=_COMPRESSION)


def _number(name: str) -> int:
    return int(name.rpartition("/part-")[2].removesuffix(".parquet"))
