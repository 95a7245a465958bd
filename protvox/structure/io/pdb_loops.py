"""Compiled loops over the bytes of PDB files."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.io.residue_loops import NO_NUMBER

TER: Final = 1
MODEL: Final = 2
ENDMDL: Final = 3
END: Final = 4
SEQRES: Final = 5
HETNAM: Final = 6
DBREF: Final = 7

HETERO: Final = 1
"""Flag of atoms in HETATM records."""

LATE_DIGIT: Final = 4
"""Flag of atoms with a digit in column 27 after a number of fewer than four characters."""

TO_INFER: Final = 255
"""Element code of atoms whose element columns are empty."""

_POWERS = 10.0 ** np.arange(16)
_LINE_ENDS = np.uint64(0x0A0A0A0A0A0A0A0A)
_ONES = np.uint64(0x0101010101010101)
_HIGHS = np.uint64(0x8080808080808080)


@compile_exact
def _coordinate(text: NDArray[np.uint8], start: int) -> tuple[bool, float]:
    """Read a number in eight columns: blanks, sign, digits with a point, blanks."""
    i, stop = start, start + 8
    while i < stop and text[i] == 32:
        i += 1
    negative = i < stop and text[i] == 45
    if i < stop and (text[i] == 45 or text[i] == 43):
        i += 1
    # Nearly always three decimals end the field.
    a, b, c = text[start + 5] - 48, text[start + 6] - 48, text[start + 7] - 48
    if text[start + 4] == 46 and 0 <= a < 10 and 0 <= b < 10 and 0 <= c < 10 and i < start + 4:
        whole = 0
        while i < start + 4:
            digit = text[i] - 48
            if not 0 <= digit < 10:
                return False, 0.0
            whole = 10 * whole + digit
            i += 1
        value = (1000 * whole + 100 * a + 10 * b + c) / 1000.0
        return True, -value if negative else value
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
def _occupancy(text: NDArray[np.uint8], start: int, stop: int) -> float:
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
def _residue_number(
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


@compile_exact
def _grow(events: NDArray[np.int64]) -> NDArray[np.int64]:
    larger = np.empty((2 * len(events), 3), dtype=np.int64)
    larger[: len(events)] = events
    return larger


@compile_exact
def _line_end(words: NDArray[np.uint64], pos: int) -> int:
    """Return the position of the next line end, looking at eight letters at a time."""
    index = pos >> 3
    # Letters before the position are made to differ from a line end; a zero is one.
    before = (np.uint64(1) << np.uint64(8 * (pos & 7))) - np.uint64(1)
    letters = (words[index] ^ _LINE_ENDS) | before
    while True:
        zeros = (letters - _ONES) & ~letters & _HIGHS
        if zeros:
            pos = index << 3
            while not zeros & np.uint64(128):
                zeros >>= np.uint64(8)
                pos += 1
            return pos
        index += 1
        letters = words[index] ^ _LINE_ENDS


@compile_exact
def scan_pdb(
    text: NDArray[np.uint8],
    words: NDArray[np.uint64],
    size: int,
    state: NDArray[np.int64],
    elements: NDArray[np.uint8],
    name: NDArray[np.uint8],
    residue: NDArray[np.uint8],
    number: NDArray[np.int32],
    codes: NDArray[np.uint8],
    coordinates: NDArray[np.float64],
    occupancy: NDArray[np.float32],
    flags: NDArray[np.uint8],
    element: NDArray[np.uint8],
    segment: NDArray[np.uint8],
) -> tuple[int, NDArray[np.int64]]:
    """Read the columns of all atom records, and list the other records that are needed.

    Parameters
    ----------
    text
        Bytes of the file.
    words
        The same, eight bytes each.
    size
        Position to stop at: the start of a line, with at least 90 bytes of text after it.
    state
        Input and output, to continue after an earlier call: atoms so far, number of the last
        residue, whether numbers are hexadecimal, atoms with a line number in columns 77-80,
        atoms of AutoDock files.
    elements
        ``2 65536``, element codes of two letters, in PDB and in AutoDock files.
    name, residue, number, codes, coordinates, occupancy, flags, element, segment
        Output, one row per atom: columns 13-16, columns 18-22, residue number, alternative
        position and insertion code, x, y, z, occupancy, flags, element code, columns 73-76.

    Returns
    -------
    bad, events
        Position of the first line with invalid coordinates or -1; rows (record, atoms before it,
        position).
    """
    events = np.empty((64, 3), dtype=np.int64)
    n_events = 0
    row, before, hexadecimal = state[0], state[1], state[2] != 0
    cards, autodock_atoms = state[3], state[4]
    pos = 0
    while pos < size:
        end = _line_end(words, pos)
        a, b = text[pos] & 0xDF, text[pos + 1] & 0xDF
        c, d = text[pos + 2] & 0xDF, text[pos + 3] & 0xDF
        hetero = a == 72 and b == 69 and c == 84 and d == 65
        if hetero or (a == 65 and b == 84 and c == 79 and d == 77):
            if end - pos < 54:
                return pos, events[:n_events]
            stop = end - 1 if text[end - 1] == 13 else end
            for axis in range(3):
                good, value = _coordinate(text, pos + 30 + 8 * axis)
                if not good:
                    return pos, events[:n_events]
                coordinates[row, axis] = value
            for i in range(4):
                name[row, i] = text[pos + 12 + i]
            for i in range(5):
                residue[row, i] = text[pos + 17 + i]
            found, code, flag, hexadecimal = _residue_number(text, pos + 22, before, hexadecimal)
            before = found
            number[row] = found
            alternative = text[pos + 16]
            codes[row, 0] = 0 if alternative == 32 else alternative
            codes[row, 1] = code
            flags[row] = flag | hetero
            occupancy[row] = _occupancy(text, pos + 54, pos + 60) if stop - pos >= 58 else 1.0
            autodock = (
                stop - pos >= 78
                and text[pos + 72] == 46
                and 48 <= text[pos + 71] <= 57
                and 48 <= text[pos + 73] <= 57
                and 48 <= text[pos + 74] <= 57
                and 48 <= text[pos + 75] <= 57
            )
            autodock_atoms += autodock
            for i in range(4):
                letter = text[pos + 72 + i] if pos + 72 + i < stop and not autodock else 32
                segment[row, i] = letter
            first = text[pos + 76] if pos + 76 < stop else 32
            second = text[pos + 77] if pos + 77 < stop else 32
            if autodock:
                first, second = second, 32
                if pos + 78 < stop:
                    second = text[pos + 78]
                element[row] = elements[1, 256 * np.int64(first) + second]
            else:
                element[row] = elements[0, 256 * np.int64(first) + second]
                if stop - pos >= 80:
                    digits = 0
                    for i in range(76, 80):
                        letter = text[pos + i]
                        if 48 <= letter <= 57:
                            digits += 1
                        elif letter != 32:
                            digits = -9
                    cards += digits > 0
            row += 1
        else:
            kind = 0
            last = text[pos + 3] if pos + 3 < end else 32
            if a == 84 and b == 69 and c == 82 and last < 65:
                kind = TER
            elif a == 77 and b == 79 and c == 68 and d == 69:
                kind = MODEL
            elif a == 69 and b == 78 and c == 68:
                if last < 65:
                    kind = END
                elif d == 77:
                    kind = ENDMDL
            elif a == 83 and b == 69 and c == 81 and d == 82:
                kind = SEQRES
            elif a == 72 and b == 69 and c == 84 and d == 78:
                kind = HETNAM
            elif a == 68 and b == 66 and c == 82 and d == 69:
                kind = DBREF
            if kind:
                if n_events == len(events):
                    events = _grow(events)
                events[n_events, 0] = kind
                events[n_events, 1] = row
                events[n_events, 2] = pos
                n_events += 1
        pos = end + 1
    state[0], state[1], state[2] = row, before, hexadecimal
    state[3], state[4] = cards, autodock_atoms
    return -1, events[:n_events]
