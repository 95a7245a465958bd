"""Parsing of PDB files into an atom table, in file order."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import count
from protvox.structure.atom_table import AtomTable, Declared, Texts, spread
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.interning import factorize_integers
from protvox.structure.io import pdb_loops as loops
from protvox.structure.io.elements import (
    CODES,
    SYMBOL_ARRAY,
    SYMBOLS,
    element_tables,
    find_alone,
    infer_element,
    ion_element,
    is_ion_residue,
)
from protvox.structure.io.experiment import find_in_header
from protvox.structure.io.pdb_fields import LATE_DIGIT
from protvox.structure.io.pdb_models import number_models
from protvox.structure.io.plddt import find_sign_in_header, with_b_factors
from protvox.structure.io.residue_fields import read_fields
from protvox.structure.io.residue_loops import (
    NO_NUMBER,
    mark_polymers,
    number_residues,
)
from protvox.structure.io.title import title_of_header

_PADDING: Final = b"\n" + 100 * b" "
_SHORTEST: Final = 55
_EVENTS: Final = 4096
_LONG_CODE: Final = "~"
_FULL_CODE: Final = slice(71, 79)
_FIRST_ATOM: Final = re.compile(rb"^(?:ATOM|HETA)", re.I | re.M)
_B_FACTOR: Final = re.compile(rb"^(?:ATOM|HETA).{56}(.{6})", re.I | re.M)


class _Columns:
    """The columns of all atom records, as `pdb_loops.scan_pdb` fills them."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        most = len(data) // _SHORTEST + 1
        columns = [
            np.empty((most, 3) if name == "coordinates" else most, dtype=kind)
            for name, kind in loops.COLUMNS.items()
        ]
        state = np.zeros(5, dtype=np.int64)
        # The last lines are copied and padded, so that the loop may read past their ends.
        middle = data.rfind(b"\n", 0, max(len(data) - len(_PADDING), 0)) + 1
        last = data[middle:] + _PADDING
        self.events = np.concatenate(
            [
                self._scan(data, 0, middle, state, columns, where),
                self._scan(last, middle, len(data) - middle, state, columns, where),
            ]
        )
        self.n = n = int(state[0])
        self.has_segments = state[4] > 0 and 2 * state[3] <= n
        for column in columns:  # Gives back the memory of the rows that were not needed.
            column.resize((n, *column.shape[1:]), refcheck=False)
        self.name: NDArray[np.uint32] = columns[0]
        self.residue: NDArray[np.uint64] = columns[1]
        self.number: NDArray[np.int32] = columns[2]
        self.alternative: NDArray[np.uint32] = columns[3]
        self.insertion: NDArray[np.uint32] = columns[4]
        self.coordinates: NDArray[np.float64] = columns[5]
        self.occupancy: NDArray[np.float32] = columns[6]
        self.flags: NDArray[np.uint8] = columns[7]
        self.element: NDArray[np.uint8] = columns[8]
        self.segment: NDArray[np.uint32] = columns[9]

    def _scan(
        self,
        text: bytes,
        start: int,
        size: int,
        state: NDArray[np.int64],
        columns: list[NDArray[Any]],
        where: str,
    ) -> NDArray[np.int64]:
        letters = np.frombuffer(text, dtype=np.uint8)
        found = [np.zeros((0, 3), dtype=np.int64)]
        pos = 0
        while pos < size:
            events = np.empty((_EVENTS, 3), dtype=np.int64)
            pos, n, good = loops.scan_pdb(
                letters, pos, size, state, events, element_tables(), *columns
            )
            if not good:
                raise _bad_line(self._data, start + pos, where)
            events[:n, 2] += start
            found.append(events[:n])
        return np.concatenate(found)

    def lines(self, *kinds: int) -> list[str]:
        """Return the lines of some kinds of record."""
        positions = self.events[np.isin(self.events[:, 0], kinds), 2].tolist()
        lines = (self._data[i : i + 81].partition(b"\n")[0] for i in positions)
        return [line.decode("latin-1").rstrip().ljust(80) for line in lines]


