"""Text from foreign files, made safe to print."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return text that cannot move the cursor, change colours or break a line.

    File and chain names may hold any characters.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text, with escapes for control characters and invalid code points.

    Examples
    --------
    >>> printable("a\x1b[31m.cif")
    'a\\x1b[31m.cif'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
