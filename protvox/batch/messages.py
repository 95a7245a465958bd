"""What the processes of a run send: plain messages, checked when they arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa

from protvox import errors
from protvox.errors import ProtvoxError
from protvox.processes.child import ChildGone
from protvox.processes.messages import Message

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Failure(NamedTuple):
    """Why an input could not be scored.

    Attributes
    ----------
    code
        Stable code, see `protvox.errors`.
    what, where, remedy
        Text for people.
    """

    code: str
    what: str
    where: str
    remedy: str


class Content(NamedTuple):
    """Identity of the content of an input.

    Attributes
    ----------
    sha256
        SHA-256 of the content, in hex.
    time
        Time of a trajectory frame in ps.
    """

    sha256: str
    time: float | None = None


class Ready(NamedTuple):
    """First message of a process.

    Attributes
    ----------
    models
        ``name@version`` of each model in use, and the SHA-256 of its weights; empty for a reader.
    devices
        Device of each model process on this machine, the sender's first; empty for a reader.
    """

    models: dict[str, str]
    devices: tuple[str, ...]


class ResultTables(NamedTuple):
    """The results for an input, as rows of the output tables.

    Attributes
    ----------
    tables
        Name to rows, for the tables of the task.
    columns
        Values of further columns of the table ``inputs``.
    """

    tables: dict[str, pa.Table]
    columns: dict[str, str | int | float]


def failure_of(error: Exception) -> Failure:
    """Return the row of the table of failures for an error.

    Parameters
    ----------
    error
        Any error. One that is not a `ProtvoxError` is recorded as a bug.
    """
    if isinstance(error, ProtvoxError):
        texts = (error.what, error.where or "", error.remedy or "")
        return Failure(error.code, *(_as_text(text) for text in texts))
    if isinstance(error, MemoryError):
        return failure_of(errors.fail("device.memory.worker"))
    reason = " ".join(str(error).split())[:300]
    return Failure(
        "bug",
        _as_text(f"{type(error).__name__}: {reason}"),
        "",
        "This is a bug in protvox; please report it with the file",
    )


def error_to_fields(error: Exception) -> dict[str, str | None]:
    """Return an error as plain values.

    Parameters
    ----------
    error
        Any error.
    """
    if not isinstance(error, ProtvoxError):
        return {"kind": None, "what": f"{type(error).__name__}: {error}"}
    return {
        "kind": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "remedy": error.remedy,
        "code": error.code,
    }


def error_from_fields(fields: Mapping[str, Any]) -> Exception:
    """Return the error described by `error_to_fields`.

    Parameters
    ----------
    fields
        Plain values.

    Returns
    -------
    Exception
        A `ProtvoxError`, or a `RuntimeError` for a bug.
    """
    kind = getattr(errors, str(fields["kind"]), None)
    if not (isinstance(kind, type) and issubclass(kind, ProtvoxError)):
        return RuntimeError(f"a worker failed ({fields['what']})")
    return kind(fields["what"], where=fields["where"], remedy=fields["remedy"], code=fields["code"])


def pack_table(table: pa.Table) -> bytes:
    """Return a table in Arrow's stream format.

    Parameters
    ----------
    table
        Any table.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def unpack_table(data: bytes) -> pa.Table:
    """Return the table packed by `pack_table`.

    Parameters
    ----------
    data
        The bytes.
    """
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


def to_message(reply: Ready | Content | Failure | ResultTables) -> Message:
    """Return a reply of a child process as a message.

    Parameters
    ----------
    reply
        The reply.
    """
    match reply:
        case Ready():
            return {"ready": reply._asdict()}
        case Content():
            return {"content": reply._asdict()}
        case Failure():
            return {"failure": reply._asdict()}
        case ResultTables():
            packed = {name: pack_table(table) for name, table in reply.tables.items()}
            return {"results": {"tables": packed, "columns": reply.columns}}


def parse_ready(message: Message) -> Ready:
    """Return the first message of a process.

    Parameters
    ----------
    message
        As it arrived.

    Raises
    ------
    ChildGone
        If the message is not valid.
    ProtvoxError
        The error because of which a model process cannot start.
    """
    return _parse(message, {"ready": _ready, "fatal": _fatal})


def parse_reading(message: Message) -> Content | bytes | Failure:
    """Return a message of a reader about its input.

    Parameters
    ----------
    message
        As it arrived.

    Returns
    -------
    Content, bytes or Failure
        The bytes are those of `protvox.processes.structure_codec.encode_structure`.

    Raises
    ------
    ChildGone
        If the message is not valid. Readers open foreign files, so nothing they send is trusted.
    """
    return _parse(message, {"content": _content, "structure": bytes_of, "failure": _failure})


def parse_result(message: Message) -> ResultTables | Failure:
    """Return a message of a model process about its input.

    Parameters
    ----------
    message
        As it arrived.

    Raises
    ------
    ChildGone
        If the message is not valid.
    ProtvoxError
        An error that every input would meet.
    """
    return _parse(message, {"results": _results, "failure": _failure, "fatal": _fatal})


def _parse(message: Message, parsers: Mapping[str, Callable[[Any], Any]]) -> Any:
    try:
        ((kind, value),) = message.items()
        return parsers[kind](value)
    except (ValueError, TypeError, LookupError, AttributeError, pa.ArrowException) as error:
        raise ChildGone(f"it sent an invalid message: {error!r}") from error


def bytes_of(value: Any) -> bytes:
    """Return a value that must be bytes.

    Parameters
    ----------
    value
        From a message.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value


def _ready(value: Any) -> Ready:
    models = {_text(name): _text(sha256) for name, sha256 in value["models"].items()}
    return Ready(models, tuple(map(_text, value["devices"])))


def _content(value: Any) -> Content:
    sha256, time = _text(value["sha256"]), value["time"]
    if not _SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return Content(sha256, None if time is None else float(time))


def _failure(value: Any) -> Failure:
    return Failure(*(_text(value[name]) for name in Failure._fields))


def _results(value: Any) -> ResultTables:
    packed = value["tables"].items()
    tables = {_text(name): unpack_table(bytes_of(table)) for name, table in packed}
    return ResultTables(tables, dict(value["columns"]))


def _fatal(value: Any) -> Any:
    raise error_from_fields(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _as_text(text: str) -> str:
    """Escape bytes of a file name that are not valid text, which tables cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()
