"""Output storage: a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

from filelock import FileLock, Timeout

from protvox.errors import fail

LOCK: Final = ".lock"
"""Name of the file that locks the output."""

Writer = Callable[[IO[bytes]], object]
"""Writes the content of a file."""


class Storage(Protocol):
    """Files with names like ``inputs/part-000001.parquet``, locked by one run at a time."""

    def acquire(self) -> None:
        """Lock the storage.

        Raises
        ------
        UsageError
            If it cannot be written (``output.write``), or another run holds the lock
            (``batch.locked``).
        """

    def release(self) -> None:
        """Release the lock."""

    def prepare(self, folders: Sequence[str]) -> None:
        """Make folders, where the storage has any."""

    def exists(self, name: str) -> bool:
        """Return whether there is a file, or a folder with files."""

    def names(self, folder: str) -> list[str]:
        """Return the files of a folder, sorted; remove files that a crash left unfinished."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Write files in order; each appears complete or not at all."""

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""

    def remove_parts(self, folder: str) -> None:
        """Remove the files listed by `names`, and the folder if it is then empty."""

    def writing(self, name: str) -> Any:
        """Return a context manager for a file that appears if the block succeeds."""


class LocalStorage:
    """A folder of this machine.

    Parameters
    ----------
    folder
        The folder; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK)

    def __str__(self) -> str:
        return str(self.folder)

    def acquire(self) -> None:
        """Lock the folder; the lock ends with this process."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise fail("batch.locked.folder", where=str(self)) from error
        except OSError as error:
            reason = error.strerror or error
            raise fail("output.write.folder", where=str(self), reason=reason) from error

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def prepare(self, folders: Sequence[str]) -> None:
        """Make folders.

        Parameters
        ----------
        folders
            Names of the folders.
        """
        missing = [name for name in folders if not self.exists(name)]
        for name in missing:
            (self.folder / name).mkdir(exist_ok=True)
        if missing:
            _sync(self.folder)

    def exists(self, name: str) -> bool:
        """Return whether there is a file or folder.

        Parameters
        ----------
        name
            Name of the file or folder.
        """
        return (self.folder / name).exists()

    def names(self, folder: str) -> list[str]:
        """Return the files of a folder, sorted; remove files that a crash left unfinished.

        Parameters
        ----------
        folder
            Name of the folder.
        """
        for stray in (self.folder / folder).glob(".part-*"):
            stray.unlink(missing_ok=True)
        return sorted(f"{folder}/{path.name}" for path in (self.folder / folder).glob("part-*"))

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading.

        Parameters
        ----------
        name
            Name of the file.
        """
        return (self.folder / name).open("rb")

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Write all files under temporary names, then rename them in order.

        Parameters
        ----------
        files
            Name and writer of each file.

        Raises
        ------
        UsageError
            If a file cannot be written, e.g. because the disk is full (``output.write``).
        """
        try:
            staged = [
                (self._stage(self.folder / name, write), self.folder / name)
                for name, write in files
            ]
            for temporary, path in staged:
                os.replace(temporary, path)
                _sync(path.parent)
        except OSError as error:
            reason = error.strerror or error
            raise fail("output.write.part", where=str(self), reason=reason) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it exists.

        Parameters
        ----------
        name
            Name of the file.
        """
        (self.folder / name).unlink(missing_ok=True)

    def remove_parts(self, folder: str) -> None:
        """Remove the parts in a folder, and the folder if it is then empty.

        Parameters
        ----------
        folder
            Name of the folder.
        """
        for name in self.names(folder):
            self.remove(name)
        with suppress(OSError):  # not empty, or no such folder
            (self.folder / folder).rmdir()

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Return a context manager for a file that appears if the block succeeds.

        Parameters
        ----------
        name
            Name of the file.
        """
        # Only one run writes here, so any name will do. Files from mkstemp are private to their
        # owner.
        temporary = self.folder / f".{name}"
        try:
            with temporary.open("wb") as file:
                yield file
            os.replace(temporary, self.folder / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _stage(self, path: Path, write: Writer) -> Path:
        temporary = path.with_name(f".{path.name}")
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        return temporary


def _sync(folder: Path) -> None:
    """Flush the names in a folder to disk, where the operating system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows cannot open a folder
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
