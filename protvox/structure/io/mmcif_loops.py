"""Compiled loops over the bytes of mmCIF files."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

TAG: Final = 1
"""Kinds of tokens: a tag, ``data_``, ``loop_``, ``save_`` and others, a value, the end."""

DATA: Final = 2
LOOP: Final = 3
SAVE: Final = 4
VALUE: Final = 5
QUOTED: Final = 6
END: Final = 0
BROKEN: Final = -1

TEXT_COLUMNS: Final = 10
"""Columns of text that `read_rows` returns; the roles from here on are numbers."""

X: Final = 10
OCCUPANCY: Final = 13
NUMBER: Final = 14
LABEL_NUMBER: Final = 15
MODEL: Final = 16
GROUP: Final = 17

MISSING: Final = -(2**31)
"""Number of residues and models without one."""

NO_INTEGER: Final = MISSING + 1
"""Number of residues and models whose number is something else."""

_LONGEST = 65535
_POWERS = 10.0 ** np.arange(23)


@compile_exact
def next_token(text: NDArray[np.uint8], pos: int) -> tuple[int, int, int, int]:
    """Return the next token from a position on: kind, first and one past the last letter, and
    where to go on.

    Quotes and the semicolons of text fields are not part of the token. The kind is `BROKEN`
    where a quote or a text field does not end.
    """
    size = len(text)
    while pos < size:
        letter = text[pos]
        if letter == 32 or letter == 10 or letter == 9 or letter == 13:
            pos += 1
        elif letter == 35:
            while pos < size and text[pos] != 10:
                pos += 1
        else:
            break
    if pos >= size:
        return END, size, size, size
    letter = text[pos]
    if letter == 59 and (pos == 0 or text[pos - 1] == 10):
        end = pos + 1
        while end < size and not (text[end] == 59 and text[end - 1] == 10):
            end += 1
        if end >= size:
            return BROKEN, pos, size, size
        last = end - 1
        if last > pos + 1 and text[last - 1] == 13:
            last -= 1
        return QUOTED, pos + 1, max(last, pos + 1), end + 1
    if letter == 39 or letter == 34:
        end = pos + 1
        while end < size and text[end] != 10:
            if text[end] == letter and (end + 1 == size or text[end + 1] <= 32):
                return QUOTED, pos + 1, end, end + 1
            end += 1
        return BROKEN, pos, end, end
    end = pos + 1
    while end < size and text[end] > 32:
        end += 1
    kind = VALUE
    if letter == 95:
        kind = TAG
    elif end - pos >= 5 and text[pos + 4] == 95:
        a, b, c, d = text[pos] | 32, text[pos + 1] | 32, text[pos + 2] | 32, text[pos + 3] | 32
        if a == 100 and b == 97 and c == 116 and d == 97:
            kind = DATA
        elif a == 108 and b == 111 and c == 111 and d == 112 and end - pos == 5:
            kind = LOOP
        elif a == 115 and b == 97 and c == 118 and d == 101:
            kind = SAVE
    return kind, pos, end, end


@compile_exact
def scan_cif(
    text: NDArray[np.uint8], wanted: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Find the categories that matter, and check the grammar of the whole file.

    Parameters
    ----------
    text
        Bytes of the file.
    wanted
        ``category letter``, names such as ``_atom_site.`` in lower case.
    lengths
        ``category``, letters of each.

    Returns
    -------
    broken, tags, loops
        Position of what breaks the grammar or -1; rows (block, category or -1, start, stop,
        loop or -1) of all tags; rows (end of the last tag, end of the
        values, values) of all loops of categories that matter.
    """
    tags = np.empty((256, 5), dtype=np.int64)
    loops = np.empty((64, 3), dtype=np.int64)
    n_tags, n_loops, block = 0, 0, -1
    kind, start, stop, pos = next_token(text, 0)
    while kind != END:
        if kind == DATA:
            block += 1
            kind, start, stop, pos = next_token(text, pos)
        elif kind == SAVE and block >= 0:
            kind, start, stop, pos = next_token(text, pos)
        elif (kind == TAG or kind == LOOP) and block >= 0:
            loop = kind == LOOP
            first = n_tags
            matters = False
            if loop:
                kind, start, stop, pos = next_token(text, pos)
            while kind == TAG:
                category = -1
                for i in range(len(lengths)):
                    if stop - start > lengths[i]:
                        same = True
                        for k in range(lengths[i]):
                            letter = text[start + k]
                            if 65 <= letter <= 90:
                                letter += 32
                            if letter != wanted[i, k]:
                                same = False
                                break
                        if same:
                            category = i
                            matters = True
                if n_tags == len(tags):
                    more = np.empty((4 * len(tags), 5), dtype=np.int64)
                    more[:n_tags] = tags
                    tags = more
                tags[n_tags, 0], tags[n_tags, 1] = block, category
                tags[n_tags, 2], tags[n_tags, 3] = start, stop
                tags[n_tags, 4] = n_loops
                n_tags += 1
                kind, start, stop, pos = next_token(text, pos)
                if not loop:
                    break
            width = n_tags - first
            if width == 0:
                return start, tags[:n_tags], loops[:n_loops]
            begin = tags[n_tags - 1, 3]
            values, end = 0, begin
            while kind == VALUE or kind == QUOTED:
                values += 1
                end = pos
                kind, start, stop, pos = next_token(text, pos)
                if not loop:
                    break
            if values == 0 and not loop or values % width:
                return start, tags[:n_tags], loops[:n_loops]
            if not matters:
                tags[first:n_tags, 4] = -1
            else:
                if n_loops == len(loops):
                    extra = np.empty((4 * len(loops), 3), dtype=np.int64)
                    extra[:n_loops] = loops
                    loops = extra
                loops[n_loops, 0], loops[n_loops, 1], loops[n_loops, 2] = begin, end, values
                n_loops += 1
        else:
            return start, tags[:n_tags], loops[:n_loops]
    return -1, tags[:n_tags], loops[:n_loops]


