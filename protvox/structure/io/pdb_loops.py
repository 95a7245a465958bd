"""Compiled loop over the lines of PDB files."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.io.pdb_fields import (
    eight_letters,
    find_line_end,
    letters_before,
    read_coordinate,
    read_occupancy,
    read_residue_number,
)

TER: Final = 1
MODEL: Final = 2
ENDMDL: Final = 3
END: Final = 4
SEQRES: Final = 5
HETNAM: Final = 6
DBREF: Final = 7

HETERO: Final = 1
"""Flag of atoms in HETATM records."""

TO_INFER: Final = 255
"""Element code of atoms whose element columns are empty."""

BLANK: Final = 0x20202020
"""A segment identifier of four blanks."""

COLUMNS: Final = {
    "name": np.uint32,
    "residue": np.uint64,
    "number": np.int32,
    "alternative": np.uint32,
    "insertion": np.uint32,
    "coordinates": np.float64,
    "occupancy": np.float32,
    "flags": np.uint8,
    "element": np.uint8,
    "segment": np.uint32,
}
"""The columns that `scan_pdb` fills, in its order."""

_SIX = np.uint64(0xFFFFFFFFFFFF)


@compile_exact
def _is_autodock(text: NDArray[np.uint8], pos: int, letters: np.uint64, stop: int) -> bool:
    """Return whether a line has a charge with three decimals in columns 71-76."""
    if letters & np.uint64(255) != np.uint64(46) or stop - pos < 78:
        return False
    digits = 48 <= text[pos + 71] <= 57
    for i in range(73, 76):
        digits &= 48 <= text[pos + i] <= 57
    return digits


@compile_exact
def _is_line_number(text: NDArray[np.uint8], pos: int, stop: int) -> bool:
    """Return whether columns 77-80 have digits and blanks only."""
    if stop - pos < 80:
        return False
    digits = 0
    for i in range(76, 80):
        letter = text[pos + i]
        if 48 <= letter <= 57:
            digits += 1
        elif letter != 32:
            return False
    return digits > 0


@compile_exact
def _record(text: NDArray[np.uint8], pos: int, end: int) -> int:
    """Return the kind of a record other than that of an atom; 0 for those not needed."""
    a, b = text[pos] & 0xDF, text[pos + 1] & 0xDF
    c, d = text[pos + 2] & 0xDF, text[pos + 3] & 0xDF
    last = text[pos + 3] if pos + 3 < end else 32
    if a == 84 and b == 69 and c == 82 and last < 65:
        return TER
    if a == 77 and b == 79 and c == 68 and d == 69:
        return MODEL
    if a == 69 and b == 78 and c == 68:
        if last < 65:
            return END
        return ENDMDL if d == 77 else 0
    if a == 83 and b == 69 and c == 81 and d == 82:
        return SEQRES
    if a == 72 and b == 69 and c == 84 and d == 78:
        return HETNAM
    if a == 68 and b == 66 and c == 82 and d == 69:
        return DBREF
    return 0


@compile_exact
def scan_pdb(
    text: NDArray[np.uint8],
    pos: int,
    size: int,
    state: NDArray[np.int64],
    events: NDArray[np.int64],
    elements: NDArray[np.uint8],
    name: NDArray[np.uint32],
    residue: NDArray[np.uint64],
    number: NDArray[np.int32],
    alternative: NDArray[np.uint32],
    insertion: NDArray[np.uint32],
    coordinates: NDArray[np.float64],
    occupancy: NDArray[np.float32],
    flags: NDArray[np.uint8],
    element: NDArray[np.uint8],
    segment: NDArray[np.uint32],
) -> tuple[int, int, bool]:
    """Read the columns of all atom records, and list the other records that are needed.

    Parameters
    ----------
    text
        Bytes of the file.
    pos
        Position of the first line to read.
    size
        Position to stop at: the start of a line, with at least 90 bytes of text after it.
    state
        Input and output, to continue after an earlier call: atoms so far, number of the last
        residue, whether numbers are hexadecimal, atoms with a line number in columns 77-80,
        atoms with a segment identifier.
    events
        ``record 3``, output: kind of record, atoms before it, position.
    elements
        ``2 65536``, element codes of two letters, in PDB and in AutoDock files.
    name, residue, number, alternative, insertion, coordinates, occupancy, flags, element, segment
        Output, one row per atom: columns 13-16, columns 18-22, residue number, code points of the
        alternative position and of the insertion code, x, y, z, occupancy, flags, element code,
        columns 73-76. Letters are packed into integers, the first in the lowest byte.

    Returns
    -------
    pos, n_events, good
        Position reached, which is before ``size`` if all events are full; number of events;
        false if the line there has invalid coordinates.
    """
    n_events = 0
    row, found, hexadecimal = state[0], state[1], state[2] != 0
    cards, segments = state[3], state[4]
    first_row, code, flag, field = row, 0, 0, np.uint64(0)
    occupied, fraction = np.uint64(0), 0.0
    while pos < size and n_events < len(events):
        end = find_line_end(text, pos)
        head = eight_letters(text, pos) & np.uint64(0xDFDFDFDF)
        hetero = head == np.uint64(0x41544548)  # HETA
        if hetero or head == np.uint64(0x4D4F5441):  # ATOM
            if end - pos < 54:
                return pos, n_events, False
            stop = end - 1 if text[end - 1] == 13 else end
            for axis in range(3):
                good, value = read_coordinate(text, pos + 30 + 8 * axis)
                if not good:
                    return pos, n_events, False
                coordinates[row, axis] = value
            letters = eight_letters(text, pos + 12)
            name[row] = letters & np.uint64(0xFFFFFFFF)
            other = (letters >> np.uint64(32)) & np.uint64(255)
            alternative[row] = 0 if other == np.uint64(32) else other
            chain = eight_letters(text, pos + 20) & np.uint64(0xFFFF)
            residue[row] = letters >> np.uint64(40) | chain << np.uint64(24)
            # A field that is repeated has the same meaning.
            letters = eight_letters(text, pos + 22)
            if letters != field or row == first_row:
                field = letters
                found, code, flag, hexadecimal = read_residue_number(
                    text, pos + 22, found, hexadecimal
                )
            number[row] = found
            insertion[row] = code
            flags[row] = flag | hetero
            if stop - pos >= 58:
                letters = eight_letters(text, pos + 54) & _SIX
                if letters != occupied:
                    occupied = letters
                    fraction = read_occupancy(text, pos + 54, pos + 60)
                occupancy[row] = fraction
            else:
                occupancy[row] = 1.0
            letters = letters_before(text, pos + 72, stop)
            first = (letters >> np.uint64(32)) & np.uint64(255)
            second = (letters >> np.uint64(40)) & np.uint64(255)
            kind = 0
            if _is_autodock(text, pos, letters, stop):
                kind = 1
                first, second = second, (letters >> np.uint64(48)) & np.uint64(255)
                letters = np.uint64(BLANK)
            elif second < np.uint64(58):
                cards += _is_line_number(text, pos, stop)
            element[row] = elements[kind, first << np.uint64(8) | second]
            segment[row] = letters & np.uint64(0xFFFFFFFF)
            segments += segment[row] != BLANK
            row += 1
        else:
            record = _record(text, pos, end)
            if record:
                events[n_events, 0] = record
                events[n_events, 1] = row
                events[n_events, 2] = pos
                n_events += 1
        pos = end + 1
    state[0], state[1], state[2] = row, found, hexadecimal
    state[3], state[4] = cards, segments
    return pos, n_events, True
