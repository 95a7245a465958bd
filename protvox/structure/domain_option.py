"""The option ``domains``: split chains, take chains whole, or take the given domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from protvox.errors import fail
from protvox.structure.selection import Selection, parse_selection

Mode = Literal["auto", "chain"]
DomainOption = Mode | Sequence[Selection]
"""``"auto"``: chains are split into domains, see `protvox.structure.splitting.find`; ``"chain"``:
every chain is one domain; otherwise the domains themselves."""

_MODES: Final = get_args(Mode)


def parse_domain_option(given: str | Sequence[Selection | str] | None) -> DomainOption:
    """Parse the option ``domains``.

    Parameters
    ----------
    given
        ``"auto"`` or ``"chain"``, or a list with only that word; otherwise one or several
        domains in the grammar of `protvox.structure.selection.parse_selection`. An empty list
        or None means ``"auto"``.

    Returns
    -------
    DomainOption
        Independent of any structure.

    Raises
    ------
    UsageError
        If ``auto`` or ``chain`` is combined with domains (``usage.domains``).
    InputError
        If a domain cannot be parsed (``input.selection``, ``input.range``).

    Examples
    --------
    >>> parse_domain_option(["auto"])
    'auto'
    """
    listed = [given] if isinstance(given, str) else list(given or ["auto"])
    modes: list[Mode] = [word for word in _MODES if word in listed]
    if modes and len(listed) > 1:
        raise fail("usage.domains", where="domains", mode=modes[0])
    if modes:
        return modes[0]
    return [parse_selection(item) if isinstance(item, str) else item for item in listed]
