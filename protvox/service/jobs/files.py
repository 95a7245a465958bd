"""The files of jobs: for each piece of work its structure, and its results once there are some."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path


class JobFiles:
    """One folder with a file for each structure and each result. Methods block.

    Parameters
    ----------
    folder
        Where they lie; made if needed, for nobody else to read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, key: str, form: str) -> Path:
        """Return where a file of some work lies, whether it is there or not.

        Parameters
        ----------
        key
            The work.
        form
            ``"structure"``, or the format of a result.
        """
        return self._folder / f"{key}.{form}"

    def write(self, key: str, form: str, data: bytes) -> None:
        """Write a file of some work, whole or not at all.

        Parameters
        ----------
        key, form
            As for `path`.
        data
            Its content.
        """
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, self.path(key, form))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def delete(self, key: str) -> None:
        """Delete all files of some work.

        Parameters
        ----------
        key
            The work.
        """
        for path in self._folder.glob(f"{key}.*"):
            path.unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete files of no work: what was half written when the service was killed.

        Parameters
        ----------
        known
            Keys of all work.
        """
        for entry in os.scandir(self._folder):
            if entry.name.partition(".")[0] not in known:
                Path(entry).unlink(missing_ok=True)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the files of each piece of work."""
        found: dict[str, int] = {}
        for entry in os.scandir(self._folder):
            key = entry.name.partition(".")[0]
            with contextlib.suppress(FileNotFoundError):
                found[key] = found.get(key, 0) + entry.stat().st_size
        return found