def parse_pdb(data: bytes, *, where: str) -> AtomTable:
    """Parse PDB text, including the dialects of simulation and docking programs.

    Parameters
    ----------
    data
        Plain text.
    where
        Name used in errors, which may also tell that the file is a predicted model.

    Returns
    -------
    AtomTable
        In file order.

    Raises
    ------
    InputError
        ``input.coordinates``, naming the first line with invalid coordinates.
    ValueError
        For records in an invalid order; the caller converts it to an `InputError`.
    """
    columns = _Columns(data, where)
    n = columns.n
    notes: list[str] = []
    residue, residues, chains = _names(columns)
    residue_name_, chain = spread(residues), spread(chains)
    segments, segment = _segments(columns)
    breaks = columns.events[np.isin(columns.events[:, 0], (loops.TER, loops.END)), 1]
    lengths = np.diff(breaks, prepend=0, append=n)
    part = np.repeat(np.arange(len(breaks) + 1, dtype=np.int32) << 12, lengths)
    part |= np.minimum(segment, 4095)
    keys, name = factorize_integers(columns.name)
    atoms = _index([_printable(word).strip() for word in _unpack(keys, 4)], name)
    atom_name = spread(atoms)
    _number(columns, residue, part, notes)
    insertion = columns.insertion.view("<U1")
    model = number_models(
        columns.events,
        columns.lines(loops.MODEL),
        n,
        columns.coordinates,
        (chain, columns.number, insertion, residue_name_, atom_name),
        notes,
    )
    hetero = (columns.flags & loops.HETERO) != 0
    polymer = _polymers(columns, model, chains, residues, hetero)
    coded = {"residue_name": residues, "atom_name": atoms}
    named = _name_blank_chains(chain, segments, segment)
    if named is chain:
        coded["chain"] = chains
    element = _elements(columns, residue, residues, insertion, atom_name)
    coded["element"] = (list(SYMBOLS), element)
    start = _FIRST_ATOM.search(data)
    header = data[: start.start() if start else 0].decode("latin-1").splitlines()
    table = AtomTable(
        model=model,
        chain=named,
        number=columns.number,
        insertion_code=insertion,
        residue_name=residue_name_,
        atom_name=atom_name,
        element=SYMBOL_ARRAY[element],
        altloc=columns.alternative.view("<U1"),
        occupancy=columns.occupancy,
        coordinates=columns.coordinates,
        hetero=hetero,
        polymer=polymer,
        water=np.zeros(n, dtype=np.bool_),
        declared=_declared(columns.lines(loops.SEQRES, loops.DBREF)),
        part=part,
        notes=tuple(notes),
        title=title_of_header(header),
        coded=coded,
    )
    table = replace(table, experiment=find_in_header(header))
    sign = find_sign_in_header(header, where)
    return with_b_factors(table, sign, partial(_B_FACTOR.findall, data)) if sign else table


def _bad_line(data: bytes, position: int, where: str) -> Exception:
    line = data[position : position + 81].partition(b"\n")[0].decode("latin-1").rstrip()
    found = line[30:54].strip() or "nothing"
    number = data.count(b"\n", 0, position) + 1
    return fail("input.coordinates.columns", where=f"{where}, line {number}", found=found)


def _unpack(keys: NDArray[np.uint64], n: int) -> list[str]:
    """Return the letters in the lowest bytes of integers."""
    return [key.to_bytes(8, "little")[:n].decode("latin-1") for key in keys.tolist()]


def _names(columns: _Columns) -> tuple[NDArray[np.int32], Texts, Texts]:
    """Return the code of each content of columns 18-22, and residue and chain names in it."""
    keys, codes = factorize_integers(columns.residue)
    fields = (field if field.isprintable() else _printable(field) for field in _unpack(keys, 5))
    pairs = read_fields(list(fields))
    full = {
        line[11:14].strip(): line[_FULL_CODE].strip()
        for line in columns.lines(loops.HETNAM)
        if line[11:14].startswith(_LONG_CODE) and line[_FULL_CODE].strip()
    }
    residues = _index([full.get(residue, residue) for residue, _ in pairs], codes)
    return codes, residues, _index([chain for _, chain in pairs], codes)


def _index(words: list[str], codes: NDArray[np.int32]) -> Texts:
    """Return the different ones of some words, and the index of each row's."""
    unique = {word: i for i, word in enumerate(dict.fromkeys(words))}
    return list(unique), np.array([unique[word] for word in words], dtype=np.int32)[codes]


def _printable(text: str) -> str:
    return "".join(letter if letter > " " else " " for letter in text)


def _segments(columns: _Columns) -> tuple[list[str], NDArray[np.int32]]:
    """Return the segment identifiers and the index of each atom's.

    Old entries of the PDB have their identifier and a line number in columns 73-80, which are
    not segments.
    """
    if not columns.has_segments:
        return [""], np.zeros(columns.n, dtype=np.int32)
    keys, codes = factorize_integers(columns.segment)
    return [word.strip() for word in _unpack(keys, 4)], codes


