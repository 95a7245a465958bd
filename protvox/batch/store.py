"""The output folder of a run: one writer, a manifest, parts, and what is in them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from protvox import __version__
from protvox.batch.options import BatchOptions
from protvox.batch.parts import LEDGER, part_path, read_part, settle_parts, sync_folder, write_part
from protvox.batch.plan import Item
from protvox.batch.schema import TABLES, key_values, table_schemas
from protvox.errors import UsageError

SCHEMA: Final = "protvox.score/1"
MANIFEST: Final = "manifest.json"
_LOCK: Final = ".lock"


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
    """An output folder, held by one run at a time.

    Parameters
    ----------
    folder
        The folder; made when it is not there.

    Raises
    ------
    UsageError
        If it cannot be written (``output.write``) or another run writes there
        (``batch.locked``).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self._schemas: dict[str, pa.Schema] = {}
        self._waiting: dict[str, dict[str, pa.Table]] = {}
        self._next = 0
        self.waiting_rows = 0
        """Rows that are ready and not yet written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / _LOCK)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                "another run is writing to this folder", where=str(folder),
                remedy="Wait until it has ended, or choose another folder with -o",
                code="batch.locked",
            ) from error  # fmt: skip
        except OSError as error:
            raise UsageError(
                f"the folder cannot be written ({error.strerror or error})", where=str(folder),
                remedy="Choose another one with -o", code="output.write",
            ) from error  # fmt: skip

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    @property
    def holds_results(self) -> bool:
        """Whether a run has been here before."""
        return (self.folder / MANIFEST).exists()

    def clear(self) -> None:
        """Remove every result."""
        (self.folder / MANIFEST).unlink(missing_ok=True)
        for name in TABLES:
            shutil.rmtree(self.folder / name, ignore_errors=True)

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
        if self.holds_results:
            self._check(wanted)
        else:
            self._start(wanted)
        for number in settle_parts(self.folder):
            self._next = number + 1
            self._note(number, read_part(self.folder, number, self._schemas)[LEDGER])
        if not self._next:
            empty = {name: schema.empty_table() for name, schema in self._schemas.items()}
            write_part(self.folder, 0, empty)
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
        self._waiting[item.id] = {**tables, LEDGER: ledger}
        self.waiting_rows += sum(table.num_rows for table in tables.values()) + 1

    def flush(self) -> None:
        """Write what is ready as one part."""
        if not self._waiting:
            return
        # Taken at once: interrupted in here, it is computed again and never written twice.
        waiting, self._waiting, self.waiting_rows = self._waiting, {}, 0
        old = sorted({self.entries[i].part for i in waiting if i in self.entries})
        pieces: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        for number in old:
            for name, table in read_part(self.folder, number, self._schemas).items():
                gone = pc.is_in(table["id"], pa.array(list(waiting), pa.string()))
                pieces[name].append(table.filter(pc.invert(gone)))
        for tables in waiting.values():
            for name in pieces:
                pieces[name] += [tables[name]] if name in tables else []
        joined = {
            name: pa.concat_tables([self._schemas[name].empty_table(), *found])
            for name, found in pieces.items()
        }
        number, self._next = self._next, self._next + 1
        write_part(self.folder, number, joined, [n for n in old if n])
        self._note(number, joined[LEDGER])

    def failure_counts(self) -> list[tuple[str, int, str]]:
        """Return each code of the failures, how many there are, and one of them in words."""
        found: dict[str, list[str]] = {}
        for path in self.tables("failures"):
            for row in pq.ParquetFile(path).read(["id", "code", "what"]).to_pylist():
                found.setdefault(row["code"], []).append(f"{row['id']}: {row['what']}")
        return sorted((code, len(rows), rows[0]) for code, rows in found.items())

    def tables(self, name: str) -> list[Path]:
        """Return the files of a table, in order.

        Parameters
        ----------
        name
            One of `protvox.batch.schema.TABLES`.
        """
        paths = (part_path(self.folder, name, number) for number in range(self._next))
        return [path for path in paths if path.exists()]

    def _note(self, number: int, ledger: pa.Table) -> None:
        for row in ledger.select(["id", "sha256", "chain", "chopping", "status"]).to_pylist():
            work = (row["sha256"], row["chain"], row["chopping"])
            self.entries[row["id"]] = Entry(number, work, row["status"] == "done")

    def _start(self, wanted: Mapping[str, Any]) -> None:
        strange = [name for name in TABLES if (self.folder / name).exists()]
        if strange:
            raise UsageError(
                f"there is something called {strange[0]} here that no run has left",
                where=str(self.folder), remedy="Choose another folder with -o",
                code="batch.foreign",
            )  # fmt: skip
        about = json.dumps({**wanted, "protvox": __version__}, indent=1) + "\n"
        temporary = self.folder / f".{MANIFEST}"
        with temporary.open("w", encoding="utf-8") as file:
            file.write(about)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.folder / MANIFEST)
        for name in TABLES:
            (self.folder / name).mkdir(exist_ok=True)
        sync_folder(self.folder)

    def _check(self, wanted: Mapping[str, Any]) -> None:
        where = self.folder / MANIFEST
        try:
            there = json.loads(where.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError("the manifest cannot be read", where=str(where),
                             remedy="Choose another folder with -o, or start over with --force",
                             code="batch.foreign") from error  # fmt: skip
        differing = [key for key in wanted if there.get(key) != wanted[key]]
        if differing:
            key = differing[0]
            raise UsageError(
                f"the results here are of other {key} ({_brief(there.get(key))}, now "
                f"{_brief(wanted[key])})", where=str(self.folder),
                remedy="Choose another folder with -o, or start over with --force",
                code="batch.other_options",
            )  # fmt: skip
        for name in TABLES:
            (self.folder / name).mkdir(exist_ok=True)


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(part)[:12]}" for key, part in value.items())
    return str(value)
