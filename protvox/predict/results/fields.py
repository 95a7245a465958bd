"""Types of fields of JSON documents: rounded numbers, vectors, values that may be absent."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, GetPydanticSchema, PlainSerializer
from pydantic_core import CoreSchema, core_schema

_DIGITS: Final = 6


def rounded(value: float) -> float | None:
    """Return a float with 6 significant digits, ``None`` when it is not finite.

    Parameters
    ----------
    value
        Any number.

    Examples
    --------
    >>> rounded(2 / 3), rounded(float("nan"))
    (0.666667, None)
    """
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def rounded_list(vector: NDArray[np.floating]) -> list[float | None]:
    """Return a vector as numbers with 6 significant digits.

    Parameters
    ----------
    vector
        ``axis``.
    """
    return [rounded(value) for value in vector.tolist()]


def _vector_schema(_type: Any, _handler: Any) -> CoreSchema:
    number = core_schema.nullable_schema(core_schema.float_schema())
    numbers = core_schema.list_schema(number)
    writer = core_schema.plain_serializer_function_ser_schema(rounded_list, return_schema=numbers)
    return core_schema.any_schema(serialization=writer)


Number = Annotated[float, PlainSerializer(rounded, return_type=float | None)]
"""A float; 6 significant digits in JSON, ``null`` when it is not finite."""


def _hidden_schema(_type: Any, _handler: Any) -> CoreSchema:
    return core_schema.any_schema()


HIDDEN: Final = (GetPydanticSchema(_hidden_schema), Field(exclude=True))
"""Leaves a field of any type out of JSON; unpack it into `Annotated`."""

Vector = Annotated[NDArray[np.float32], GetPydanticSchema(_vector_schema)]
"""A float32 vector; a list of `Number` in JSON."""


def _absent(value: Any) -> bool:
    return value is None


WITHOUT_NONE: Final = Field(exclude_if=_absent)
"""Leaves a field that is None out of JSON."""
