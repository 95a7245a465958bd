"""The tables of a run as one text file each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.csv as pc

from protvox.batch.tables.output_folder import Store
from protvox.batch.tables.schema import TABLES


def export_tables(store: Store, form: str) -> Iterator[str]:
    """Write every table as one file, a part at a time.

    Parameters
    ----------
    store
        The output folder of a run.
    form
        ``"csv"`` or ``"jsonl"``.

    Yields
    ------
    str
        Where each file is, once it is complete; ``NAME.csv`` beside the folder ``NAME`` of the
        parts.
    """
    for name in TABLES:
        target = f"{name}.{form}"
        with store.place.writing(target) as file:
            for index, table in enumerate(store.tables(name)):
                if form == "csv":
                    pc.write_csv(_flat(table), file, pc.WriteOptions(include_header=index == 0))
                else:
                    _write_lines(table, file)
        yield f"{store.place}/{target}"


def _flat(table: pa.Table) -> pa.Table:
    """Return a table whose lists of numbers have become text, numbers apart by spaces."""
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            words = [
                None if row is None else " ".join(f"{number:.7g}" for number in row)
                for row in table.column(place).to_pylist()
            ]
            table = table.set_column(place, field.name, pa.array(words, pa.string()))
    return table


def _write_lines(table: pa.Table, file: IO[bytes]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        # Else an integer is a fraction, 76.0, wherever another row of the batch has none.
        frame = batch.to_pandas(integer_object_nulls=True)
        text = frame.to_json(orient="records", lines=True, force_ascii=False)
        file.write(text.encode())
