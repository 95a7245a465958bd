"""Where output goes: stdout, or a file that appears only when it is complete."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from protvox.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT = "-"


class OutputStream(io.BufferedIOBase):
    """A stream whose failures are told as errors of the output, not of the program.

    Parameters
    ----------
    stream
        Open binary stream.
    name
        What to call it in an error.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether a person reads along."""
        return self._stream.isatty()

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of the data; see `io.BufferedIOBase.write`."""
        with _telling(self._name):
            return self._stream.write(data)

    def flush(self) -> None:
        """Pass on what is buffered."""
        with _telling(self._name):
            self._stream.flush()


@contextmanager
def _telling(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror or error})",
            where=name,
            remedy="Check the folder, its permissions and the free space",
            code="output.write",
        ) from error


@contextmanager
def open_output(path: str) -> Iterator[OutputStream]:
    """Open a file that takes its name only when the block ends without an error.

    Parameters
    ----------
    path
        File to write, or ``"-"`` for stdout.

    Yields
    ------
    OutputStream
        To write to.

    Raises
    ------
    UsageError
        If the file or stdout cannot be written (``output.write``).
    """
    target = Path(path)
    if path == STDOUT:
        stdout = OutputStream(sys.stdout.buffer, "stdout")
        yield stdout
        stdout.flush()
    elif target.exists() and not target.is_file():
        # A pipe or a device is written as it is; a folder is refused here.
        with _telling(path):
            special = target.open("wb")
        with special:
            stream = OutputStream(special, path)
            yield stream
            stream.flush()
    else:
        with _telling(path):
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                stream = OutputStream(file, path)
                yield stream
                stream.flush()
            with _telling(path):
                os.chmod(temporary, 0o666 & ~_umask())
                os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: str, text: str) -> None:
    """Write a small text file, complete or not at all.

    Parameters
    ----------
    path
        File to write, or ``"-"`` for stdout.
    text
        Its content.

    Raises
    ------
    UsageError
        If it cannot be written (``output.write``).
    """
    with open_output(path) as stream:
        stream.write(text.encode("utf-8", errors="replace"))


def refuse_overwrite(inputs: tuple[str, ...], outputs: tuple[str | None, ...]) -> None:
    """Refuse outputs that would replace an input or each other.

    Parameters
    ----------
    inputs
        Paths read.
    outputs
        Paths to be written; ``None`` where there is none.

    Raises
    ------
    UsageError
        If two are the same file (``output.overwrite``).
    """
    seen = {os.path.realpath(path) for path in inputs if path != STDOUT}
    for path in outputs:
        if path is None or path == STDOUT:
            continue
        real = os.path.realpath(path)
        if real in seen and not path.startswith("/dev/"):
            raise UsageError(
                "the output would replace an input or another output",
                where=path,
                remedy="Give it another name",
                code="output.overwrite",
            )
        seen.add(real)
