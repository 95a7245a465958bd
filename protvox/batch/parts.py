"""Parts on disk: each holds all tables of some inputs and appears as a whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from protvox.batch.schema import TABLES

LEDGER: Final = "inputs"
"""The table whose file makes a part count; it takes its name last."""

_REPLACES: Final = b"protvox.replaces"
_COMPRESSION: Final = "zstd"


def part_path(folder: Path, table: str, number: int) -> Path:
    """Return the file of a table in a part.

    Parameters
    ----------
    folder
        Of the run.
    table
        One of `protvox.batch.schema.TABLES`.
    number
        Of the part.
    """
    return folder / table / f"part-{number:06d}.parquet"


def write_part(
    folder: Path, number: int, tables: Mapping[str, pa.Table], replaces: Sequence[int] = ()
) -> None:
    """Write a part; a reader or a crash at any moment finds all of it or nothing that counts.

    Parameters
    ----------
    folder
        Of the run, with a folder for each table.
    number
        Of the part, not used before.
    tables
        Every table of `protvox.batch.schema.TABLES`. Empty ones get no file but the ledger, and
        in part 0, which tells the columns to whoever reads a table without rows.
    replaces
        Numbers of parts whose rows this one holds, as far as they still hold.
    """
    names = [n for n in TABLES if n != LEDGER and (tables[n].num_rows or not number)]
    ledger = tables[LEDGER].replace_schema_metadata(
        {_REPLACES: json.dumps(list(replaces)).encode()}
    )
    staged = [(name, _stage(folder, number, name, tables[name])) for name in names]
    staged.append((LEDGER, _stage(folder, number, LEDGER, ledger)))
    for name, temporary in staged:
        os.replace(temporary, part_path(folder, name, number))
        sync_folder(folder / name)
    for old in replaces:
        remove_part(folder, old)


def remove_part(folder: Path, number: int) -> None:
    """Remove a part.

    Parameters
    ----------
    folder
        Of the run.
    number
        Of the part, which another one replaces.
    """
    for name in TABLES:
        part_path(folder, name, number).unlink(missing_ok=True)


def read_part(folder: Path, number: int, schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """Return the tables of a part.

    Parameters
    ----------
    folder
        Of the run.
    number
        Of the part.
    schemas
        Of the tables.
    """
    tables = {}
    for name in TABLES:
        path = part_path(folder, name, number)
        # One file, not a data set: pyarrow would take a strange name of a folder for a column.
        found = pq.ParquetFile(path).read() if path.exists() else schemas[name].empty_table()
        tables[name] = found.cast(schemas[name])
    return tables


def settle_parts(folder: Path) -> list[int]:
    """Clear away what a crash has left, and return the parts that count.

    Parameters
    ----------
    folder
        Of the run.

    Returns
    -------
    list of int
        Numbers, ascending.
    """
    for name in TABLES:
        for stray in (folder / name).glob(".part-*"):
            stray.unlink(missing_ok=True)
    ledgers = sorted((folder / LEDGER).glob("part-*.parquet"))
    replaced: set[int] = set()
    for path in ledgers:
        metadata = pq.read_schema(path).metadata or {}
        replaced.update(json.loads(metadata.get(_REPLACES, b"[]")))
    counting = [number for number in map(_number, ledgers) if number not in replaced]
    for name in TABLES:
        for path in (folder / name).glob("part-*.parquet"):
            if _number(path) not in counting:
                path.unlink(missing_ok=True)
    return counting


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a crash of the machine, where the system can.

    Parameters
    ----------
    folder
        The folder.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folder
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stage(folder: Path, number: int, name: str, table: pa.Table) -> Path:
    path = part_path(folder, name, number)
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        pq.write_table(table, file, compression=_COMPRESSION)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("part-"))
