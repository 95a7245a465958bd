"""The output folder of a run: a lock, a manifest, and parts with the results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from protvox import __version__
from protvox.batch.plan import Item
from protvox.batch.storage.open import open_storage
from protvox.batch.tables.parquet_parts import (
    part_name,
    read_part,
    recover_parts,
    tables_of_first_part,
    write_part,
)
from protvox.batch.tables.schema import FAILURES, LEDGER, key_values, table_schemas
from protvox.errors import ProtvoxError, fail
from protvox.manifest import MANIFEST, encode_manifest, find_manifest
from protvox.parquet import damage_reported, decode_table
from protvox.predict.scoring.options import ScoreOptions

SCHEMA: Final = "protvox.score/2"
_BEFORE: Final = (LEDGER, "domains", "residues", FAILURES)
"""Tables of runs whose manifest does not name them: those of earlier versions."""
_TABLE: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """An input in the parts that have been written.

    Attributes
    ----------
    part
        Number of the part with its rows.
    work
        What was scored: SHA-256 of the content, chain and chopping.
    done
        Whether it was scored; False if it failed.
    """

    part: int
    work: tuple[str, str, str]
    done: bool


class OutputFolder:
    """The output of a run, locked by one run at a time.

    Parameters
    ----------
    output
        A folder, created if missing, or a URL.

    Raises
    ------
    UsageError
        If it cannot be written (``output.write``), or another run is writing to it
        (``batch.locked``).
    """

    def __init__(self, output: str | Path) -> None:
        self.storage = open_storage(str(output))
        self.entries: dict[str, Entry] = {}
        self._schemas: dict[str, pa.Schema] = {}
        self._waiting: dict[str, dict[str, pa.Table]] = {}
        self._scored: dict[tuple[str, str, str], str] = {}
        self._last_read: tuple[int, dict[str, pa.Table]] | None = None
        self._next = 0
        self._parts: list[int] = []
        """Numbers of the parts; those that have been replaced have no files."""
        self._to_clear: set[str] | None = None
        self._is_damaged = False
        self.waiting_rows = 0
        """Number of rows that have not been written yet."""
        self.storage.acquire()

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.storage.release()

    @property
    def holds_results(self) -> bool:
        """Whether the folder holds results of a run."""
        return self.storage.exists(MANIFEST)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, once `open` has been called."""
        return tuple(self._schemas)

    def clear(self) -> None:
        """Remove all results, also damaged ones, when `open` is called, with loaded models.

        Raises
        ------
        UsageError
            If the folder holds files of another program (``batch.foreign``).
        """
        try:
            manifest = self._manifest()
        except ProtvoxError as error:
            if error.code != "batch.damaged":
                raise
            self._is_damaged = True
            self._to_clear = {*_BEFORE, *tables_of_first_part(self.storage)}
        else:
            self._to_clear = None if manifest is None else set(manifest.get("tables", _BEFORE))

    def open(self, options: ScoreOptions, models: Mapping[str, str]) -> None:
        """Start a run in this folder, or resume one.

        Parameters
        ----------
        options
            Options of the run.
        models
            ``name@version`` of each model in use, and the SHA-256 of its weights.

        Raises
        ------
        UsageError
            If the folder holds results of other options or models (``batch.other_options``),
            files of another program (``batch.foreign``), or damaged ones (``batch.damaged``).
        """
        wanted = {"schema": SCHEMA, "options": options.identity(), "models": dict(models)}
        self._schemas = table_schemas(options)
        if self._to_clear is not None:
            # A name is that of a folder, so one that was tampered with must not lead elsewhere.
            recorded = {name for name in self._to_clear if _TABLE.fullmatch(name)}
            others = {*recorded, *self._schemas} - {LEDGER}
            # By the manifest, or if it is damaged by the ledgers, the folder is recognised as
            # protvox's after a crash. Without ledgers, the other files do not count.
            order = (*others, LEDGER) if self._is_damaged else (LEDGER, *others)
            for name in order:
                self.storage.remove_parts(name)
            self.storage.remove(MANIFEST)
            self._to_clear = None
        manifest = self._manifest()
        if manifest is None:
            self._start(wanted)
        else:
            self._check(wanted, manifest)
        for number, ledger in recover_parts(self.storage, self._schemas).items():
            self._next = number + 1
            self._parts.append(number)
            with damage_reported(f"{self.storage}/{part_name(LEDGER, number)}"):
                self._note(number, ledger.cast(self._schemas[LEDGER]))
        if not self._next:
            empty = {name: schema.empty_table() for name, schema in self._schemas.items()}
            write_part(self.storage, 0, empty)
            self._next = 1
            self._parts.append(0)

    def add(self, item: Item, sha256: str, tables: Mapping[str, pa.Table], **columns: Any) -> None:
        """Add the rows of an input; the next `flush` writes them.

        Parameters
        ----------
        item
            The input. Its earlier rows are replaced.
        sha256
            SHA-256 of its content, ``""`` if it could not be read.
        tables
            Its rows, except those of the ledger.
        columns
            Further columns of the ledger.
        """
        schema = self._schemas[LEDGER]
        row = {"sha256": sha256, "chain": item.chain, "chopping": item.chopping, **columns}
        ledger = pa.Table.from_pylist([key_values(item, schema) | row], schema=schema)
        self._put(item.id, {**tables, LEDGER: ledger})

    def copy_rows(self, item: Item, sha256: str) -> bool:
        """Copy the rows of another input with the same content, chain and chopping.

        Parameters
        ----------
        item
            The input.
        sha256
            SHA-256 of its content.

        Returns
        -------
        bool
            Whether there was such an input.
        """
        work = (sha256, item.chain, item.chopping)
        source = self._scored.get(work)
        tables = None if source is None or source == item.id else self._rows(source, work)
        if tables is None:
            return False
        for name, table in tables.items():
            for key, value in key_values(item, table.schema).items():
                index, field = table.schema.get_field_index(key), table.schema.field(key)
                column = pa.array([value] * len(table), field.type)
                tables[name] = table = table.set_column(index, field, column)
        self._put(item.id, tables)
        return True

    def flush(self) -> None:
        """Write the rows: new inputs as one part, replaced ones with the rest of their old part."""
        if not self._waiting:
            return
        # Cleared first: if interrupted, the inputs are scored again and never written twice.
        waiting, self._waiting, self.waiting_rows = self._waiting, {}, 0
        self._last_read = None
        # One new part per old part, so that only one old part is in memory at a time.
        groups: dict[int, dict[str, dict[str, pa.Table]]] = {}
        for name in sorted(waiting, key=self._part, reverse=True):
            part = self._part(name) or min(groups, default=0)
            groups.setdefault(part, {})[name] = waiting[name]
        for part, group in sorted(groups.items()):
            self._write(part, {name: group[name] for name in waiting if name in group})

    def _part(self, name: str) -> int:
        """Return the number of the part with an input, 0 if there is none."""
        return self.entries[name].part if name in self.entries else 0

    def _write(self, old: int, group: Mapping[str, Mapping[str, pa.Table]]) -> None:
        """Write inputs as one part, with the other inputs of the part it replaces (0: none)."""
        pieces = {name: [schema.empty_table()] for name, schema in self._schemas.items()}
        if old:
            for name, table in read_part(self.storage, old, self._schemas).items():
                gone = pc.is_in(table["id"], pa.array(list(group), pa.string()))
                pieces[name].append(table.filter(pc.invert(gone)))
        for tables in group.values():
            for name, table in tables.items():
                pieces[name].append(table)
        joined = {name: pa.concat_tables(found) for name, found in pieces.items()}
        number, self._next = self._next, self._next + 1
        write_part(self.storage, number, joined, [old] if old else [])
        self._parts.append(number)
        self._note(number, joined[LEDGER])

    def failure_counts(self) -> list[tuple[str, int, str]]:
        """Return the code of each kind of failure, its number, and the text of one of them."""
        found: dict[str, list[str]] = {}
        for table in self.tables(FAILURES, ["id", "code", "what"]):
            for row in table.to_pylist():
                found.setdefault(row["code"], []).append(f"{row['id']}: {row['what']}")
        return sorted((code, len(rows), rows[0]) for code, rows in found.items())

    def tables(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read a table part by part.

        Parameters
        ----------
        name
            One of `names`.
        columns
            Columns to read; all by default.
        """
        for number in self._parts:
            try:
                file = self.storage.open(part_name(name, number))
            except FileNotFoundError:
                continue
            with file:
                yield decode_table(file, f"{self.storage}/{part_name(name, number)}", columns)

    def _put(self, name: str, tables: dict[str, pa.Table]) -> None:
        self._waiting[name] = tables
        self.waiting_rows += sum(table.num_rows for table in tables.values())
        _, work, done = next(_works(tables[LEDGER]))
        if done:
            self._scored[work] = name

    def _rows(self, name: str, work: tuple[str, str, str]) -> dict[str, pa.Table] | None:
        """Return the rows of an input, unless its content or selection has changed since."""
        if name in self._waiting:
            tables = self._waiting[name]
            return dict(tables) if next(_works(tables[LEDGER])) == (name, work, True) else None
        entry = self.entries.get(name)
        if entry is None or not entry.done or entry.work != work:
            return None
        if self._last_read is None or self._last_read[0] != entry.part:
            self._last_read = entry.part, read_part(self.storage, entry.part, self._schemas)
        tables = self._last_read[1]
        return {key: table.filter(pc.equal(table["id"], name)) for key, table in tables.items()}

    def _note(self, number: int, ledger: pa.Table) -> None:
        for name, work, done in _works(ledger):
            self.entries[name] = Entry(number, work, done)
            if done:
                self._scored[work] = name

    def _start(self, wanted: Mapping[str, Any]) -> None:
        foreign = [name for name in self._schemas if self.storage.exists(name)]
        if foreign:
            raise fail("batch.foreign.file", where=str(self.storage), name=foreign[0])
        more = {"protvox": __version__, "tables": list(self._schemas)}
        manifest = encode_manifest({**wanted, **more})
        self.storage.write([(MANIFEST, lambda file: file.write(manifest))])
        self.storage.prepare(self.names)

    def _manifest(self) -> dict[str, Any] | None:
        """Return the manifest, None if the folder holds no results."""
        manifest = find_manifest(self._read, str(self.storage))
        if manifest is None and self.holds_results:
            raise fail("batch.foreign.manifest", where=f"{self.storage}/{MANIFEST}")
        return manifest

    def _read(self, name: str) -> bytes:
        with self.storage.open(name) as file:
            return file.read()

    def _check(self, wanted: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        differing = [key for key in wanted if manifest.get(key) != wanted[key]]
        if differing:
            key = differing[0]
            raise fail(
                "batch.other_options",
                where=str(self.storage),
                key=key,
                before=_brief(manifest.get(key)),
                now=_brief(wanted[key]),
            )
        self.storage.prepare(self.names)


def _works(ledger: pa.Table) -> Iterator[tuple[str, tuple[str, str, str], bool]]:
    """Yield the id of each row, what was scored, and whether it succeeded."""
    for row in ledger.select(["id", "sha256", "chain", "chopping", "status"]).to_pylist():
        work = (row["sha256"], row["chain"], row["chopping"])
        yield row["id"], work, row["status"] == "done"


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(part)[:12]}" for key, part in value.items())
    return str(value)
