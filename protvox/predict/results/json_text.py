"""Results that have a JSON form."""

from __future__ import annotations

from typing import Any, Protocol

from protvox.predict.results.rows import to_json


class _HasDocument(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


class JsonText:
    """Gives a result with ``to_dict`` the same as text."""

    __slots__ = ()

    def to_json(self: _HasDocument, *, indent: int | None = None) -> str:
        """Return `to_dict` as JSON text.

        Parameters
        ----------
        indent
            Spaces per level; ``None`` puts everything on one line.
        """
        return to_json(self.to_dict(), indent)
