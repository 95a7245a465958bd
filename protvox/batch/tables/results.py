"""What becomes of the answers of a run: counted, kept for the next part, written in time."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa

from protvox.batch.options import BatchOptions, Resources
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.tables.output_folder import Store
from protvox.batch.tables.schema import key_values, table_schemas
from protvox.batch.workers.predict import Answer
from protvox.batch.workers.read import Failure


class Results:
    """The answers of a run on their way to the parts.

    Parameters
    ----------
    store
        Where they go.
    options
        What is asked.
    resources
        How often parts are written.
    total
        Inputs in all.
    retry
        Whether to try again what failed before, although its content is the same.
    """

    def __init__(
        self, store: Store, options: BatchOptions, resources: Resources, total: int, *, retry: bool
    ) -> None:
        self._store = store
        self._options = options
        self._resources = resources
        self._retry = retry
        self._oldest: float | None = None
        self.progress = Progress(total)

    def settled(self, item: Item) -> str | None:
        """Return the SHA-256 of the content with which an input needs no work.

        Parameters
        ----------
        item
            The input; None is returned for one that has no answer, or another choice.
        """
        known = self._store.entries.get(item.id)
        if known is None or known.work[1:] != (item.chain, item.chopping):
            return None
        return known.work[0] if known.done or not self._retry else None

    def is_wanted(self, item: Item, sha256: str) -> bool:
        """Tell whether an input is to be computed, and count it if it is not.

        It is not if it was before, nor if another input of the same content was.

        Parameters
        ----------
        item
            The input.
        sha256
            Of its content.
        """
        if self.settled(item) != sha256:
            if not self._store.adopt(item, sha256):
                return True
            self._ready()
            self.progress.copied += 1
            return False
        if self._store.entries[item.id].done:
            self.progress.kept += 1
        else:
            self.progress.kept_failed += 1
        return False

    def take(self, item: Item, sha256: str, answer: Answer) -> None:
        """Take the answer about an input.

        Parameters
        ----------
        item
            The input.
        sha256
            Of its content.
        answer
            Its rows.
        """
        tables = {"domains": answer.domains, "residues": answer.residues}
        self._keep(item, sha256, tables, status="done", **answer.about)
        self.progress.done += 1
        self.progress.residues += int(answer.about["n_residues"])

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        """Take note of why an input has no answer.

        Parameters
        ----------
        item
            The input.
        sha256
            Of its content, ``""`` if it was not read.
        failure
            Why.
        """
        known = self._store.entries.get(item.id)
        if not sha256 and known is not None and known.done:
            # A disk that is away must not cost the answers that are there.
            self.progress.kept += 1
            self.progress.unread += 1
            return
        schema = table_schemas(self._options)["failures"]
        row = key_values(item, schema) | failure._asdict()
        tables = {"failures": pa.Table.from_pylist([row], schema)}
        self._keep(item, sha256, tables, status="failed")
        self.progress.failed += 1

    def flush_if_due(self) -> None:
        """Write a part if what is ready is old or large enough."""
        now = time.monotonic()
        aged = self._oldest is not None and now - self._oldest > self._resources.flush_seconds
        if aged or self._store.waiting_rows > self._resources.flush_rows:
            self._store.flush()
            self._oldest = None

    def _keep(self, item: Item, sha256: str, tables: dict[str, pa.Table], **about: Any) -> None:
        self._store.add(item, sha256, tables, **about)
        self._ready()

    def _ready(self) -> None:
        if self._oldest is None:
            self._oldest = time.monotonic()
