"""Mutations on the command line: single ones, and paths of lists."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SUFFIXES: Final = (".csv", ".tsv", ".txt")


def is_list(text: str) -> bool:
    """Return whether a value of ``--mutations`` is the path of a list.

    Parameters
    ----------
    text
        The value.
    """
    return text.lower().endswith(_SUFFIXES) or Path(text).is_file()
