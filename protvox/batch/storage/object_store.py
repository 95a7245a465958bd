"""Output storage: an object store, which writes objects atomically but has no locks."""

from __future__ import annotations

import io
import json
import platform
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final, TypeVar

from protvox.batch.storage.local import LOCK, Writer
from protvox.batch.storage.urls import brief, open_url
from protvox.errors import ProtvoxError, fail

LEASE_S: Final = 60.0
"""Seconds without a renewal after which another run may take the lock."""

_RENEW_S: Final = 15.0

T = TypeVar("T")


class ObjectStorage:
    """A prefix in an object store.

    The lock is an object that is renewed while the run lives. Stores that support conditional
    creation (S3, Google) never admit two runs at once. A run that was suspended for longer than
    `LEASE_S` notices the loss of its lock before it writes its next part, but not earlier.

    Parameters
    ----------
    url
        URL of the prefix.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._fs, path = open_url(url)
        self._root = path.rstrip("/")
        self._token = uuid.uuid4().hex
        self._released = threading.Event()

    def __str__(self) -> str:
        return self._url

    def acquire(self) -> None:
        """Take the lock, unless another run has renewed it recently.

        Raises
        ------
        UsageError
            If another run holds the lock (``batch.locked``), or the store cannot be used
            (``output.write``).
        """
        lock = self._read_lock()
        age = time.time() - lock.get("time", 0.0)
        if lock and age < LEASE_S:
            raise self._locked(f"{lock.get('host')} was active {max(age, 0):.0f} s ago")
        if lock:
            self.remove(LOCK)
        try:
            self._send(lambda: self._put_lock(mode="create"))
        except FileExistsError as error:
            raise self._locked("it started first") from error
        threading.Thread(target=self._renew, daemon=True).start()

    def release(self) -> None:
        """Release the lock."""
        self._released.set()
        if self._read_lock().get("token") == self._token:
            self.remove(LOCK)

    def prepare(self, folders: Sequence[str]) -> None:
        """Do nothing: object stores have no folders.

        Parameters
        ----------
        folders
            Names of the folders.
        """

    def exists(self, name: str) -> bool:
        """Return whether there is an object with this name or below it.

        Parameters
        ----------
        name
            Name of the object.
        """
        self._fs.invalidate_cache()
        return self._try(lambda: self._fs.exists(self._path(name)))

    def names(self, folder: str) -> list[str]:
        """Return the parts below a name, sorted.

        Parameters
        ----------
        folder
            Name of the folder.
        """
        self._fs.invalidate_cache()
        found = self._try(lambda: self._fs.find(self._path(folder)))
        names = (path.rpartition("/")[2] for path in found)
        return sorted(f"{folder}/{name}" for name in names if name.startswith("part-"))

    def open(self, name: str) -> IO[bytes]:
        """Return the content of an object as a file.

        Parameters
        ----------
        name
            Name of the object.
        """
        return io.BytesIO(self._try(lambda: self._fs.cat_file(self._path(name))))

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Write objects in order.

        Parameters
        ----------
        files
            Name and writer of each object.

        Raises
        ------
        UsageError
            If this run has lost its lock (``batch.locked``), or the store cannot be used
            (``output.write``).
        """
        if self._read_lock().get("token") != self._token:
            raise self._locked("this run was suspended for too long")
        for name, write in files:
            content = io.BytesIO()
            write(content)
            self._put(name, content.getvalue())

    def remove(self, name: str) -> None:
        """Remove an object, if it exists.

        Parameters
        ----------
        name
            Name of the object.
        """
        try:
            self._try(lambda: self._fs.rm_file(self._path(name)))
        except FileNotFoundError:
            return

    def remove_parts(self, folder: str) -> None:
        """Remove the parts below a name.

        Parameters
        ----------
        folder
            Name of the folder.
        """
        for name in self.names(folder):
            self.remove(name)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Return a context manager for a file that becomes an object if the block succeeds.

        Parameters
        ----------
        name
            Name of the object.
        """
        with tempfile.NamedTemporaryFile() as file:
            yield file
            file.flush()
            self._send(lambda: self._fs.put_file(file.name, self._path(name)))

    def _read_lock(self) -> dict[str, Any]:
        try:
            lock = json.loads(self.open(LOCK).read())
        except (FileNotFoundError, ValueError):
            return {}
        return lock if isinstance(lock, dict) else {}

    def _put_lock(self, mode: str) -> None:
        lock = {"token": self._token, "host": platform.node(), "time": time.time()}
        self._fs.pipe_file(self._path(LOCK), json.dumps(lock).encode(), mode=mode)

    def _renew(self) -> None:
        while not self._released.wait(_RENEW_S):
            try:
                if self._read_lock().get("token") != self._token:
                    return
                self._put_lock(mode="overwrite")
            except Exception:
                # The store may recover before the lease ends; if not, writing the next part fails.
                continue

    def _put(self, name: str, content: bytes) -> None:
        self._send(lambda: self._fs.pipe_file(self._path(name), content))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _try(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (FileNotFoundError, FileExistsError, ProtvoxError):
            raise
        except Exception as error:
            # The errors of the providers have no common base class.
            raise self._refused(error) from error

    def _send(self, call: Callable[[], object]) -> None:
        try:
            self._try(call)
        except FileNotFoundError as error:  # a bucket that does not exist
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> ProtvoxError:
        return fail("output.write.object_store", where=str(self), reason=brief(error))

    def _locked(self, reason: str) -> ProtvoxError:
        seconds = f"{LEASE_S:.0f}"
        return fail("batch.locked.object_store", where=str(self), reason=reason, seconds=seconds)
