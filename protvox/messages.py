"""Numbers and lists in messages."""

from __future__ import annotations

from collections.abc import Iterable


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it should be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listing(words: Iterable[str], most: int = 8) -> str:
    """Return words separated by commas, the middle of a long list left out.

    Parameters
    ----------
    words
        What to list.
    most
        Words shown, at most.
    """
    listed = list(words)
    if len(listed) <= most:
        return ", ".join(listed)
    return f"{', '.join(listed[: most - 1])}, ... {listed[-1]}"


def chain_label(name: str) -> str:
    """Return ``chain A``, also for a chain without a name."""
    return f"chain {name or '(blank)'}"
