"""The output folder of a run: one writer, a manifest, parts, and what is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from protvox import __version__
from protvox.batch.options import BatchOptions
from protvox.batch.plan import Item
from protvox.batch.storage.local import LocalStorage, Storage
from protvox.batch.storage.urls import is_url, open_url
from protvox.batch.tables.parquet_parts import (
    LEDGER,
    part_name,
    read_part,
    read_table,
    settle_parts,
    write_part,
)
from protvox.batch.tables.schema import TABLES, key_values, table_schemas
from protvox.errors import UsageError

SCHEMA: Final = "protvox.score/1"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of an input from parts already written.

    Attributes
    ----------
    part
        Where its rows are.
    work
        Identity of the work: SHA-256 of the content, chain and chopping.
    done
        False for a failure.
    """

    part: int
    work: tuple[str, str, str]
    done: bool


class Store:
    """The output of a run, held by one run at a time.

    Parameters
    ----------
    output
        A folder, made when it is not there, or a URL.

    Raises
    ------
    UsageError
        If it cannot be written (``output.write``) or another run writes there
        (``batch.locked``).
    """

    def __init__(self, output: str | Path) -> None:
        self.place = _place(str(output))
        self.entries: dict[str, Entry] = {}
        self._schemas: dict[str, pa.Schema] = {}
        self._waiting: dict[str, dict[str, pa.Table]] = {}
        self._answered: dict[tuple[str, str, str], str] = {}
        self._last_read: tuple[int, dict[str, pa.Table]] | None = None
        self._next = 0
        self._to_clear = False
        self.waiting_rows = 0
        """Rows that are ready and not yet written."""
        self.place.acquire()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.place.release()

    @property
    def holds_results(self) -> bool:
        """Whether a run has been here before."""
        return self.place.exists(MANIFEST)

    def clear(self) -> None:
        """Remove every result, once `open` is called and so once the models are there.

        Raises
        ------
        UsageError
            If what is here is not protvox's (``batch.foreign``).
        """
        if self.holds_results:
            self._manifest()
            self._to_clear = True

    def open(self, options: BatchOptions, models: Mapping[str, str]) -> None:
        """Begin to write results, or go on.

        Parameters
        ----------
        options
            What is asked.
        models
            ``name@version`` of the models that answer to the SHA-256 of their weights.

        Raises
        ------
        UsageError
            If the results here are of other options or models (``batch.other_options``), or
            are not protvox's (``batch.foreign``).
        """
        wanted = {"schema": SCHEMA, "options": options.identity(), "models": dict(models)}
        self._schemas = table_schemas(options)
        if self._to_clear:
            for name in TABLES:
                self.place.remove_parts(name)
            # Last, so that a crash leaves a folder that is still known as protvox's.
            self.place.remove(MANIFEST)
            self._to_clear = False
        if self.holds_results:
            self._check(wanted)
        else:
            self._start(wanted)
        for number in settle_parts(self.place):
            self._next = number + 1
            self._note(number, read_table(self.place, LEDGER, number, self._schemas[LEDGER]))
        if not self._next:
            empty = {name: schema.empty_table() for name, schema in self._schemas.items()}
            write_part(self.place, 0, empty)
            self._next = 1

    def add(self, item: Item, sha256: str, tables: Mapping[str, pa.Table], **about: Any) -> None:
        """Take the rows of an input; they are written by the next `flush`.

        Parameters
        ----------
        item
            The input; what is known of it from before is replaced.
        sha256
            Of its content, ``""`` if it could not be had.
        tables
            Its rows, those of the ledger excepted.
        about
            Further columns of the ledger.
        """
        schema = self._schemas[LEDGER]
        row = {"sha256": sha256, "chain": item.chain, "chopping": item.chopping, **about}
        ledger = pa.Table.from_pylist([key_values(item, schema) | row], schema=schema)
        self._put(item.id, {**tables, LEDGER: ledger})

    def adopt(self, item: Item, sha256: str) -> bool:
        """Take the rows of another input that asked for the same work, if there is one.

        Parameters
        ----------
        item
            The input.
        sha256
            Of its content.
        """
        work = (sha256, item.chain, item.chopping)
        twin = self._answered.get(work)
        tables = None if twin is None or twin == item.id else self._rows(twin, work)
        if tables is None:
            return False
        for name, table in tables.items():
            for key, value in key_values(item, table.schema).items():
                place, field = table.schema.get_field_index(key), table.schema.field(key)
                column = pa.array([value] * len(table), field.type)
                tables[name] = table = table.set_column(place, field, column)
        self._put(item.id, tables)
        return True

    def flush(self) -> None:
        """Write what is ready: new inputs as one part, replaced ones in place of their old part."""
        if not self._waiting:
            return
        # Taken at once: interrupted in here, it is computed again and never written twice.
        waiting, self._waiting, self.waiting_rows = self._waiting, {}, 0
        self._last_read = None
        # A part is replaced by one of its own, so that no more than one is in memory at a time.
        groups: dict[int, dict[str, dict[str, pa.Table]]] = {}
        for name in sorted(waiting, key=self._part, reverse=True):
            part = self._part(name) or min(groups, default=0)
            groups.setdefault(part, {})[name] = waiting[name]
        for part, group in sorted(groups.items()):
            self._write(part, {name: group[name] for name in waiting if name in group})

    def _part(self, name: str) -> int:
        """Return the number of the part that holds an input, 0 for none."""
        return self.entries[name].part if name in self.entries else 0

    def _write(self, old: int, group: Mapping[str, Mapping[str, pa.Table]]) -> None:
        """Write inputs as one part, with the other inputs of the part it replaces, 0 for none."""
        pieces = {name: [schema.empty_table()] for name, schema in self._schemas.items()}
        if old:
            for name, table in read_part(self.place, old, self._schemas).items():
                gone = pc.is_in(table["id"], pa.array(list(group), pa.string()))
                pieces[name].append(table.filter(pc.invert(gone)))
        for tables in group.values():
            for name, table in tables.items():
                pieces[name].append(table)
        joined = {name: pa.concat_tables(found) for name, found in pieces.items()}
        number, self._next = self._next, self._next + 1
        write_part(self.place, number, joined, [old] if old else [])
        self._note(number, joined[LEDGER])

    def failure_counts(self) -> list[tuple[str, int, str]]:
        """Return each code of the failures, how many there are, and one of them in words."""
        found: dict[str, list[str]] = {}
        for table in self.tables("failures", ["id", "code", "what"]):
            for row in table.to_pylist():
                found.setdefault(row["code"], []).append(f"{row['id']}: {row['what']}")
        return sorted((code, len(rows), rows[0]) for code, rows in found.items())

    def tables(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read a table part by part, in order.

        Parameters
        ----------
        name
            One of `protvox.batch.tables.schema.TABLES`.
        columns
            Those wanted; all by default.
        """
        for number in range(self._next):
            try:
                file = self.place.open(part_name(name, number))
            except FileNotFoundError:
                continue
            with file:
                yield pq.ParquetFile(file).read(columns)

    def _put(self, name: str, tables: dict[str, pa.Table]) -> None:
        self._waiting[name] = tables
        self.waiting_rows += sum(table.num_rows for table in tables.values())
        _, work, done = next(_works(tables[LEDGER]))
        if done:
            self._answered[work] = name

    def _rows(self, name: str, work: tuple[str, str, str]) -> dict[str, pa.Table] | None:
        """Return the rows of an input, unless they are the answer to other work by now."""
        if name in self._waiting:
            held = self._waiting[name]
            return dict(held) if next(_works(held[LEDGER])) == (name, work, True) else None
        entry = self.entries.get(name)
        if entry is None or not entry.done or entry.work != work:
            return None
        if self._last_read is None or self._last_read[0] != entry.part:
            self._last_read = entry.part, read_part(self.place, entry.part, self._schemas)
        tables = self._last_read[1]
        return {key: table.filter(pc.equal(table["id"], name)) for key, table in tables.items()}

    def _note(self, number: int, ledger: pa.Table) -> None:
        for name, work, done in _works(ledger):
            self.entries[name] = Entry(number, work, done)
            if done:
                self._answered[work] = name

    def _start(self, wanted: Mapping[str, Any]) -> None:
        strange = [name for name in TABLES if self.place.exists(name)]
        if strange:
            raise UsageError(
                f"there is something called {strange[0]} here that no run has left",
                where=str(self.place),
                remedy="Choose another folder with -o",
                code="batch.foreign",
            )
        about = json.dumps({**wanted, "protvox": __version__}, indent=1) + "\n"

        def write(file: IO[bytes]) -> None:
            file.write(about.encode())

        self.place.write([(MANIFEST, write)])
        self.place.prepare(TABLES)

    def _manifest(self) -> dict[str, Any]:
        try:
            with self.place.open(MANIFEST) as file:
                there = json.loads(file.read())
            if not str(there["schema"]).startswith("protvox.score/"):
                raise ValueError("another program's")
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise UsageError(
                "the manifest here is not one that a run has left",
                where=f"{self.place}/{MANIFEST}",
                code="batch.foreign",
                remedy="Choose another folder with -o",
            ) from error
        return dict(there)

    def _check(self, wanted: Mapping[str, Any]) -> None:
        there = self._manifest()
        differing = [key for key in wanted if there.get(key) != wanted[key]]
        if differing:
            key = differing[0]
            raise UsageError(
                f"the results here are of other {key} ({_brief(there.get(key))}, now "
                f"{_brief(wanted[key])})",
                where=str(self.place),
                remedy="Choose another folder with -o, or start over with --force",
                code="batch.other_options",
            )
        self.place.prepare(TABLES)


def _place(output: str) -> Storage:
    if not is_url(output):
        return LocalStorage(Path(output))
    if output.lower().startswith("file:"):
        # Renames and locks hold there.
        return LocalStorage(Path(open_url(output)[1]))
    from protvox.batch.storage.object_store import ObjectStorage

    return ObjectStorage(output)


def _works(ledger: pa.Table) -> Iterator[tuple[str, tuple[str, str, str], bool]]:
    """Give id, identity of the work, and whether it is done, of each row."""
    for row in ledger.select(["id", "sha256", "chain", "chopping", "status"]).to_pylist():
        work = (row["sha256"], row["chain"], row["chopping"])
        yield row["id"], work, row["status"] == "done"


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(part)[:12]}" for key, part in value.items())
    return str(value)
