"""Build shards from a directory of structures and a table of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from protvox.errors import ProtvoxError, fail
from protvox.structure.io.read import read_structure
from protvox.train.shard import Shard, join, write_shard
from protvox.train.task import Entry, TrainingTask, training_task


@dataclass(frozen=True)
class Failure:
    """A row of the table that could not be used, and why."""

    name: str
    reason: str


def build_shards(
    table: Path,
    structures: Path,
    out: Path,
    task: str,
    *,
    query: str | None = None,
    per_shard: int = 500,
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[int, list[Failure]]:
    """Read every structure of a table once and write them as shards.

    Parameters
    ----------
    table
        CSV with the column ``file`` and those of the task, see
        `protvox.train.task.TrainingTask.columns`. For ``"environment"``: ``chain``, whose residues
        are labelled; the rest of the file is context. For ``"cath"``: ``cath`` and, unless the
        file holds just the domain, ``chain`` and ``chopping`` (``1-90,120-150``); ``domain``
        names it.
    structures
        Folder that the column ``file`` is relative to.
    out
        Folder for ``shard-0000.npz`` and so on; must be empty of shards.
    task
        Name of the task the shards are for.
    query
        Rows to use, in the language of `pandas.DataFrame.query`, e.g.
        ``"split == 'train' and radius <= 50"``.
    per_shard
        Structures per shard.
    workers
        Number of reading processes.
    report
        Called with the number of structures done and in all.

    Returns
    -------
    written : int
        Number of structures written.
    failures : list of Failure
        Rows that could not be used, with reasons.

    Raises
    ------
    UsageError
        If the table, a column or the query cannot be used, or ``out`` already has shards.
    InputError
        If no structure could be used.
    ModelError
        If there is no such task.
    """
    kind = training_task(task)
    if any(out.glob("shard-*.npz")):
        raise fail("usage.not_empty", where=str(out))
    entries = _entries(_rows(table, query), kind)
    out.mkdir(parents=True, exist_ok=True)
    failures: list[Failure] = []
    kept: list[Shard] = []
    written = 0

    def flush() -> None:
        nonlocal written
        if kept:
            write_shard(join(kept), out / f"shard-{written // per_shard:04d}.npz")
            written += len(kept)
            kept.clear()

    for done, result in enumerate(_results(entries, structures, task, workers), start=1):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            kept.append(result)
        if len(kept) == per_shard:
            flush()
        report(done, len(entries))
    flush()
    if not written:
        if not failures:
            raise fail("input.no_structures.rows", where=str(table))
        raise fail("input.no_structures", where=str(table), reason=failures[0].reason.rstrip("."))
    return written, failures


def _rows(table: Path, query: str | None) -> pd.DataFrame:
    text = {"chain": str, "chopping": str, "cath": str, "domain": str, "file": str}
    try:
        rows = pd.read_csv(table, dtype=text, keep_default_na=False, na_values={"resolution": [""]})
        return rows.query(query) if query else rows
    except (
        OSError,
        ValueError,
        SyntaxError,
        LookupError,
        NameError,
        TypeError,
        AttributeError,
    ) as error:
        raise fail("usage.table", where=str(table), error=error) from error


def _entries(rows: pd.DataFrame, task: TrainingTask[Any, Any, Any]) -> list[Entry]:
    missing = sorted(task.columns - set(rows.columns))
    if missing:
        names = ", ".join(sorted(task.columns))
        raise fail("usage.columns", missing=", ".join(missing), names=names)
    return task.entries(rows)


def _results(
    entries: list[Entry], structures: Path, task: str, workers: int
) -> Iterator[Failure | Shard]:
    load = partial(_load, task, structures)
    if workers <= 1:
        yield from map(load, entries)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(load, entries, chunksize=16)


def _load(task: str, structures: Path, entry: Entry) -> Failure | Shard:
    try:
        structure = read_structure(structures / entry.file, name=entry.name)
        return training_task(task).pack(structure, entry)
    except ProtvoxError as error:
        return Failure(entry.name, str(error))
