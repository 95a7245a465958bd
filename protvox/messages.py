"""Counts, lists and names for use in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

FORMULA: Final = r"(?s)\A([=@\t\r].|[+-].*[(|!=&])"
"""Regular expression of a text that a spreadsheet would compute; ranges of negative numbers, such
as ``-5-80``, are none."""


def count(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural unless the number is 1.

    Examples
    --------
    >>> count(2, "residue")
    '2 residues'
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listing(words: Iterable[str], most: int = 8) -> str:
    """Return words separated by commas; a long list is shortened in the middle.

    Parameters
    ----------
    words
        The words.
    most
        Largest number of words shown.

    Examples
    --------
    >>> listing("ABCDE", most=3)
    'A, B, ... E'
    """
    listed = list(words)
    if len(listed) <= most:
        return ", ".join(listed)
    return f"{', '.join(listed[: most - 1])}, ... {listed[-1]}"


def chain_label(name: str) -> str:
    """Return ``chain A``, or ``chain (blank)`` for a chain without a name."""
    return f"chain {name or '(blank)'}"


def no_known(novel: str, topology: str = "") -> str:
    """Return in which known relatives a domain is not, ``""`` if it is in one.

    Known nodes are those in the index of protvox, which does not contain all of CATH.

    Parameters
    ----------
    novel
        ``"superfamily"``, ``"topology"`` or ``""``, see
        `protvox.predict.results.records.DomainPrediction`.
    topology
        Code and name of its topology, if it has one.

    Examples
    --------
    >>> no_known("superfamily", "3.40.50 Rossmann fold")
    'no known superfamily of 3.40.50 Rossmann fold'
    """
    if novel == "superfamily" and topology:
        return f"no known superfamily of {topology}"
    return f"no known {novel}" if novel else ""


def as_cell(value: object) -> object:
    """Return a value of a table, with an apostrophe before a text that begins like a formula.

    Names of files and chains may come from strangers, and a spreadsheet would compute them.

    Parameters
    ----------
    value
        Any value; only texts are changed.

    Examples
    --------
    >>> as_cell("=HYPERLINK(A1)"), as_cell("-5-80"), as_cell(-1.5)
    ("'=HYPERLINK(A1)", '-5-80', -1.5)
    """
    return re.sub(FORMULA, r"'\1", value) if isinstance(value, str) else value