def _name_blank_chains(
    chain: NDArray[np.str_], segments: list[str], segment: NDArray[np.int32]
) -> NDArray[np.str_]:
    """Name blank chains after their segment identifiers, which simulation programs write."""
    if not any(segments):
        return chain
    blank = chain == ""
    if not blank.any():
        return chain
    return np.where(blank, np.array(segments)[segment], chain)


def _number(
    columns: _Columns, residue: NDArray[np.int32], part: NDArray[np.int32], notes: list[str]
) -> None:
    """Complete residue numbers in five columns, and number residues without a number."""
    late = (columns.flags & LATE_DIGIT) != 0
    if late.any() and late.all():
        # All numbers end in column 27, so the field is five columns wide.
        columns.number *= 10
        digit = columns.insertion.astype(np.int32) - ord("0")
        columns.number += np.where(columns.number < 0, -digit, digit)
        columns.insertion[:] = 0
        columns.flags &= ~np.uint8(NO_NUMBER)
    if (columns.flags & NO_NUMBER).any():
        found = number_residues(columns.number, columns.flags, residue, columns.name, part)
        notes.append(
            "Numbered in file order, because their number is blank or invalid: "
            f"{count(found, 'residue')}."
        )


def _polymers(
    columns: _Columns,
    model: NDArray[np.int32],
    chains: Texts,
    residues: Texts,
    hetero: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """Return the column ``polymer`` of an `AtomTable`, from TER records."""
    polymer = np.full(columns.n, -1, dtype=np.int8)
    ends = columns.events[columns.events[:, 0] == loops.TER, 1]
    if len(ends) and columns.n:
        water = np.array([residue_name(word).water for word in residues[0]])[residues[1]]
        mark_polymers(model, chains[1], water, ends, len(chains[0]), polymer)
        # Some programs write TER at every gap, so an ATOM record behind one says nothing
        # against its residue.
        polymer[(polymer == 0) & ~hetero] = -1
    return polymer


def _elements(
    columns: _Columns,
    residue: NDArray[np.int32],
    residues: Texts,
    insertion: NDArray[np.str_],
    atom_name: NDArray[np.str_],
) -> NDArray[np.uint8]:
    """Return the element code of each atom."""
    code = columns.element
    rows = np.flatnonzero(code == loops.TO_INFER)
    listed, which = residues
    unusual = np.array([is_ion_residue(name) for name in listed], dtype=np.bool_)
    ions = unusual[which] if unusual.any() else np.zeros(columns.n, dtype=np.bool_)
    if not len(rows) and not ions.any():
        return code
    alone = find_alone(ions, columns.name, columns.number, residue, insertion)
    for row in np.flatnonzero(ions & alone).tolist():
        name = str(atom_name[row]).upper()
        ion = ion_element(name, listed[which[row]])
        # Programs that take the first letter for the element write S for sodium's SOD.
        if ion and (code[row] == loops.TO_INFER or SYMBOL_ARRAY[code[row]] in ("X", name[:1])):
            code[row] = CODES[ion]
    if not len(rows):
        return code
    keys = columns.name[rows].astype(np.uint64)
    keys = keys << np.uint64(32) | (which[rows].astype(np.uint64) << np.uint64(1))
    keys |= alone[rows].astype(np.uint64)
    words, of_row = factorize_integers(keys)
    left = _is_left_justified(columns.name[rows], listed, which[rows])
    found = np.empty(len(words), dtype=np.uint8)
    for i, key in enumerate(words.tolist()):
        padded = (key >> 32).to_bytes(4, "little").decode("latin-1")
        name = listed[(key & 0xFFFFFFFF) >> 1]
        found[i] = CODES[infer_element(_printable(padded), name, left=left, alone=bool(key & 1))]
    done = code[rows]
    code[rows] = np.where(done == loops.TO_INFER, found[of_row], done)
    return code


def _is_left_justified(name: NDArray[np.uint32], residues: list[str], which: NDArray[Any]) -> bool:
    """Whether the CA atoms of amino acids have their names in the first column."""
    amino = np.array([residue_name(word).parent != "" for word in residues], dtype=np.bool_)[which]
    first = name == int.from_bytes(b"CA  ", "little")
    second = name == int.from_bytes(b" CA ", "little")
    return bool((first & amino).sum() > (second & amino).sum())


def _declared(lines: list[str]) -> tuple[Declared, ...]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line[:1] in "Dd":  # DBREF is used only for the order of the chains.
            found.setdefault(line[11:13].strip(), [])
            continue
        words = (line[i : i + 3].strip() for i in range(19, 68, 4))
        found.setdefault(line[10:12].strip(), []).extend(word for word in words if word)
    return tuple(Declared((chain,), tuple(names)) for chain, names in found.items() if names)
