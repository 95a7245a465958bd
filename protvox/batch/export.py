"""The tables of a run as one text file each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from protvox.batch.schema import TABLES
from protvox.batch.store import Store


def export_tables(store: Store, form: str) -> Iterator[Path]:
    """Write every table as one file, a part at a time.

    Parameters
    ----------
    store
        The output folder of a run.
    form
        ``"csv"`` or ``"jsonl"``.

    Yields
    ------
    Path
        Each file, once it is complete; ``NAME.csv`` beside the folder ``NAME`` of the parts.
    """
    for name in TABLES:
        target = store.folder / f"{name}.{form}"
        handle, temporary = tempfile.mkstemp(dir=store.folder, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                for index, path in enumerate(store.tables(name)):
                    table = pq.ParquetFile(path).read()
                    if form == "csv":
                        options = pc.WriteOptions(include_header=index == 0)
                        pc.write_csv(table, file, options)
                    else:
                        _write_lines(table, file)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        yield target


def _write_lines(table: pa.Table, file: IO[bytes]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        text = batch.to_pandas().to_json(orient="records", lines=True, force_ascii=False)
        file.write(text.encode())
