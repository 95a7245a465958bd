"""Rows of tables for chains that were not scored because they are identical to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.results.records import InputInfo

COLUMN: Final = "same_as"
"""Last column of tables: the chain that was scored instead; empty for rows with results."""

_NULLABLE: Final = {"i": "Int64", "b": "boolean"}


def add_identical_rows(frame: pd.DataFrame, inputs: Sequence[InputInfo]) -> pd.DataFrame:
    """Add one row for each chain that is identical to one that was scored.

    Parameters
    ----------
    frame
        A table with a column ``chain``.
    inputs
        Inputs of its rows.

    Returns
    -------
    pandas.DataFrame
        The same if identical chains were not asked for. Otherwise with a last column ``same_as``
        and, behind all others, rows in which only ``id``, ``chain`` and ``same_as`` have values.
    """
    if all(info.same_as is None for info in inputs):
        return frame
    pairs = [
        (info.name, chain, other)
        for info in inputs
        for chain, other in (info.same_as or {}).items()
    ]
    n = len(frame)
    kinds = {str(name): dtype.kind for name, dtype in frame.dtypes.items()} | {COLUMN: "O"}
    frame = frame.reset_index(drop=True).assign(**{COLUMN: ""})
    frame = frame.astype({name: _NULLABLE[k] for name, k in kinds.items() if k in _NULLABLE})
    frame = frame.reindex(range(n + len(pairs)))
    values = {"id": 0, "chain": 1, COLUMN: 2}
    for name in (name for name, kind in kinds.items() if kind == "O"):
        texts = [pair[values[name]] if name in values else "" for pair in pairs]
        frame.loc[frame.index >= n, name] = texts
    return frame
