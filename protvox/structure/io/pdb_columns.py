"""Validation of the coordinate columns of a PDB file; gemmi reads invalid ones as 0."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail

_FIRST: Final = 30
_WIDTH: Final = 8
_LAST: Final = _FIRST + 3 * _WIDTH
_OTHER, _BLANK, _DIGIT, _POINT, _SIGN = range(5)
_CLASSES: Final = np.zeros(256, dtype=np.uint8)
_CLASSES[ord(" ")] = _BLANK
_CLASSES[ord("0") : ord("9") + 1] = _DIGIT
_CLASSES[ord(".")] = _POINT
_CLASSES[[ord("-"), ord("+")]] = _SIGN


def check_columns(data: bytes, *, where: str) -> None:
    """Check that the x, y and z columns of a PDB file hold one number each.

    Parameters
    ----------
    data
        PDB text.
    where
        Name used in errors.

    Raises
    ------
    InputError
        ``input.coordinates``, naming the first invalid line.
    """
    text = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], ends + 1])
    ends = np.append(ends, len(text))
    atoms = _is_atom(text, starts)
    lines = np.flatnonzero(atoms)
    starts, ends = starts[lines], ends[lines]
    short = ends - starts < _LAST
    if short.any():
        _fail_at(data, lines, starts, ends, int(np.argmax(short)), where)
    fields = text[(np.arange(_FIRST, _LAST))[:, None] + starts]
    invalid = ~_is_number(fields.reshape(3, _WIDTH, -1)).all(axis=0)
    if invalid.any():
        _fail_at(data, lines, starts, ends, int(np.argmax(invalid)), where)


def _is_atom(text: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    padded = np.concatenate([text, np.zeros(6, dtype=np.uint8)])
    # gemmi accepts record names in any case, and ATOM by its first four letters.
    head = padded[np.arange(6)[:, None] + starts] & 0xDF
    atom = np.ones(len(starts), dtype=np.bool_)
    for column, letter in zip(head, b"ATOM", strict=False):
        atom &= column == letter
    hetatm = np.ones(len(starts), dtype=np.bool_)
    for column, letter in zip(head, b"HETATM", strict=True):
        hetatm &= column == letter
    return atom | hetatm


def _is_number(fields: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which fields (``axis letter line``) hold a single decimal number, ``axis line``."""
    letter = _CLASSES[fields]
    solid = letter != _BLANK
    words = solid[:, 0].astype(np.int8) + (solid[:, 1:] & ~solid[:, :-1]).sum(1, dtype=np.int8)
    late_sign = ((letter[:, 1:] == _SIGN) & solid[:, :-1]).any(axis=1)
    result: NDArray[np.bool_] = (
        (words == 1)
        & ~late_sign
        & (letter != _OTHER).all(axis=1)
        & (letter == _DIGIT).any(axis=1)
        & ((letter == _POINT).sum(axis=1, dtype=np.int8) <= 1)
    )
    return result


def _fail_at(
    data: bytes,
    lines: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    row: int,
    where: str,
) -> None:
    line = data[int(starts[row]) : int(ends[row])].decode("latin-1").rstrip()
    found = line[_FIRST:_LAST].strip() or "nothing"
    line_number = int(lines[row]) + 1
    raise fail("input.coordinates.columns", where=f"{where}, line {line_number}", found=found)
