"""Build shards from a directory of structures and a table of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from protvox.errors import InputError, ProtvoxError, UsageError
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.train.shards.shard import Shard, join, pack, write_shard

Task = Literal["environment", "cath"]


@dataclass(frozen=True)
class Failure:
    """A row of the table that gave no structure, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class _Item:
    name: str
    path: Path
    task: Task
    chains: tuple[str, ...]
    selection: str
    label: str


def build_shards(
    table: Path,
    structures: Path,
    out: Path,
    task: Task,
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
        CSV. For ``"environment"``: columns ``file`` and ``chain``, the chains whose residues
        are labelled; all others in the file are context. For ``"cath"``: columns ``file``,
        ``cath`` and, unless the file holds just the domain, ``chain`` and ``chopping``
        (``1-90,120-150``); ``domain`` names it.
    structures
        Folder that the column ``file`` is relative to.
    out
        Folder for ``shard-0000.npz`` and so on; must be empty of shards.
    task
        What the shards are for.
    query
        Rows to use, as `pandas.DataFrame.query` understands it, e.g.
        ``"split == 'train' and radius <= 50"``.
    per_shard
        Structures a file.
    workers
        Processes that parse.
    report
        Called with the number of structures done and in all.

    Returns
    -------
    written : int
        Number of structures written.
    failures : list of Failure
        Rows left out, with reasons.

    Raises
    ------
    UsageError
        If the table, a column or the query cannot be used, or ``out`` already has shards.
    InputError
        If no structure is left.
    """
    if any(out.glob("shard-*.npz")):
        raise UsageError(
            "the folder already holds shards",
            where=str(out),
            remedy="Give an empty folder",
            code="usage.not_empty",
        )
    items = _items(_rows(table, query), structures, task)
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

    for done, result in enumerate(_results(items, workers), start=1):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            kept.append(result)
        if len(kept) == per_shard:
            flush()
        report(done, len(items))
    flush()
    if not written:
        first = f"The first reason: {failures[0].reason.rstrip('.')}" if failures else None
        raise InputError(
            "no structure of the table could be used",
            where=str(table),
            remedy=first,
            code="input.no_structures",
        )
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
        raise UsageError(
            f"the table or the query cannot be used ({error})",
            where=str(table),
            remedy="Check the file, its columns and the query",
            code="usage.table",
        ) from error


def _items(rows: pd.DataFrame, structures: Path, task: Task) -> list[_Item]:
    needed = {"file", "chain"} if task == "environment" else {"file", "cath"}
    missing = sorted(needed - set(rows.columns))
    if missing:
        raise UsageError(
            f"the table has no column {', '.join(missing)}",
            remedy=f"It needs {', '.join(sorted(needed))}",
            code="usage.columns",
        )
    if task == "environment":
        return [
            _Item(str(file), structures / str(file), task, tuple(group["chain"]), "", "")
            for file, group in rows.groupby("file")
        ]
    records: list[dict[Any, Any]] = rows.to_dict("records")
    return [
        _Item(
            row.get("domain") or row["file"],
            structures / row["file"],
            task,
            (),
            ":".join(part for part in (row.get("chain"), row["chopping"]) if part)
            if row.get("chopping")
            else "",
            row["cath"],
        )
        for row in records
    ]


def _results(items: list[_Item], workers: int) -> Iterator[Failure | Shard]:
    if workers <= 1:
        yield from map(_load, items)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_load, items, chunksize=16)


def _load(item: _Item) -> Failure | Shard:
    try:
        structure = read_structure(item.path, name=item.name)
        if item.task == "environment":
            labelled = np.isin(structure.chain, item.chains) & structure.is_protein
            if not labelled.any():
                return Failure(item.name, f"no protein in chain {', '.join(item.chains)}")
            return pack(structure, labelled, "")
        keep = structure.is_protein
        if item.selection:
            keep = parse_selection(item.selection).mask(structure)
        domain = structure.select(keep)
        return pack(domain, np.zeros(domain.n_residues, dtype=bool), item.label)
    except ProtvoxError as error:
        return Failure(item.name, str(error))
