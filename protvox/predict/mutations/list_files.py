"""Lists of mutations as they come: tables and plain text of this and other programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from protvox.errors import InputError, fail
from protvox.predict.mutations.columns import Columns, find_columns
from protvox.predict.mutations.mutation_list import Failure, Mutation, MutationList, Variant
from protvox.predict.mutations.notation import amino_acid, parse_variant

_MOST_BYTES: Final = 64 * 1024 * 1024
_ROSETTA: Final = re.compile(r"total\s+\d+", re.ASCII | re.IGNORECASE)
_ROSETTA_LINE: Final = re.compile(r"([A-Z])\s+(\d{1,9})\s+([A-Z])", re.ASCII)
_RESFILE: Final = re.compile(r"(-?\d{1,9})([A-Za-z]?)\s+(\S)\s+(.*)", re.ASCII)
_DESIGNED: Final = re.compile(r"PIKAA\s+([A-Z])(?:\s.*)?", re.ASCII | re.IGNORECASE)
_KEPT: Final = ("NATAA", "NATRO")
_VALUES: Final = re.compile(r"(\S+?)(?:[\s,;]+(?:[-+.\deE]+|nan|NA))+", re.ASCII | re.IGNORECASE)
"""A mutation with numbers after it, such as its measured effect."""


def read_mutations(path: str | Path) -> MutationList:
    """Read a list of mutations from a file.

    Parameters
    ----------
    path
        A text file; UTF-8 with or without byte order mark, any line ends. See `parse_lines`.

    Returns
    -------
    MutationList
        Rows that are not valid mutations become failures.

    Raises
    ------
    InputError
        ``mutations.read`` if the file cannot be read, ``mutations.columns`` if it is not a list
        of mutations, ``mutations.empty`` if there is no row.
    """
    return parse_lines(read_lines(path), where=str(path))


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a list of mutations, for `parse_lines`.

    Parameters
    ----------
    path
        A text file; UTF-8 with or without byte order mark, any line ends.

    Raises
    ------
    InputError
        If the file cannot be read (``mutations.read``).
    """
    return _read_text(path).split("\n")


def collect_mutations(items: Iterable[str | Mutation | Variant]) -> MutationList:
    """Return a list of mutations given one by one.

    Parameters
    ----------
    items
        Mutations; or texts, which are read as the lines of a file, see `parse_lines`.

    Raises
    ------
    InputError
        ``mutations.columns``, ``mutations.empty``, as for a file.
    """
    listed = list(items)
    lines = [item for item in listed if isinstance(item, str)]
    if len(lines) == len(listed):
        return parse_lines(lines, where="mutations")
    variants: dict[int, Variant] = {}
    failures: list[Failure] = []
    for row, item in enumerate(listed):
        if isinstance(item, Mutation):
            variants[row] = Variant((item,))
        elif isinstance(item, Variant):
            variants[row] = item
        else:
            _take(row, item, partial(parse_variant, item), variants, failures)
    return MutationList(variants, tuple(failures))


def parse_lines(lines: Sequence[str], where: str) -> MutationList:
    """Read the lines of a list of mutations.

    Parameters
    ----------
    lines
        One of

        - a table with a header, separated by commas, semicolons or tabs, see
          `protvox.predict.mutations.columns.find_columns`;
        - a text for `parse_variant` per line, optionally with numbers after it; lines that begin
          with ``#`` are comments;
        - a mutfile of Rosetta, whose numbers count the residues of the structure;
        - a resfile of Rosetta with one amino acid per residue (``45 A PIKAA W``), all mutated at
          once.
    where
        Name of the list, for errors.

    Returns
    -------
    MutationList
        Empty lines are ignored; rows that are not valid mutations become failures.

    Raises
    ------
    InputError
        ``mutations.columns`` for any other text, ``mutations.empty`` if there is no row,
        ``mutations.resfile`` for a resfile that leaves a choice.
    """
    filled = [line for line in lines if line.strip(" \t,;")]
    if not filled:
        raise fail("mutations.empty", where=where)
    separator = max(",;\t", key=filled[0].count)
    # SKEMPI has a header that begins with #.
    columns = find_columns(_cells([filled[0]], separator, where)[0], where)
    if columns is not None:
        return _of_table(filled, separator, columns, where)
    kept = [line for line in filled if not line.lstrip().startswith("#")]
    if not kept:
        raise fail("mutations.empty", where=where)
    if _ROSETTA.fullmatch(kept[0].strip()):
        return _of_rosetta(kept)
    if "start" in (line.strip().lower() for line in kept):
        return _of_resfile(kept, where)
    found = _of_rows(kept, lambda line: parse_variant(_without_values(line)))
    others = any(failure.code != "mutation.syntax" for failure in found.failures)
    if separator in filled[0] and not found.variants and not others:
        # Without a header, the columns of a table have no meaning.
        raise fail("mutations.columns", where=where, columns="chain, number, mutant")
    return found


