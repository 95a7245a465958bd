"""Room on the disk of the job directory, of which a last part is kept for making room."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

_BYTES: Final = 4 << 20
"""Size of the ballast; a transaction needs less than a hundredth of it."""
_LEAST_FREE: Final = 4 * _BYTES
"""Room that new jobs leave, bytes."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_Method = TypeVar("_Method", bound=Callable[..., Any])


def is_full(error: BaseException) -> bool:
    """Return whether an error means that the disk, or the quota, is full.

    Parameters
    ----------
    error
        An error of the file system or the database.
    """
    if isinstance(error, sqlite3.Error):
        # A full disk may show as an input or output error when the log is extended.
        return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR"))
    return isinstance(error, OSError) and error.errno in _FULL


class Ballast:
    """A file that is deleted when the disk is full.

    Deleting jobs, and recording that they failed, needs some room itself.

    Parameters
    ----------
    folder
        Job directory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "ballast"

    def fill(self) -> None:
        """Create the file, if there is enough room for it."""
        if self._path.exists() or not self.has_room(0):
            return
        try:
            with self._path.open("xb") as file:
                file.write(os.urandom(_BYTES))  # zeros may take no room
        except OSError:
            self.release()

    def release(self) -> bool:
        """Delete the file; return whether it existed."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            return True
        return False

    def has_room(self, size: int) -> bool:
        """Return whether a new job fits on the disk.

        Parameters
        ----------
        size
            Size of its files, bytes.
        """
        return shutil.disk_usage(self._folder).free >= size + _LEAST_FREE


def may_use_ballast(method: _Method) -> _Method:
    """Make a method of an object with a ``ballast`` try again without it when the disk is full.

    Parameters
    ----------
    method
        A method that changes nothing if it fails.
    """

    @functools.wraps(method)
    def attempt(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (OSError, sqlite3.Error) as error:
            if not (is_full(error) and self.ballast.release()):
                raise
        return method(self, *args, **kwargs)

    return attempt  # type: ignore[return-value]
