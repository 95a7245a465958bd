"""Output: stdout, or a file that is created only once it is complete."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from protvox.errors import fail

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT = "-"


class OutputStream(io.BufferedIOBase):
    """A stream whose failures are reported as errors of the output, not as bugs.

    Parameters
    ----------
    stream
        Open binary stream.
    name
        Name of the stream for errors.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._stream.isatty()

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of the data; see `io.BufferedIOBase.write`."""
        with _output_errors(self._name):
            return self._stream.write(data)

    def flush(self) -> None:
        """Flush the buffer."""
        with _output_errors(self._name):
            self._stream.flush()


@contextmanager
def _output_errors(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise fail("output.write.file", where=name, reason=error.strerror or error) from error


@contextmanager
def open_output(path: str) -> Iterator[OutputStream]:
    """Open a file that is created only if the block ends without an error.

    Parameters
    ----------
    path
        File to write, or ``"-"`` for stdout.

    Yields
    ------
    OutputStream
        Stream to write to.

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
        # A pipe or a device is written directly; a folder raises an error.
        with _output_errors(path):
            special = target.open("wb")
        with special:
            stream = OutputStream(special, path)
            yield stream
            stream.flush()
    else:
        with _output_errors(path):
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                stream = OutputStream(file, path)
                yield stream
                stream.flush()
            with _output_errors(path):
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
    """Write a text file, complete or not at all.

    Parameters
    ----------
    path
        File to write, or ``"-"`` for stdout.
    text
        Content of the file.

    Raises
    ------
    UsageError
        If it cannot be written (``output.write``).
    """
    with open_output(path) as stream:
        stream.write(text.encode("utf-8", errors="replace"))


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files into a folder, which is made if it is missing.

    Parameters
    ----------
    folder
        The folder.
    files
        File name to text.

    Raises
    ------
    UsageError
        If a file cannot be written (``output.write``).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail("output.write.file", where=str(folder), reason=error.strerror) from error
    for name, text in files.items():
        write_text(str(folder / name), text)


def refuse_overwrite(inputs: tuple[str, ...], outputs: tuple[str | None, ...]) -> None:
    """Check that no output replaces an input or another output.

    Parameters
    ----------
    inputs
        Paths to read.
    outputs
        Paths to write; None where there is none.

    Raises
    ------
    UsageError
        If two paths are the same file (``output.overwrite``).
    """
    seen = {os.path.realpath(path) for path in inputs if path != STDOUT}
    for path in outputs:
        if path is None or path == STDOUT:
            continue
        real = os.path.realpath(path)
        if real in seen and not path.startswith("/dev/"):
            raise fail("output.overwrite", where=path)
        seen.add(real)
