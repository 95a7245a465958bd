"""Files of jobs: the structure of each computation, and its results."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path


class JobFiles:
    """A folder with one file for each structure and each result. Methods block.

    Parameters
    ----------
    folder
        The folder. It is created if needed, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, key: str, form: str) -> Path:
        """Return the path of a file, whether it exists or not.

        Parameters
        ----------
        key
            Key of the work.
        form
            ``"structure"``, or the format of a result.
        """
        return self._folder / f"{key}.{form}"

    def write(self, key: str, form: str, data: bytes, *, described: bytes = b"") -> None:
        """Write a file atomically, and its checksum before it.

        Parameters
        ----------
        key, form
            As for `path`.
        data
            Content.
        described
            Further bytes that the checksum covers.
        """
        self._write(_sum_of(key, form), _digest(data, described))
        self._write(f"{key}.{form}", data)

    def is_intact(self, key: str, form: str, *, described: bytes = b"") -> bool:
        """Return whether a file has the content that was written.

        Parameters
        ----------
        key, form, described
            As for `write`.

        Raises
        ------
        FileNotFoundError
            If it has been removed.
        """
        data = self.path(key, form).read_bytes()
        try:
            return (self._folder / _sum_of(key, form)).read_bytes() == _digest(data, described)
        except FileNotFoundError:
            return True  # written by an earlier version

    def _write(self, name: str, data: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, self._folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def delete(self, key: str) -> None:
        """Delete all files of some work.

        Parameters
        ----------
        key
            Key of the work.
        """
        for path in self._folder.glob(f"{key}.*"):
            path.unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete files that belong to no work, for example left half-written by a crash.

        Parameters
        ----------
        known
            Keys of all work.
        """
        for entry in os.scandir(self._folder):
            if entry.name.partition(".")[0] not in known:
                Path(entry).unlink(missing_ok=True)

    def sizes(self) -> dict[str, int]:
        """Return the size of the files by key, bytes."""
        sizes: dict[str, int] = {}
        for entry in os.scandir(self._folder):
            key = entry.name.partition(".")[0]
            with contextlib.suppress(FileNotFoundError):
                sizes[key] = sizes.get(key, 0) + entry.stat().st_size
        return sizes


def _sum_of(key: str, form: str) -> str:
    return f"{key}.{form}.sha256"


def _digest(data: bytes, described: bytes) -> bytes:
    return hashlib.sha256(data + described).hexdigest().encode()
