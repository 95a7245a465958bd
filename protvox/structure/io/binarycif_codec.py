"""Decoding of BinaryCIF columns (Sehnal et al. 2020, PLoS Comput. Biol. 16, e1008247)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint

MAX_ROWS: Final = 20_000_000
"""Largest number of values in a column; a few bytes of run-length code can stand for billions."""

_MAX_LETTERS: Final = 8 * MAX_ROWS
"""Largest number of characters in a column of strings, padded to the longest value."""

_RATIO: Final = 150
_FLOOR: Final = 256 << 20

_TYPES: Final = {1: "<i1", 2: "<i2", 3: "<i4", 4: "<u1", 5: "<u2", 6: "<u4", 32: "<f4", 33: "<f8"}


class CodecError(ValueError):
    """Invalid encoded data; `protvox.structure.io.read` converts it to an `InputError`."""


class Budget:
    """The memory that all columns of one file may use.

    Parameters
    ----------
    size
        Size of the file, bytes.

    Notes
    -----
    Files of the PDB decode to about 30 times their size, but a few bytes of run-length code can
    stand for billions of values.
    """

    def __init__(self, size: int) -> None:
        self._left = max(_FLOOR, _RATIO * size)

    def spend(self, count: int) -> None:
        """Subtract bytes from the budget.

        Parameters
        ----------
        count
            Number of bytes about to be used.

        Raises
        ------
        CodecError
            If the budget is exceeded.
        """
        checkpoint()
        self._left -= count
        if self._left < 0:
            raise CodecError("the columns are much larger than the file")


def decode(data: Mapping[str, Any], budget: Budget | None = None) -> NDArray[Any]:
    """Decode one encoded array.

    Parameters
    ----------
    data
        A BinaryCIF ``Data`` object: ``data`` bytes and the list of encodings.
    budget
        Memory that is left for it; by default that of a small file.

    Returns
    -------
    ndarray
        One-dimensional, of integers, floats or strings.

    Raises
    ------
    CodecError
        If an encoding is unknown or does not match the data.
    """
    budget = budget or Budget(0)
    if data["encoding"] and data["encoding"][0]["kind"] == "StringArray":
        words, index = decode_words(data, budget)
        longest = max(map(len, words))
        check_letters(longest, len(index))
        budget.spend(4 * max(longest, 1) * len(index))
        strings: NDArray[np.str_] = np.array(words, dtype=f"<U{max(longest, 1)}")[index]
        return strings
    value: Any = data["data"]
    for encoding in reversed(data["encoding"]):
        decoder = _DECODERS.get(encoding["kind"])
        if decoder is None:
            raise CodecError(f"unknown encoding {encoding['kind']!r}")
        value = decoder(value, encoding, budget)
        if len(value) > MAX_ROWS:
            raise CodecError(f"a column has more than {MAX_ROWS} values")
        budget.spend(0 if encoding["kind"] == "ByteArray" else value.nbytes)
    if not isinstance(value, np.ndarray):
        raise CodecError("a column is not an array")
    return value


def decode_words(
    data: Mapping[str, Any], budget: Budget | None = None
) -> tuple[list[str], NDArray[Any]]:
    """Decode an array of strings to its different words and the index of each value.

    Parameters
    ----------
    data
        A ``Data`` object whose outermost encoding is ``StringArray``.
    budget
        Memory that is left for it; by default that of a small file.

    Returns
    -------
    words, index
        The last word is empty; index -1, for an absent value, selects it.

    Raises
    ------
    CodecError
        If an encoding is unknown or does not match the data.
    """
    budget = budget or Budget(0)
    encoding = data["encoding"][0]
    if len(data["encoding"]) > 1:
        raise CodecError("a string array is encoded twice")
    index = _integers(decode({"data": data["data"], "encoding": encoding["dataEncoding"]}, budget))
    offsets = _integers(
        decode({"data": encoding["offsets"], "encoding": encoding["offsetEncoding"]}, budget)
    ).tolist()
    text = str(encoding["stringData"])
    # Overlapping words could make billions of letters out of a few.
    if offsets and (offsets[0] < 0 or offsets[-1] > len(text) or sorted(offsets) != offsets):
        raise CodecError("the offsets of strings are out of order")
    words = [text[a:b] for a, b in pairwise(offsets)] + [""]
    if len(index) and (index.min() < -1 or index.max() >= len(words) - 1):
        raise CodecError("a string index is out of range")
    check_letters(max(map(len, words)), len(words))
    return words, index


def _byte_array(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    kind = np.dtype(_TYPES[encoding["type"]])
    if not isinstance(value, bytes) or len(value) % kind.itemsize:
        raise CodecError("a byte array has the wrong length")
    return np.frombuffer(value, dtype=kind)


def _fixed_point(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    factor = float(encoding["factor"])
    if not factor:
        raise CodecError("a fixed-point factor is zero")
    return (_numbers(value) / factor).astype(_float_type(encoding))


def _interval(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    low, high, steps = float(encoding["min"]), float(encoding["max"]), int(encoding["numSteps"])
    if steps < 2:
        raise CodecError("an interval has fewer than two steps")
    delta = (high - low) / (steps - 1)
    return (low + delta * _integers(value)).astype(_float_type(encoding))


def _run_length(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    pairs = _integers(value)
    if len(pairs) % 2:
        raise CodecError("a run-length code does not consist of pairs")
    runs = pairs[1::2].astype(np.int64)
    if (runs < 0).any() or (runs > MAX_ROWS).any() or runs.sum() > MAX_ROWS:
        raise CodecError("a run-length code has an impossible length")
    budget.spend(8 * int(runs.sum()))
    return np.repeat(pairs[::2], runs)


def _delta(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    steps = _integers(value).astype(np.int64)
    total = np.cumsum(steps) + int(encoding["origin"])
    return total.astype(np.int32)


def _integer_packing(value: Any, encoding: Mapping[str, Any], budget: Budget) -> NDArray[Any]:
    packed = _integers(value)
    limits = np.iinfo(packed.dtype)
    full = packed == limits.max
    if packed.dtype.kind == "i":
        full |= packed == limits.min
    if not full.any():
        return packed.astype(np.int32)
    # A number ends at the first entry that is not at a limit, and is the sum up to there.
    ends = np.flatnonzero(~full)
    if not len(ends) or ends[-1] != len(packed) - 1:
        raise CodecError("packed integers end within a number")
    starts = np.concatenate([[0], ends[:-1] + 1])
    sums: NDArray[Any] = np.add.reduceat(packed.astype(np.int64), starts)
    return sums.astype(np.int32)


def check_letters(longest: int, n: int) -> None:
    """Check that a column of strings fits into memory.

    Parameters
    ----------
    longest
        Length of its longest value.
    n
        Number of values.

    Raises
    ------
    CodecError
        If the column is larger than that of any real structure.
    """
    if longest * n > _MAX_LETTERS:
        raise CodecError("a column of strings is too large")


def _integers(value: Any) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        raise CodecError("a column of integers was expected")
    return value


def _numbers(value: Any) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        raise CodecError("a column of numbers was expected")
    return value


def _float_type(encoding: Mapping[str, Any]) -> np.dtype[Any]:
    kind = np.dtype(_TYPES[encoding["srcType"]])
    if kind.kind != "f":
        raise CodecError("a float column has an integer type")
    return kind


_DECODERS: Final = {
    "ByteArray": _byte_array,
    "FixedPoint": _fixed_point,
    "IntervalQuantization": _interval,
    "RunLength": _run_length,
    "Delta": _delta,
    "IntegerPacking": _integer_packing,
}
