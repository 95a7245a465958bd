"""Where a run writes: an object store, whose objects appear as a whole and know no locks."""

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
from protvox.errors import ProtvoxError, UsageError

LEASE_S: Final = 60.0
"""After how long without a sign of life another run may write here."""

_RENEW_S: Final = 15.0

T = TypeVar("T")


class ObjectStorage:
    """A prefix in an object store.

    An object of lock is renewed while the run lives. Stores that can create an object only if
    there is none (S3, Google) never let two runs in at once; a run that stands still for longer
    than `LEASE_S` and wakes up again finds that out before its next part, but not in between.

    Parameters
    ----------
    url
        The prefix.
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
        """Keep other runs away, as far as a lock that must be renewed can."""
        held = self._holder()
        age = time.time() - held.get("time", 0.0)
        if held and age < LEASE_S:
            raise self._locked(f"{held.get('host')} wrote here {max(age, 0):.0f} s ago")
        if held:
            self.remove(LOCK)
        try:
            self._send(lambda: self._put_lock(mode="create"))
        except FileExistsError as error:
            raise self._locked("it came first") from error
        threading.Thread(target=self._renew, daemon=True).start()

    def release(self) -> None:
        """Let others in."""
        self._released.set()
        if self._holder().get("token") == self._token:
            self.remove(LOCK)

    def prepare(self, folders: Sequence[str]) -> None:
        """Do nothing, since there are no folders.

        Parameters
        ----------
        folders
            Their names.
        """

    def exists(self, name: str) -> bool:
        """Tell whether there is an object, or one below this name.

        Parameters
        ----------
        name
            Of it.
        """
        self._fs.invalidate_cache()
        return self._try(lambda: self._fs.exists(self._path(name)))

    def names(self, folder: str) -> list[str]:
        """Return the objects below a name, sorted.

        Parameters
        ----------
        folder
            The name.
        """
        self._fs.invalidate_cache()
        found = self._try(lambda: self._fs.find(self._path(folder)))
        names = (path.rpartition("/")[2] for path in found)
        return sorted(f"{folder}/{name}" for name in names if name.startswith("part-"))

    def open(self, name: str) -> IO[bytes]:
        """Return the content of an object.

        Parameters
        ----------
        name
            Of it.
        """
        return io.BytesIO(self._try(lambda: self._fs.cat_file(self._path(name))))

    def write(self, files: Sequence[tuple[str, Writer]]) -> None:
        """Put objects one after another.

        Parameters
        ----------
        files
            Name and writer of each.
        """
        if self._holder().get("token") != self._token:
            raise self._locked("this run stood still for too long")
        for name, write in files:
            content = io.BytesIO()
            write(content)
            self._put(name, content.getvalue())

    def remove(self, name: str) -> None:
        """Remove an object, if there is one.

        Parameters
        ----------
        name
            Of it.
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
            The name.
        """
        for name in self.names(folder):
            self.remove(name)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Return a context with a file that becomes an object when it ends well.

        Parameters
        ----------
        name
            Of the object.
        """
        with tempfile.NamedTemporaryFile() as file:
            yield file
            file.flush()
            self._send(lambda: self._fs.put_file(file.name, self._path(name)))

    def _holder(self) -> dict[str, Any]:
        try:
            held = json.loads(self.open(LOCK).read())
        except (FileNotFoundError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}

    def _put_lock(self, mode: str) -> None:
        about = {"token": self._token, "host": platform.node(), "time": time.time()}
        self._fs.pipe_file(self._path(LOCK), json.dumps(about).encode(), mode=mode)

    def _renew(self) -> None:
        while not self._released.wait(_RENEW_S):
            try:
                if self._holder().get("token") != self._token:
                    return
                self._put_lock(mode="overwrite")
            except Exception:
                # The store may answer again before the lease ends; else the next part tells.
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
            # Each provider has errors of its own, which share no base.
            raise self._refused(error) from error

    def _send(self, call: Callable[[], object]) -> None:
        try:
            self._try(call)
        except FileNotFoundError as error:  # what a bucket is that is not there
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> UsageError:
        return UsageError(
            f"the object store does not do it ({brief(error)})",
            where=str(self),
            remedy="Check the URL and the credentials; the same command goes on",
            code="output.write",
        )

    def _locked(self, reason: str) -> UsageError:
        return UsageError(
            f"another run is writing here ({reason})",
            where=str(self),
            remedy=f"Wait until it has ended; one that was killed counts as ended after "
            f"{LEASE_S:.0f} s",
            code="batch.locked",
        )
