"""Compiled loops over the rows of ``atom_site`` in mmCIF files."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.io.cif_tokens import VALUE, next_token

TEXT_COLUMNS: Final = 10
"""Number of text columns; roles from here on are columns of numbers."""

X: Final = 10
OCCUPANCY: Final = 13
NUMBER: Final = 14
LABEL_NUMBER: Final = 15
MODEL: Final = 16
GROUP: Final = 17

MISSING: Final = -(2**31)
"""Value of an absent residue or model number."""

NO_INTEGER: Final = MISSING + 1
"""Value of a residue or model number that is not an integer."""

ABSENT: Final = 65535
"""Length of absent texts; empty texts in quotes have length 0."""

_POWERS = 10.0 ** np.arange(23)


@compile_exact
def _number(text: NDArray[np.uint8], start: int, stop: int) -> float:
    """Read a CIF number without its uncertainty in brackets; NaN if it is not a number."""
    i = start
    negative = i < stop and text[i] == 45
    if i < stop and (text[i] == 45 or text[i] == 43):
        i += 1
    whole, power, digits, point = np.uint64(0), 0, 0, False
    while i < stop:
        letter = text[i]
        if 48 <= letter <= 57:
            digits += 1
            if whole < np.uint64(10**17):
                whole = np.uint64(10) * whole + np.uint64(letter - 48)
                power -= point
            elif not point:
                power += 1
        elif letter == 46 and not point:
            point = True
        else:
            break
        i += 1
    if digits == 0:
        return np.nan
    if i < stop and (text[i] | 32) == 101:
        i += 1
        lower = i < stop and text[i] == 45
        if i < stop and (text[i] == 45 or text[i] == 43):
            i += 1
        exponent, found = 0, 0
        while i < stop and 48 <= text[i] <= 57:
            exponent = min(10 * exponent + (text[i] - 48), 9999)
            found += 1
            i += 1
        if not found:
            return np.nan
        power += -exponent if lower else exponent
    if i < stop and text[i] == 40:
        i += 1
        while i < stop and 48 <= text[i] <= 57:
            i += 1
        if i >= stop or text[i] != 41:
            return np.nan
        i += 1
    if i < stop:
        return np.nan
    value = float(whole)
    if -23 < power < 0:
        value /= _POWERS[-power]
    elif 0 <= power < 23:
        value *= _POWERS[power]
    else:
        value *= 10.0**power
    return -value if negative else value


@compile_exact
def _integer(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """Read an integer; `NO_INTEGER` if it is not one."""
    i = start
    negative = i < stop and text[i] == 45
    if i < stop and (text[i] == 45 or text[i] == 43):
        i += 1
    value, digits = 0, 0
    while i < stop and 48 <= text[i] <= 57 and digits < 12:
        value = 10 * value + (text[i] - 48)
        digits += 1
        i += 1
    if i < stop or not digits or value >= 2**31:
        return NO_INTEGER
    return -value if negative else value


@compile_exact
def read_rows(
    text: NDArray[np.uint8],
    pos: int,
    roles: NDArray[np.int64],
    slots: NDArray[np.int64],
    starts: NDArray[np.uint32],
    lengths: NDArray[np.uint16],
    coordinates: NDArray[np.float64],
    occupancy: NDArray[np.float32],
    numbers: NDArray[np.int32],
    letters: NDArray[np.uint8],
    hetero: NDArray[np.bool_],
) -> int:
    """Read the rows of ``atom_site``.

    Parameters
    ----------
    text
        Bytes of the file.
    pos
        Position of the first value.
    roles
        ``column``, role of each column, or -1 for columns that are not needed.
    slots
        Row of the next two for each column of text.
    starts, lengths
        ``text row``, output: position and length of each text, `ABSENT` if absent.
    coordinates, occupancy
        ``row 3`` and ``row``, output; NaN for values that are not numbers.
    numbers
        ``3 row``, output: author residue numbers, label residue numbers, models.
    letters
        ``row``, output: letter after the residue number, as in old files.
    hetero
        ``row``, output.

    Returns
    -------
    int
        Position of a value that is too long, or -1.
    """
    columns = len(roles)
    for row in range(len(occupancy)):
        for column in range(columns):
            kind, start, stop, pos = next_token(text, pos)
            role = roles[column]
            if role < 0:
                continue
            absent = (
                kind == VALUE and stop - start == 1 and (text[start] == 46 or text[start] == 63)
            )
            if role < TEXT_COLUMNS:
                if stop - start >= ABSENT:
                    return start
                starts[slots[role], row] = start
                lengths[slots[role], row] = ABSENT if absent else stop - start
            elif role < OCCUPANCY:
                coordinates[row, role - X] = np.nan if absent else _number(text, start, stop)
            elif role == OCCUPANCY:
                occupancy[row] = 1.0 if absent else _number(text, start, stop)
            elif role == GROUP:
                hetero[row] = stop > start and (text[start] & 0xDF) == 72
            else:
                if role == NUMBER and stop - start > 1 and (text[stop - 1] & 0xDF) >= 65:
                    stop -= 1
                    letters[row] = text[stop]
                numbers[role - NUMBER, row] = MISSING if absent else _integer(text, start, stop)
    return -1


@compile_exact
def intern_texts(
    text: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    lengths: NDArray[np.uint16],
    codes: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Index the distinct texts of a column in order of first appearance.

    Parameters
    ----------
    text
        Bytes of the file.
    starts, lengths
        ``row``, position and length of each text.
    codes
        ``row``, output: index of its text.

    Returns
    -------
    ndarray
        Row of the first appearance of each; none where texts are made to collide, which would
        take forever.
    """
    probes, most = 0, 32 * len(starts) + 4096
    size = 1024
    slots = np.full(size, -1, dtype=np.int64)
    first = np.empty(size, dtype=np.int64)
    hashes = np.empty(size, dtype=np.uint64)
    n = 0
    for row in range(len(starts)):
        start, length = np.int64(starts[row]), np.int64(lengths[row])
        if row:
            before = np.int64(starts[row - 1])
            same = length == lengths[row - 1]
            i = 0
            while same and i < length:
                same = text[start + i] == text[before + i]
                i += 1
            if same:
                codes[row] = codes[row - 1]
                continue
        if 2 * n >= size:
            size *= 4
            slots = np.full(size, -1, dtype=np.int64)
            rows, keys = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.uint64)
            rows[:n], keys[:n] = first[:n], hashes[:n]
            first, hashes = rows, keys
            for i in range(n):
                slot = np.int64(hashes[i] & np.uint64(size - 1))
                while slots[slot] >= 0:
                    slot = (slot + 1) & (size - 1)
                slots[slot] = i
        key = np.uint64(1469598103934665603)
        for i in range(length):
            key = (key ^ np.uint64(text[start + i])) * np.uint64(1099511628211)
        key ^= key >> np.uint64(31)
        slot = np.int64(key & np.uint64(size - 1))
        while slots[slot] >= 0:
            known = slots[slot]
            if hashes[known] == key and lengths[first[known]] == length:
                before = np.int64(starts[first[known]])
                same = True
                for i in range(length):
                    if text[start + i] != text[before + i]:
                        same = False
                        break
                if same:
                    break
            slot = (slot + 1) & (size - 1)
            probes += 1
        if probes > most:
            return first[:0].copy()
        if slots[slot] < 0:
            slots[slot] = n
            first[n] = row
            hashes[n] = key
            n += 1
        codes[row] = slots[slot]
    return first[:n].copy()
