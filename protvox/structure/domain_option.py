"""What a user wants to be taken as domains: found by the program, whole chains, or given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from protvox.errors import fail
from protvox.structure.selection import Selection, parse_selection

Mode = Literal["auto", "chain"]
DomainOption = Mode | Sequence[Selection]
"""``"auto"``: chains are split, see `protvox.structure.splitting.find`; ``"chain"``: every chain
is one domain; or the domains themselves."""

_MODES: Final = get_args(Mode)


def parse_domain_option(given: str | Sequence[Selection | str] | None) -> DomainOption:
    """Read what is to be taken as domains.

    Parameters
    ----------
    given
        ``"auto"`` or ``"chain"``, alone or as the only one of a list; otherwise a domain or
        several, as `protvox.structure.selection.parse_selection` reads them. Nothing is
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
    modes: list[Mode] = [word for word in _MODES if word in listed]
    if modes and len(listed) > 1:
        raise fail("usage.domains", where="domains", mode=modes[0])
    if modes:
        return modes[0]
    return [parse_selection(item) if isinstance(item, str) else item for item in listed]
