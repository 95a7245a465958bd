"""Where output goes: stdout, or a file that appears only when it is complete."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from protvox.errors import UsageError

STDOUT = "-"


@contextmanager
def open_output(path: str) -> Iterator[IO[bytes]]:
    """Open a file that takes its name only when the block ends without an error.

    Parameters
    ----------
    path
        File to write, or ``"-"`` for stdout.

    Yields
    ------
    binary stream
        To write to.

    Raises
    ------
    UsageError
        If the file or stdout cannot be written (``output.write``).
    """
    try:
        if path == STDOUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with _replacing(Path(path)) as stream:
                yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror or error})",
            where="stdout" if path == STDOUT else path,
            remedy="Check the folder, its permissions and the free space",
            code="output.write",
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    if path.exists() and not path.is_file():
        # A pipe or /dev/null is written as it is; a folder raises here.
        with path.open("wb") as stream:
            yield stream
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
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
