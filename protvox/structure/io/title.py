"""Titles of structures, as their files state them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 500
_UNKNOWN: Final = ("", "?", ".", "NULL", "TITLE")


def title_of_header(lines: Iterable[str]) -> str:
    """Return the title in the records of a PDB file, ``""`` if there is none.

    Parameters
    ----------
    lines
        Records before the first atom.

    Examples
    --------
    >>> title_of_header(["TITLE     CRYSTAL STRUCTURE OF", "TITLE    2 UBIQUITIN"])
    'CRYSTAL STRUCTURE OF UBIQUITIN'
    """
    return clean_title(" ".join(line[10:80] for line in lines if line[:6].upper() == "TITLE "))


def clean_title(text: str) -> str:
    """Return the printable characters of a title in one line, ``""`` for a placeholder.

    Parameters
    ----------
    text
        As in the file.
    """
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return "" if line.upper() in _UNKNOWN else line[:_LONGEST]
