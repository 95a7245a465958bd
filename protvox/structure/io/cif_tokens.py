"""Compiled loops over the tokens of CIF text."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

TAG: Final = 1
"""Kinds of tokens: tag, ``data_``, ``loop_``, ``save_``, value, quoted value, end, invalid."""

DATA: Final = 2
LOOP: Final = 3
SAVE: Final = 4
VALUE: Final = 5
QUOTED: Final = 6
END: Final = 0
BROKEN: Final = -1


@compile_exact
def next_token(text: NDArray[np.uint8], pos: int) -> tuple[int, int, int, int]:
    """Return the next token: kind, start, stop, and the position after it.

    Quotes and the semicolons of text fields are not part of the token. The kind is `BROKEN`
    if a quote or a text field is not closed.
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
    """Find the wanted categories, and check the syntax of the whole file.

    Parameters
    ----------
    text
        Bytes of the file.
    wanted
        ``category letter``, names such as ``_atom_site.`` in lower case.
    lengths
        ``category``, length of each name.

    Returns
    -------
    broken, tags, loops
        Position of a syntax error or -1; rows (block, category or -1, start, stop, loop or -1)
        of all tags; rows (end of the last tag, end of the values, number of values) of the loops
        of wanted categories.
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
        elif kind in (TAG, LOOP) and block >= 0:
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
            while kind in (VALUE, QUOTED):
                values += 1
                end = pos
                kind, start, stop, pos = next_token(text, pos)
                if not loop:
                    break
            if (values == 0 and not loop) or values % width:
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
def read_tokens(text: NDArray[np.uint8], pos: int, n: int) -> NDArray[np.int64]:
    """Return the start and stop of values, ``value 2``; both are equal for absent values."""
    out = np.empty((n, 2), dtype=np.int64)
    for i in range(n):
        kind, start, stop, pos = next_token(text, pos)
        absent = kind == VALUE and stop - start == 1 and (text[start] == 46 or text[start] == 63)
        out[i, 0] = start
        out[i, 1] = start if absent else stop
    return out


@compile_exact
def read_token_column(
    text: NDArray[np.uint8], pos: int, rows: int, width: int, column: int
) -> NDArray[np.int64]:
    """Return the start and stop of the values of one column, ``row 2``."""
    out = np.empty((rows, 2), dtype=np.int64)
    for row in range(rows):
        for i in range(width):
            _, start, stop, pos = next_token(text, pos)
            if i == column:
                out[row, 0], out[row, 1] = start, stop
    return out