@compile_exact
def _number(text: NDArray[np.uint8], start: int, stop: int) -> float:
    """Read a number of CIF, whose uncertainty in brackets is ignored; NaN if it is none."""
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
    """Read an integer; `NO_INTEGER` if it is none."""
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
        ``column``, what each column is: one of the columns of text or numbers, or -1.
    starts, lengths
        ``text row``, filled with the position and length of each text; length 0 if absent.
    coordinates, occupancy
        ``row 3`` and ``row``, filled in; NaN for what is not a number.
    numbers
        ``3 row``: residue numbers, the same by label, models.
    letters
        ``row``, filled with the letter behind the residue number, as old files have it.
    hetero
        ``row``, filled in.

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
            absent = kind == VALUE and stop - start == 1 and (text[start] == 46 or text[start] == 63)
            if role < TEXT_COLUMNS:
                if stop - start > _LONGEST:
                    return start
                starts[role, row] = start
                lengths[role, row] = 0 if absent else stop - start
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
    codes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Number the different texts of a column in order of first appearance.

    Parameters
    ----------
    text
        Bytes of the file.
    starts, lengths
        ``row``, position and length of each text.
    codes
        ``row``, filled with the index of its text.

    Returns
    -------
    ndarray
        Row of the first appearance of each.
    """
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
        if slots[slot] < 0:
            slots[slot] = n
            first[n] = row
            hashes[n] = key
            n += 1
        codes[row] = slots[slot]
    return first[:n].copy()


@compile_exact
def read_tokens(text: NDArray[np.uint8], pos: int, n: int) -> NDArray[np.int64]:
    """Return ``value 2``, first and one past the last letter of values; equal if absent."""
    out = np.empty((n, 2), dtype=np.int64)
    for i in range(n):
        kind, start, stop, pos = next_token(text, pos)
        absent = kind == VALUE and stop - start == 1 and (text[start] == 46 or text[start] == 63)
        out[i, 0] = start
        out[i, 1] = start if absent else stop
    return out