def _of_rows(rows: Sequence[str], read: Callable[[str], Variant]) -> MutationList:
    variants: dict[int, Variant] = {}
    failures: list[Failure] = []
    for row, text in enumerate(rows):
        _take(row, text.strip(), partial(read, text), variants, failures)
    return MutationList(variants, tuple(failures))


def _take(
    row: int,
    text: str,
    read: Callable[[], Variant],
    variants: dict[int, Variant],
    failures: list[Failure],
) -> None:
    """Add a row to the variants, or to the failures if it is invalid."""
    try:
        variants[row] = read()
    except InputError as error:
        failures.append(Failure.of(row, text, error))


def _without_values(line: str) -> str:
    """Return a line without the numbers after its mutation."""
    match = _VALUES.fullmatch(line.strip())
    return match[1] if match else line


def _of_table(lines: Sequence[str], separator: str, columns: Columns, where: str) -> MutationList:
    rows = [row for row in _cells(lines, separator, where) if any(cell.strip() for cell in row)]
    if len(rows) == 1:
        raise fail("mutations.empty.rows", where=where)
    variants: dict[int, Variant] = {}
    failures: list[Failure] = []
    header = [cell.strip() for cell in rows[0]]
    copies = header.index("copies") if "copies" in header else len(header)
    for index, row in enumerate(rows[1:]):
        text = separator.join(row)
        _take(index, text, partial(columns.read, row), variants, failures)
    tied = any(cell.strip() for row in rows[1:] for cell in row[copies : copies + 1])
    return MutationList(variants, tuple(failures), tied)


def _cells(lines: Sequence[str], separator: str, where: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    except csv.Error as error:
        raise fail("mutations.read", where=where, reason=str(error)) from error


def _of_rosetta(lines: Sequence[str]) -> MutationList:
    """Read a mutfile: a number of mutations, then so many lines, for each variant."""
    rows: list[str] = []
    for line in map(str.strip, lines[1:]):
        if line.isdecimal():
            rows.append("")
        elif rows:
            rows[-1] = f"{rows[-1]};{line}" if rows[-1] else line
        else:
            rows.append(line)
    return _of_rows(rows, _of_rosetta_block)


def _of_rosetta_block(text: str) -> Variant:
    mutations = []
    for line in text.split(";"):
        match = _ROSETTA_LINE.match(line)
        if match is None:
            raise fail("mutation.syntax.rosetta", where="mutations", text=line)
        wild_type, number, mutant = match.groups()
        mutations.append(
            Mutation(None, int(number), "", amino_acid(wild_type), amino_acid(mutant), counted=True)
        )
    return Variant(tuple(mutations))


def _of_resfile(lines: Sequence[str], where: str) -> MutationList:
    """Read a resfile, whose mutations are made at once; residues that stay are ignored."""
    body = [line.partition("#")[0].strip() for line in lines]
    body = body[[line.lower() for line in body].index("start") + 1 :]
    mutations = []
    for line in filter(None, body):
        match = _RESFILE.fullmatch(line)
        number, code, chain, commands = match.groups() if match else ("", "", "", "")
        if commands.upper().startswith(_KEPT):
            continue
        designed = _DESIGNED.fullmatch(commands)
        if designed is None:
            raise fail("mutations.resfile", where=where, text=line)
        mutant = amino_acid(designed[1])
        mutations.append(Mutation(None if chain == "_" else chain, int(number), code, "", mutant))
    if not mutations:
        raise fail("mutations.empty", where=where)
    return MutationList({0: Variant(tuple(mutations))})


def _read_text(path: str | Path) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("mutations.read", where=str(path), reason=reason) from error
    if len(data) > _MOST_BYTES:
        raise fail("mutations.read", where=str(path), reason="it is larger than 64 MiB")
    if data.startswith(b"PK"):
        raise fail("mutations.read", where=str(path), reason="it is a spreadsheet or an archive")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail("mutations.read", where=str(path), reason="it is not UTF-8 text") from error
    if "\0" in text:
        raise fail("mutations.read", where=str(path), reason="it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
