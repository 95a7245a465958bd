"""Errors a user can cause or must act on.

Every error says *what* is wrong, *where* (file, chain, residue) and *what to do*. The
command line prints the message and exits with ``exit_code``; the service answers with
``code``. Anything else that escapes is a bug (exit code 70).
"""

from __future__ import annotations


class ProtvoxError(Exception):
    """Base of all errors that protvox raises on purpose.

    Parameters
    ----------
    what
        What is wrong, one sentence, without the trailing full stop.
    where
        The file, chain, residue, row or option it was found in.
    remedy
        What the user can do about it, imperative.
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
        # Keyword-only arguments do not survive the default pickling of exceptions, and
        # errors cross process boundaries in batch runs and in the service.
        return (_rebuild, (type(self), self.what, self.where, self.remedy, self.code))


def _rebuild(
    kind: type[ProtvoxError], what: str, where: str | None, remedy: str | None, code: str
) -> ProtvoxError:
    return kind(what, where=where, remedy=remedy, code=code)


class UsageError(ProtvoxError):
    """An option or argument that cannot be meant (exit code 2)."""

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
