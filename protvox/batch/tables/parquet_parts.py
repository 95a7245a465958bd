"""Parts of a run: each holds all tables of some inputs and is written atomically."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import IO, Final

import pyarrow as pa

from protvox.batch.storage.local import LocalStorage, Storage
from protvox.batch.tables.schema import LEDGER
from protvox.errors import ProtvoxError, fail
from protvox.manifest import FIRST_LEDGER
from protvox.parquet import (
    FILES,
    damage_reported,
    decode_table,
    encode_table,
    seal,
    unseal,
    verify_file,
)

_REPLACES: Final = "replaces"
"""Key of the record of a ledger: the parts that it replaces."""
_NAME: Final = re.compile(r"/part-([0-9]{6,18})\.parquet$")


def part_name(table: str, number: int) -> str:
    """Return the file name of a table of a part.

    Parameters
    ----------
    table
        Name of the table.
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
        Every table of the run. Empty tables get no file, except the ledger, and all tables of part
        0, which give readers the columns of a table without rows.
    replaces
        Numbers of the parts that this one replaces.
    """
    names = [n for n in tables if n != LEDGER and (tables[n].num_rows or not number)]
    contents = [(name, encode_table(tables[name])) for name in names]
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents}
    ledger = seal(tables[LEDGER], {_REPLACES: list(replaces), FILES: digests})
    contents.append((LEDGER, encode_table(ledger)))
    storage.write(
        [(part_name(name, number), partial(_write, content)) for name, content in contents]
    )
    for old in replaces:
        remove_part(storage, old, tables)


def remove_part(storage: Storage, number: int, tables: Iterable[str]) -> None:
    """Remove a part.

    Parameters
    ----------
    storage
        Storage of the run.
    number
        Number of the part.
    tables
        Names of its tables.
    """
    for name in tables:
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
    return {name: read_table(storage, name, number, schema) for name, schema in schemas.items()}


def read_table(storage: Storage, name: str, number: int, schema: pa.Schema) -> pa.Table:
    """Return one table of a part.

    Parameters
    ----------
    storage
        Storage of the run.
    name
        Name of the table.
    number
        Number of the part.
    schema
        Schema of the table.
    """
    where = f"{storage}/{part_name(name, number)}"
    try:
        with damage_reported(where):
            file = storage.open(part_name(name, number))
    except FileNotFoundError:
        return schema.empty_table()
    # Read as one file: as a data set, pyarrow would read a folder named a=b as a column.
    with file:
        table = decode_table(file, where)
    with damage_reported(where):
        return table.cast(schema)


def recover_parts(storage: Storage, tables: Iterable[str]) -> dict[int, pa.Table]:
    """Remove what a crash left behind, and return the ledgers of the valid parts.

    Parameters
    ----------
    storage
        Storage of the run.
    tables
        Names of its tables.

    Returns
    -------
    dict
        Number of the part to its ledger, ascending.

    Raises
    ------
    UsageError
        If a part is damaged or incomplete (``batch.damaged``).
    """
    files = {name: storage.names(name) for name in tables}
    ledgers: dict[int, pa.Table] = {}
    digests: dict[int, dict[str, str]] = {}
    replaced: set[int] = set()
    for name in files[LEDGER]:
        number = _number(storage, name)
        ledgers[number], old, digests[number] = _read_ledger(storage, name)
        replaced.update(old)
    valid = {number: table for number, table in ledgers.items() if number not in replaced}
    for table, found in files.items():
        for name in found:
            if _number(storage, name) not in valid:
                storage.remove(name)
        for number in valid:
            if table in digests[number]:
                _verify(storage, part_name(table, number), found, digests[number][table])
    return valid


def tables_of_first_part(storage: Storage) -> list[str]:
    """Return the tables of a run as its first ledger names them; none if that is damaged.

    Parameters
    ----------
    storage
        Storage of the run.
    """
    try:
        _, _, digests = _read_ledger(storage, FIRST_LEDGER)
    except (ProtvoxError, FileNotFoundError):
        return []
    return list(digests)


def _read_ledger(storage: Storage, name: str) -> tuple[pa.Table, list[int], dict[str, str]]:
    """Return a ledger, the parts that it replaces, and the digests of the other files."""
    where = f"{storage}/{name}"
    with damage_reported(where), storage.open(name) as file:
        table = decode_table(file, where)
    record = unseal(table, where)
    return table, record[_REPLACES], record[FILES]


def _verify(storage: Storage, name: str, found: Sequence[str], digest: str) -> None:
    """Check that a file of a part exists and, on a disk, that its content is as written."""
    where = f"{storage}/{name}"
    if name not in found:
        raise fail("batch.damaged", where=where, reason="it is missing")
    if isinstance(storage, LocalStorage):
        with damage_reported(where), storage.open(name) as file:
            verify_file(file, digest, where)


def _write(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


def _number(storage: Storage, name: str) -> int:
    found = _NAME.search(name)
    if found is None:
        raise fail("batch.damaged", where=f"{storage}/{name}", reason="it is not a part of a run")
    return int(found[1])
