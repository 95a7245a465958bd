"""Export of each table of a run as one text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from protvox.batch.tables.output_folder import OutputFolder
from protvox.messages import FORMULA


def export_tables(output: OutputFolder, form: str) -> Iterator[str]:
    """Write every table as one file, part by part.

    Parameters
    ----------
    output
        The output folder of a run.
    form
        ``"csv"`` or ``"jsonl"``.

    Yields
    ------
    str
        Path of each file once it is complete: ``NAME.csv`` beside the folder ``NAME`` of the
        parts.
    """
    for name in output.names:
        target = f"{name}.{form}"
        with output.storage.writing(target) as file:
            for index, table in enumerate(output.tables(name)):
                if form == "csv":
                    _write_csv(_flat(table), file, header=index == 0)
                else:
                    _write_lines(table, file)
        yield f"{output.storage}/{target}"


def _flat(table: pa.Table) -> pa.Table:
    """Return a table with each list of numbers written as text, separated by spaces."""
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [
                None if row is None else " ".join(f"{number:.7g}" for number in row)
                for row in table.column(index).to_pylist()
            ]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def _write_csv(table: pa.Table, file: IO[bytes], *, header: bool) -> None:
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            # A spreadsheet would compute a name that begins like a formula.
            safe = pc.replace_substring_regex(table.column(index), FORMULA, r"'\1")
            table = table.set_column(index, field.name, safe)
    pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=header))


def _write_lines(table: pa.Table, file: IO[bytes]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        # Without this, integers become 76.0 if the column is null in another row of the batch.
        frame = batch.to_pandas(integer_object_nulls=True)
        text = frame.to_json(orient="records", lines=True, force_ascii=False)
        file.write(text.encode())
