"""Rows in the schema of their table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = pa.string()


def frame_rows(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return a data frame in the schema of its table.

    Parameters
    ----------
    frame
        Columns that the schema does not have are ignored.
    schema
        Columns that the frame does not have are null.
    """
    n = len(frame)
    return pa.Table.from_arrays(
        [
            pa.array(frame[field.name].to_numpy(), field.type, from_pandas=True)
            if field.name in frame
            else pa.nulls(n, field.type)
            for field in schema
        ],
        schema=schema,
    )


def value_schema(types: Mapping[str, type]) -> pa.Schema:
    """Return the schema of rows of plain values.

    Parameters
    ----------
    types
        Column to its type: `str`, `int`, `float` or `bool`.
    """
    arrow = {str: NAME, int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return pa.schema([(name, arrow[kind]) for name, kind in types.items()])
