"""The reading process: files in, cleaned structures out; no torch here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple

from protvox.batch.plan import Item
from protvox.batch.storage.urls import is_url, read_url
from protvox.errors import ProtvoxError
from protvox.structure.io.read import load_content, read_structure
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.structure.io.trajectory import Trajectory


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


class Content(NamedTuple):
    """What tells whether a structure has been scored before.

    Attributes
    ----------
    sha256
        Of the content.
    time
        Of a frame, ps.
    """

    sha256: str
    time: float | None = None


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
        return Failure(
            "device.memory", "out of memory", "", "Use a smaller structure or a larger machine"
        )
    reason = " ".join(str(error).split())[:300]
    return Failure(
        "bug",
        _as_text(f"{type(error).__name__}: {reason}"),
        "",
        "This is a bug in protvox; please report it with the file",
    )


def _open_file(item: Item, model_number: int | None) -> tuple[Content, Callable[[], Structure]]:
    data = read_url(item.path) if is_url(item.path) else load_content(item.path)[0]
    finish = partial(read_structure, data, name=item.id, model=model_number)
    return Content(hashlib.sha256(data).hexdigest()), finish


def _open_frame(
    item: Item, index: int, held: dict[tuple[str, str], Trajectory]
) -> tuple[Content, Callable[[], Structure]]:
    from protvox.structure.io.trajectory import Trajectory

    place = (item.path, item.topology)
    if place not in held:
        held.clear()
        held[place] = Trajectory(*place)
    frame = held[place].frame(index)
    return Content(frame.sha256, frame.time), partial(held[place].structure, frame, name=item.id)


def _as_text(words: str) -> str:
    """Turn bytes of a file name that are no text into escapes, since tables cannot hold them."""
    return words.encode("utf-8", "backslashreplace").decode()


def read_items(pipe: Connection, model_number: int | None) -> None:
    """Read structures until the pipe closes.

    ``True`` says that it is ready. For each `Item` that comes in, its `Content` goes out; if
    ``True`` comes back, ``True`` and the `Structure` follow. A `Failure` may take the place of
    either first message.

    Parameters
    ----------
    pipe
        To the run.
    model_number
        Model of each file to read; None for the first.
    """
    trajectories: dict[tuple[str, str], Trajectory] = {}
    pipe.send(True)
    while True:
        item: Item = pipe.recv()
        try:
            if item.frame is None:
                content, finish = _open_file(item, model_number)
            else:
                content, finish = _open_frame(item, item.frame, trajectories)
            pipe.send(content)
            if pipe.recv():
                structure = finish()
                pipe.send(True)
                pipe.send(structure)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            pipe.send(failure_of(error))
