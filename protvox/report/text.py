"""Text from outside, made safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text that cannot move the cursor, change colours or break a line.

    File and chain names come from outside and may hold anything.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The same with control characters and broken code points as escapes.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
