"""The storage of an output folder, by its path or URL."""

from __future__ import annotations

from pathlib import Path

from protvox.batch.storage.local import LocalStorage, Storage
from protvox.batch.storage.urls import is_url, open_url


def open_storage(output: str) -> Storage:
    """Return the storage of an output folder.

    Parameters
    ----------
    output
        Path or URL.

    Raises
    ------
    UsageError
        If the URL cannot be used.
    """
    if not is_url(output):
        return LocalStorage(Path(output))
    if output.lower().startswith("file:"):
        # A local folder supports renames and locks.
        return LocalStorage(Path(open_url(output)[1]))
    from protvox.batch.storage.object_store import ObjectStorage

    return ObjectStorage(output)
