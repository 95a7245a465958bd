"""Where a run writes: a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

from filelock import FileLock, Timeout

from protvox.errors import UsageError

LOCK: Final = ".lock"
"""Name of what tells other runs to keep away."""

Writer = Callable[[IO[bytes]], object]
"""Writes the content of a file."""


class Storage(Protocol):
    """Files under names like ``inputs/part-000001.parquet``, held by one run at a time."""

    def acquire(self) -> None:
        """Keep other runs away.

        Raises
        ------
        UsageError
            If it cannot be written (``output.write``), or another run has it
            (``batch.locked``).
        """

    def release(self) -> None:
        """Let others in."""

    def prepare(self, folders: Sequence[str]) -> None:
        """Make folders, where there is such a thing."""

    def exists(self, name: str) -> bool:
        """Tell whether there is a file, or a folder with files."""

    def names(self, folder: str) -> list[str]:
        """Return the files of a folder, sorted; what a crash has left half written is cleared."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Write files; each appears as a whole, and none before those in front of it."""

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""

    def remove_parts(self, folder: str) -> None:
        """Remove the files of `names`, and the folder if nothing else is in it."""

    def writing(self, name: str) -> Any:
        """Return a context with a file that appears when it ends well."""


class LocalStorage:
    """A folder of this machine.

    Parameters
    ----------
    folder
        The folder; made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK)

    def __str__(self) -> str:
        return str(self.folder)

    def acquire(self) -> None:
        """Keep other runs away; the lock ends with this process."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                "another run is writing to this folder",
                where=str(self),
                remedy="Wait until it has ended, or choose another folder with -o",
                code="batch.locked",
            ) from error
        except OSError as error:
            raise UsageError(
                f"the folder cannot be written ({error.strerror or error})",
                where=str(self),
                remedy="Choose another one with -o",
                code="output.write",
            ) from error

    def release(self) -> None:
        """Let others in."""
        self._lock.release()

    def prepare(self, folders: Sequence[str]) -> None:
        """Make folders.

        Parameters
        ----------
        folders
            Their names.
        """
        missing = [name for name in folders if not self.exists(name)]
        for name in missing:
            (self.folder / name).mkdir(exist_ok=True)
        if missing:
            _sync(self.folder)

    def exists(self, name: str) -> bool:
        """Tell whether there is a file or folder.

        Parameters
        ----------
        name
            Of it.
        """
        return (self.folder / name).exists()

    def names(self, folder: str) -> list[str]:
        """Return the files of a folder, sorted, and clear away what is half written.

        Parameters
        ----------
        folder
            Its name.
        """
        for stray in (self.folder / folder).glob(".part-*"):
            stray.unlink(missing_ok=True)
        return sorted(f"{folder}/{path.name}" for path in (self.folder / folder).glob("part-*"))

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading.

        Parameters
        ----------
        name
            Of it.
        """
        return (self.folder / name).open("rb")

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Write all files under other names, then rename them in order.

        Parameters
        ----------
        files
            Name and writer of each.

        Raises
        ------
        UsageError
            If the disk is full or away (``output.write``).
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
            raise UsageError(
                f"a part cannot be written ({error.strerror or error})",
                where=str(self),
                remedy="Make room there; the same command goes on",
                code="output.write",
            ) from error

    def remove(self, name: str) -> None:
        """Remove a file, if there is one.

        Parameters
        ----------
        name
            Of it.
        """
        (self.folder / name).unlink(missing_ok=True)

    def remove_parts(self, folder: str) -> None:
        """Remove the parts in a folder, and the folder if nothing else is in it.

        Parameters
        ----------
        folder
            Its name.
        """
        for name in self.names(folder):
            self.remove(name)
        with suppress(OSError):  # somebody else's files, or no folder
            (self.folder / folder).rmdir()

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Return a context with a file that appears when it ends well.

        Parameters
        ----------
        name
            Of the file.
        """
        # One run writes here, so any name will do; files from mkstemp are for their owner only.
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
    """Make names in a folder survive a crash of the machine, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folder
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
