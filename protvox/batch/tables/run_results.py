"""The results of a run: counted, collected for the next part, and written in time."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa

from protvox.batch.messages import Failure, ResultTables
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.resources import Resources
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.resume import finished_content
from protvox.batch.tables.schema import FAILURES, key_values, table_schemas
from protvox.predict.scoring.options import ScoreOptions


class RunResults:
    """The results of a run on their way to the output folder.

    Parameters
    ----------
    output
        Where they go.
    options
        Options of the run.
    resources
        How often results are written.
    total
        Number of inputs.
    retry
        Whether to retry inputs that failed before and have not changed.
    """

    def __init__(
        self,
        output: OutputFolder,
        options: ScoreOptions,
        resources: Resources,
        total: int,
        *,
        retry: bool,
    ) -> None:
        self._output = output
        self._options = options
        self._resources = resources
        self._retry = retry
        self._oldest: float | None = None
        self.progress = Progress(total)

    def settled(self, item: Item) -> str | None:
        """Return the SHA-256 of the content for which an input needs no work.

        Parameters
        ----------
        item
            The input.

        Returns
        -------
        str or None
            None if the input has no results yet, or those of another chain or domain.
        """
        return finished_content(self._output, item, retry=self._retry)

    def is_wanted(self, item: Item, sha256: str) -> bool:
        """Return whether an input must be scored; count it if not.

        An input is not scored if it has been before, or if another input of the same content has
        been.

        Parameters
        ----------
        item
            The input.
        sha256
            SHA-256 of its content.
        """
        if self.settled(item) != sha256:
            if not self._output.copy_rows(item, sha256):
                return True
            self._note_time()
            self.progress.copied += 1
            return False
        if self._output.entries[item.id].done:
            self.progress.kept += 1
        else:
            self.progress.kept_failed += 1
        return False

    def take(self, item: Item, sha256: str, results: ResultTables) -> None:
        """Take the results of an input.

        Parameters
        ----------
        item
            The input.
        sha256
            SHA-256 of its content.
        results
            Its rows.
        """
        self._add(item, sha256, results.tables, status="done", **results.columns)
        self.progress.done += 1
        self.progress.residues += int(results.columns["n_residues"])

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        """Take the failure of an input.

        Parameters
        ----------
        item
            The input.
        sha256
            SHA-256 of its content, ``""`` if it was not read.
        failure
            Why it failed.
        """
        known = self._output.entries.get(item.id)
        if not sha256 and known is not None and known.done:
            # A disk that is not mounted must not cost the results that exist.
            self.progress.kept += 1
            self.progress.unread += 1
            return
        schema = table_schemas(self._options)[FAILURES]
        row = key_values(item, schema) | failure._asdict()
        tables = {FAILURES: pa.Table.from_pylist([row], schema)}
        self._add(item, sha256, tables, status="failed")
        self.progress.failed += 1

    def flush_if_due(self) -> None:
        """Write a part if the results are old enough or large enough."""
        now = time.monotonic()
        old = self._oldest is not None and now - self._oldest > self._resources.flush_seconds
        if old or self._output.waiting_rows > self._resources.flush_rows:
            self._output.flush()
            self._oldest = None

    def _add(self, item: Item, sha256: str, tables: dict[str, pa.Table], **columns: Any) -> None:
        self._output.add(item, sha256, tables, **columns)
        self._note_time()

    def _note_time(self) -> None:
        if self._oldest is None:
            self._oldest = time.monotonic()
