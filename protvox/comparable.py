"""Results that compare by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


class Comparable:
    """Makes a dataclass with arrays equal to another of the same content.

    Notes
    -----
    The comparison that `dataclasses` writes fails for arrays. Arrays are equal if they have the
    same type, shape and values; NaN equals NaN. Like other objects that compare by content and
    hold arrays, results have no hash.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same type and content."""
        if type(self) is not type(other):
            return NotImplemented
        return all(
            same_content(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)  # type: ignore[arg-type]
        )


def same_content(one: Any, other: Any) -> bool:
    """Return whether two values of fields are equal, arrays inside them included.

    Parameters
    ----------
    one, other
        Numbers, texts, arrays, records, and tuples or mappings of these.
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _same_arrays(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_content(one[k], other[k]) for k in one)
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same_content, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other)
    if is_dataclass(one) and type(one) is type(other) and not isinstance(one, type):
        return all(
            same_content(getattr(one, field.name), getattr(other, field.name))
            for field in fields(one)
        )
    return bool(one == other)


def _same_arrays(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
