"""A look at the raw coordinate columns of a PDB file, which gemmi reads as 0 when bad."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError

_FIRST: Final = 30
_WIDTH: Final = 8
_LAST: Final = _FIRST + 3 * _WIDTH


def check_columns(data: bytes, *, where: str) -> None:
    """Refuse a PDB file whose x, y or z columns do not hold one number each.

    Parameters
    ----------
    data
        PDB text.
    where
        Name used in errors.

    Raises
    ------
    InputError
        ``input.coordinates``, naming the first bad line.
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
        _refuse(data, lines, starts, ends, int(np.argmax(short)), where)
    fields = text[(starts + _FIRST)[:, None] + np.arange(3 * _WIDTH)]
    bad = ~_is_number(fields.reshape(-1, 3, _WIDTH)).all(axis=1)
    if bad.any():
        _refuse(data, lines, starts, ends, int(np.argmax(bad)), where)


def _is_atom(text: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    padded = np.concatenate([text, np.zeros(6, dtype=np.uint8)])
    head = padded[starts[:, None] + np.arange(6)]
    # gemmi accepts lower-case record names and looks at the first four letters.
    head = head & 0xDF
    atom = (head[:, :4] == np.frombuffer(b"ATOM", dtype=np.uint8)).all(axis=1)
    hetatm = (head == np.frombuffer(b"HETATM", dtype=np.uint8)).all(axis=1)
    result: NDArray[np.bool_] = atom | hetatm
    return result


def _is_number(fields: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which fields are blanks, an optional sign, digits and one point, blanks."""
    digit = (fields >= ord("0")) & (fields <= ord("9"))
    point = fields == ord(".")
    sign = (fields == ord("-")) | (fields == ord("+"))
    blank = fields == ord(" ")
    solid = ~blank
    one_word = (solid[..., 1:] & blank[..., :-1]).sum(axis=-1) + solid[..., 0] == 1
    sign_first = ~(sign[..., 1:] & solid[..., :-1]).any(axis=-1)
    known = (digit | point | sign | blank).all(axis=-1)
    result: NDArray[np.bool_] = (
        known & one_word & sign_first & digit.any(axis=-1) & (point.sum(axis=-1) <= 1)
    )
    return result


def _refuse(
    data: bytes,
    lines: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    row: int,
    where: str,
) -> None:
    line = data[int(starts[row]) : int(ends[row])].decode("latin-1").rstrip()
    found = line[_FIRST:_LAST].strip() or "nothing"
    raise InputError(f"columns 31-54 should hold three coordinates but hold {found!r}",
                     where=f"{where}, line {int(lines[row]) + 1}",
                     remedy="Correct or remove this line", code="input.coordinates")  # fmt: skip
