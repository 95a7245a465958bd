"""What a user wants to be taken as domains: found by the program, whole chains, or given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from protvox.errors import UsageError
from protvox.structure.select import Selection, parse_selection

Manner = Literal["auto", "chain"]
Division = Manner | Sequence[Selection]
"""``"auto"``: chains are split, see `protvox.structure.domains`; ``"chain"``: every chain is one
domain; or the domains themselves."""

_MANNERS: Final = get_args(Manner)


def parse_division(given: str | Sequence[Selection | str] | None) -> Division:
    """Read what is to be taken as domains.

    Parameters
    ----------
    given
        ``"auto"`` or ``"chain"``, alone or as the only one of a list; otherwise a domain or
        several, as `protvox.structure.select.parse_selection` reads them. Nothing is
        ``"auto"``.

    Returns
    -------
    Division
        Independent of any structure.

    Raises
    ------
    UsageError
        If ``auto`` or ``chain`` stands beside domains (``usage.domains``).
    InputError
        If a domain cannot be read (``input.selection``, ``input.range``).
    """
    listed = [given] if isinstance(given, str) else list(given or ["auto"])
    manners: list[Manner] = [word for word in _MANNERS if word in listed]
    if manners and len(listed) > 1:
        raise UsageError(f"{manners[0]} does not go with other domains", where="domains",
                         remedy=f"Give {manners[0]} alone, or domains such as A:1-90",
                         code="usage.domains")  # fmt: skip
    if manners:
        return manners[0]
    return [parse_selection(item) if isinstance(item, str) else item for item in listed]
