"""What the task of a run wants to be shown, collected part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from protvox.errors import ModelError
from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.task import Distribution, Ranking

Parts = Callable[[str, Sequence[str]], Iterator[pa.Table]]
"""Returns some columns of a table, part by part."""

_ROWS: Final = 25
_ROWS_PER_STRUCTURE: Final = 3
_BINS: Final = 20


class RankedRows(NamedTuple):
    """Rows of a table, in order, as text; `numbers` tells which columns are numbers."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[bool, ...]


class Counts(NamedTuple):
    """Histogram: ``bin`` counts, and the labels of its axis."""

    title: str
    note: str
    counts: NDArray[np.int64]
    labels: tuple[str, ...]


def gather_views(task: str, parts: Parts, within: str) -> list[RankedRows | Counts]:
    """Return what a task shows of a run.

    Parameters
    ----------
    task
        Name of the task. One of a package that is not installed shows nothing.
    parts
        Returns some columns of a table, part by part.
    within
        Folder common to the names of all inputs, which is removed from them.
    """
    try:
        views = scoring_task(task).views()
    except ModelError:
        return []
    found: list[RankedRows | Counts] = []
    for view in views:
        match view:
            case Ranking():
                found.append(_ranked(view, parts, within))
            case Distribution():
                found.append(_counted(view, parts))
    return found


def _counted(view: Distribution, parts: Parts) -> Counts:
    counts = np.zeros(_BINS, dtype=np.int64)
    for table in parts(view.table, [view.column]):
        values = table[view.column].to_numpy()
        values = np.clip(values[np.isfinite(values)], view.low, view.high)
        counts += np.histogram(values, bins=_BINS, range=(view.low, view.high))[0]
    labels = (view.low, (view.low + view.high) / 2, view.high)
    return Counts(view.title, view.note, counts, tuple(f"{value:g}" for value in labels))


def _ranked(view: Ranking, parts: Parts, within: str) -> RankedRows:
    columns = ["id", *dict.fromkeys((view.column, *view.shown))]
    kept: list[dict[str, Any]] = []
    schema = pa.schema([])
    for table in parts(view.table, columns):
        schema = table.schema
        values = table[view.column].to_numpy()
        order = np.argsort(-values if view.highest else values, kind="stable")
        # Enough to leave some of each structure even if one has very many.
        order = order[np.isfinite(values[order])][: 40 * _ROWS]
        rows = table.take(pa.array(order)).to_pylist()
        kept = _best([*kept, *rows], view)
    names = ["id", *view.shown]
    return RankedRows(
        view.title,
        view.note,
        ("structure", *view.shown.values()),
        [tuple(_text(row[name]) for name in names) for row in _relative(kept, within)],
        tuple(_is_number(schema, name) for name in names),
    )


def _best(rows: list[dict[str, Any]], view: Ranking) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    best: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row[view.column], reverse=view.highest):
        if counts[row["id"]] < _ROWS_PER_STRUCTURE and len(best) < _ROWS:
            counts[row["id"]] += 1
            best.append(row)
    return best


def _relative(rows: list[dict[str, Any]], within: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {**row, "id": row["id"].removeprefix(within)}


def _is_number(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type if name in schema.names else pa.string()
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
