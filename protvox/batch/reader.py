"""The reading process: files in, cleaned structures out; no torch here."""

from __future__ import annotations

import hashlib
from multiprocessing.connection import Connection
from typing import NamedTuple

from protvox.batch.plan import Item
from protvox.errors import ProtvoxError
from protvox.structure.read import load_content, read_structure


class Failure(NamedTuple):
    """Why something could not be scored.

    Attributes
    ----------
    code
        Stable code, see `protvox.errors`.
    what, where, remedy
        For people.
    """

    code: str
    what: str
    where: str
    remedy: str


def failure_of(error: Exception) -> Failure:
    """Return what a table of failures says about an error.

    Parameters
    ----------
    error
        Any; what is not raised on purpose is told as a bug.
    """
    if isinstance(error, ProtvoxError):
        words = (error.what, error.where or "", error.remedy or "")
        return Failure(error.code, *(_as_text(word) for word in words))
    if isinstance(error, MemoryError):
        return Failure("device.memory", "out of memory", "",
                       "Use a smaller structure or a larger machine")  # fmt: skip
    reason = " ".join(str(error).split())[:300]
    return Failure("bug", _as_text(f"{type(error).__name__}: {reason}"), "",
                   "This is a bug in protvox; please report it with the file")  # fmt: skip


def _as_text(words: str) -> str:
    """Turn bytes of a file name that are no text into escapes, since tables cannot hold them."""
    return words.encode("utf-8", "backslashreplace").decode()


def read_items(pipe: Connection, model_number: int | None) -> None:
    """Read structures until the pipe closes.

    For each `Item` that comes in, the SHA-256 of its content goes out; if ``True`` comes back,
    ``True`` and the `Structure` follow. A `Failure` may take the place of either first message.

    Parameters
    ----------
    pipe
        To the run.
    model_number
        Model of each file to read; None for the first.
    """
    while True:
        item: Item = pipe.recv()
        try:
            data, _ = load_content(item.path)
            pipe.send(hashlib.sha256(data).hexdigest())
            if pipe.recv():
                structure = read_structure(data, name=item.id, model=model_number)
                pipe.send(True)
                pipe.send(structure)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            pipe.send(failure_of(error))
