"""The storage of an output folder, by its path or URL."""

from __future__ import annotations

from protvox.batch.storage.local import LocalStorage, Storage
from protvox.batch.storage.urls import local_path


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
    path = local_path(output)
    if path is not None:
        # A local folder supports renames and locks.
        return LocalStorage(path)
    from protvox.batch.storage.object_store import ObjectStorage

    return ObjectStorage(output)
