"""Errors that a user can cause or must act on.

Every error states *what* is wrong, *where* (file, chain, residue) and *what to do*. The command
line prints the message and exits with ``exit_code``; the service returns ``code``. Anything else
that escapes is a bug (exit code 70).

The text of every error is in the catalogue, one TOML file per package in
``protvox/catalogue``, and `fail` makes an error from its entry::

    raise fail("input.empty", where=name)

An entry has a ``kind`` (``usage``, ``input``, ``fetch``, ``model`` or ``device``), the sentence
``what`` and the imperative ``remedy``, both with ``{fields}`` to be filled in, and optionally
``cause``, a sentence for the documentation. The first two words of its key are the stable code;
a third word distinguishes several texts of one code (``usage.extra.ray``).
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple


class ProtvoxError(Exception):
    """Base of all errors that protvox raises on purpose.

    Parameters
    ----------
    what
        What is wrong: one sentence without the final full stop.
    where
        The file, chain, residue, row or option that is wrong.
    remedy
        What the user can do about it, in the imperative.
    code
        Stable machine-readable code, e.g. ``"input.empty"``; never reworded.
    """

    exit_code = 70
    default_code = "error"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        code: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.code = code or self.default_code
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.remedy}." if self.remedy else f"{text}."

    def __reduce__(self) -> tuple[object, ...]:
        # By default, pickling an exception loses keyword-only arguments, and errors pass between
        # processes in batch runs and in the service.
        return (_rebuild, (type(self), self.what, self.where, self.remedy, self.code))


def _rebuild(
    kind: type[ProtvoxError], what: str, where: str | None, remedy: str | None, code: str
) -> ProtvoxError:
    return kind(what, where=where, remedy=remedy, code=code)


class UsageError(ProtvoxError):
    """An option or argument that is invalid (exit code 2)."""

    exit_code = 2
    default_code = "usage"


class InputError(ProtvoxError):
    """A structure, selection or list that cannot be used (exit code 3)."""

    exit_code = 3
    default_code = "input"


class FetchError(InputError):
    """A structure that could not be downloaded (exit code 3)."""

    default_code = "input.fetch"


class ModelError(ProtvoxError):
    """A model, weights file or configuration that cannot be used (exit code 5)."""

    exit_code = 5
    default_code = "model"


class DeviceError(ProtvoxError):
    """A compute device that is missing or out of memory (exit code 6)."""

    exit_code = 6
    default_code = "device"


class Message(NamedTuple):
    """An entry of the catalogue of errors.

    Attributes
    ----------
    kind
        ``"usage"``, ``"input"``, ``"fetch"``, ``"model"``, ``"device"``, or ``"service"`` for
        entries that only the service uses.
    code
        Stable machine-readable code.
    what
        What is wrong, with ``{fields}``.
    remedy
        What to do about it, with ``{fields}``; empty if nothing can be done.
    cause
        Its usual cause, for the documentation; often empty.
    """

    kind: str
    code: str
    what: str
    remedy: str
    cause: str

    def fill(self, **fields: object) -> tuple[str, str | None]:
        """Return what is wrong and what to do, with the fields filled in.

        Parameters
        ----------
        fields
            A value for every field of the entry.
        """
        return self.what.format(**fields), self.remedy.format(**fields) or None


_MOST: Final = 1000
_MOST_WHERE: Final = 300
"""Largest numbers of characters of a field and of ``where``, e.g. if a text is given as a path."""

_KINDS: Final[dict[str, type[ProtvoxError]]] = {
    "usage": UsageError,
    "input": InputError,
    "fetch": FetchError,
    "model": ModelError,
    "device": DeviceError,
}


@cache
def catalogue() -> dict[str, Message]:
    """Return every entry of the catalogue of errors, by its key."""
    found: dict[str, Message] = {}
    for path in sorted((Path(__file__).parent / "catalogue").glob("*.toml")):
        for key, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            code = ".".join(key.split(".")[:2])
            found[key] = Message(
                entry["kind"], code, entry["what"], entry.get("remedy", ""), entry.get("cause", "")
            )
    return found


def fail(key: str, /, *, where: str | None = None, **fields: object) -> ProtvoxError:
    """Return the error of a catalogue entry, to be raised.

    Parameters
    ----------
    key
        Key of the entry, e.g. ``"input.empty"``.
    where
        The file, chain, residue, row or option that is wrong.
    fields
        A value for every ``{field}`` of the entry.

    Returns
    -------
    ProtvoxError
        Of the entry's kind, with its code.

    Examples
    --------
    >>> raise fail("model.unknown", where="cats")  # doctest: +SKIP
    """
    message = catalogue()[key]
    short = {
        name: _shorten(value, _MOST) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    what, remedy = message.fill(**short)
    location = None if where is None else _shorten(where, _MOST_WHERE)
    return _KINDS[message.kind](what, where=location, remedy=remedy, code=message.code)


def _shorten(text: str, most: int) -> str:
    """Return text of one line, without its middle if it is longer than ``most``."""
    text = " ".join(text.splitlines())
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 4 :]}"
