"""Compiled readers of single fields of PDB lines."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.io.residue_loops import NO_NUMBER

LATE_DIGIT: Final = 4
"""Flag of atoms with a digit in column 27 after a number of fewer than four characters."""

_POWERS = 10.0 ** np.arange(16)
_LINE_ENDS = np.uint64(0x0A0A0A0A0A0A0A0A)
_ONES = np.uint64(0x0101010101010101)
_HIGHS = np.uint64(0x8080808080808080)
_LOWS = np.uint64(0x7F7F7F7F7F7F7F7F)
_ZEROS = np.uint64(0x3030303030303030)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_PAIRS = np.uint64(0x000000FF000000FF)
_FIRST_PAIRS = np.uint64(0x000F424000000064)
_LAST_PAIRS = np.uint64(0x0000271000000001)
_BLANKS = np.uint64(0x2020202020202020)


@compile_exact
def eight_letters(text: NDArray[np.uint8], pos: int) -> np.uint64:
    """Return eight letters as an integer, the first in its lowest byte."""
    # The compiler makes one load of these, unless an index could be negative.
    i = np.uint64(pos)
    return (
        np.uint64(text[i])
        | np.uint64(text[i + np.uint64(1)]) << np.uint64(8)
        | np.uint64(text[i + np.uint64(2)]) << np.uint64(16)
        | np.uint64(text[i + np.uint64(3)]) << np.uint64(24)
        | np.uint64(text[i + np.uint64(4)]) << np.uint64(32)
        | np.uint64(text[i + np.uint64(5)]) << np.uint64(40)
        | np.uint64(text[i + np.uint64(6)]) << np.uint64(48)
        | np.uint64(text[i + np.uint64(7)]) << np.uint64(56)
    )


@compile_exact
def letters_before(text: NDArray[np.uint8], pos: int, stop: int) -> np.uint64:
    """Return eight letters as an integer, with blanks for those from ``stop`` on."""
    letters = eight_letters(text, pos)
    if stop >= pos + 8:
        return letters
    if stop <= pos:
        return _BLANKS
    kept = (np.uint64(1) << np.uint64(8 * (stop - pos))) - np.uint64(1)
    return (letters & kept) | (_BLANKS & ~kept)


@compile_exact
def find_line_end(text: NDArray[np.uint8], pos: int) -> int:
    """Return the position of the next line end, which must exist."""
    # Nearly all lines have 80 letters, which are compared at once.
    other = text[np.uint64(pos + 80)] != 10
    for i in range(80):
        other |= text[np.uint64(pos + i)] == 10
    if not other:
        return pos + 80
    while True:
        letters = eight_letters(text, pos) ^ _LINE_ENDS
        zeros = (letters - _ONES) & ~letters & _HIGHS
        if zeros:
            while not zeros & np.uint64(128):
                zeros >>= np.uint64(8)
                pos += 1
            return pos
        pos += 8


@compile_exact
def _three_decimals(letters: np.uint64) -> tuple[bool, float]:
    """Read a number with three decimals in eight letters, all of them at once.

    Returns False if it may be written in another way.
    """
    digits = letters ^ _ZEROS
    others = (((digits & _LOWS) + _ABOVE_NINE) | digits) & _HIGHS
    # The point must be the only letter but digits in the last five columns.
    if others >> np.uint64(24) != np.uint64(0x8000):
        return False, 0.0
    before = (others >> np.uint64(7)) & np.uint64(0x010101)
    mask = before * np.uint64(255)
    sign = (digits & mask) ^ (before * np.uint64(0x10))  # Zero if all of these are blanks.
    minus = (mask ^ (mask >> np.uint64(8))) & np.uint64(0x0D0D0D)
    point = ((letters >> np.uint64(32)) & np.uint64(255)) == np.uint64(46)
    if not point or mask & (mask + np.uint64(1)) or (sign and sign != minus):
        return False, 0.0
    digits &= ~mask
    packed = (digits & np.uint64(0xFFFFFFFF)) << np.uint64(8)
    packed |= (digits >> np.uint64(40)) << np.uint64(40)
    packed = packed * np.uint64(10) + (packed >> np.uint64(8))
    whole = (packed & _PAIRS) * _FIRST_PAIRS
    whole += ((packed >> np.uint64(16)) & _PAIRS) * _LAST_PAIRS
    value = np.int64(whole >> np.uint64(32)) / 1000.0
    return True, -value if sign else value


@compile_exact
def _any_decimals(text: NDArray[np.uint8], start: int) -> tuple[bool, float]:
    i, stop = start, start + 8
    while i < stop and text[i] == 32:
        i += 1
    negative = i < stop and text[i] == 45
    if i < stop and (text[i] == 45 or text[i] == 43):
        i += 1
    whole, digits, decimals, point = 0, 0, 0, False
    while i < stop and text[i] != 32:
        letter = text[i]
        if 48 <= letter <= 57:
            whole = 10 * whole + (letter - 48)
            digits += 1
            decimals += point
        elif letter == 46 and not point:
            point = True
        else:
            return False, 0.0
        i += 1
    while i < stop:
        if text[i] != 32:
            return False, 0.0
        i += 1
    value = whole / _POWERS[decimals]
    return digits > 0, -value if negative else value


@compile_exact
def read_coordinate(text: NDArray[np.uint8], start: int) -> tuple[bool, float]:
    """Read a number in eight columns: blanks, sign, digits with a point, blanks."""
    usual, value = _three_decimals(eight_letters(text, start))
    return (usual, value) if usual else _any_decimals(text, start)


@compile_exact
def read_occupancy(text: NDArray[np.uint8], start: int, stop: int) -> float:
    """Read a number leniently: trailing characters are ignored, and a missing number is 0."""
    i = start
    while i < stop and text[i] == 32:
        i += 1
    negative = i < stop and text[i] == 45
    if i < stop and (text[i] == 45 or text[i] == 43):
        i += 1
    value, scale, point = 0.0, 1.0, False
    while i < stop:
        letter = text[i]
        if 48 <= letter <= 57:
            value = 10.0 * value + (letter - 48)
            if point:
                scale *= 10.0
        elif letter == 46 and not point:
            point = True
        else:
            break
        i += 1
    return -value / scale if negative else value / scale


@compile_exact
def _base(text: NDArray[np.uint8], start: int, base: int, first: int) -> int:
    """Read four digits in a base above ten, whose letters start at ``first``; -1 if invalid."""
    value = 0
    for i in range(start, start + 4):
        letter = text[i]
        if 48 <= letter <= 57:
            digit = letter - 48
        elif first <= letter < first + base - 10:
            digit = letter - first + 10
        else:
            return -1
        value = base * value + digit
    return value


@compile_exact
def read_residue_number(
    text: NDArray[np.uint8], start: int, before: int, hexadecimal: bool
) -> tuple[int, int, int, bool]:
    """Read a residue number: number, insertion code, flags, and whether it is hexadecimal.

    The number may be decimal, hybrid-36, hexadecimal after 9999 as in VMD, or have five or more
    digits, which extend into the column of the insertion code.
    """
    code = text[start + 4]
    if code == 32:
        code = 0
    head = text[start]
    if head == 32:
        hexadecimal = False
    elif head == 50 and before == 9999 and _base(text, start, 16, 97) == 10000:
        hexadecimal = True
    if hexadecimal:
        number = _base(text, start, 16, 97)
        if number > 9999:
            return number, code, 0, True
        hexadecimal = False
    if 65 <= head <= 90:
        number = _base(text, start, 36, 65)
        if number >= 0:
            return number - 10 * 36**3 + 10**4, code, 0, False
    elif 97 <= head <= 122:
        number = _base(text, start, 36, 97)
        if number >= 0:
            return number + 16 * 36**3 + 10**4, code, 0, False
    i, stop = start, start + 4
    if head != 32 and 48 <= code <= 57:
        # Four full columns followed by a digit are a number of five or more digits.
        stop = start + 5
        while stop < start + 8 and 48 <= text[stop] <= 57:
            stop += 1
        code = 0
    while i < stop and text[i] == 32:
        i += 1
    negative = i < stop and text[i] == 45
    if negative or (i < stop and text[i] == 43):
        i += 1
    number, digits = 0, 0
    while i < stop and 48 <= text[i] <= 57:
        number = 10 * number + (text[i] - 48)
        digits += 1
        i += 1
    if i == stop - 1 and code == 0 and digits and (text[i] | 32) >= 97 and (text[i] | 32) <= 122:
        code = text[i]
    flags = 0
    if not digits:
        flags = NO_NUMBER
    if 48 <= code <= 57:
        flags |= LATE_DIGIT
    return (-number if negative else number), code, flags, False
