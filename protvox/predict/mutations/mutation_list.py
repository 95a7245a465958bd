"""Lists of mutations, as given by a user."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from protvox.chemistry import AMINO_ACID_INDEX, ONE_LETTER, THREE_LETTER
from protvox.errors import InputError, fail

_MUTATION: Final = re.compile(
    r"([A-Za-z]{3}|[A-Za-z])?(-?\d{1,9})([A-Za-z]?)([A-Za-z]{3}|[A-Za-z])", re.ASCII
)
_WITH_WILD_TYPE: Final = re.compile(
    r"(?:[A-Za-z]{3}|[A-Za-z])-?\d{1,9}[A-Za-z]?(?:[A-Za-z]{3}|[A-Za-z])", re.ASCII
)
_SEPARATORS: Final = re.compile(r"[:,;/+_&\s]+")
_NUMBER: Final = re.compile(r"(-?\d{1,9})([A-Za-z]?)", re.ASCII)
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mutation:
    """One substitution, as given.

    Attributes
    ----------
    chain
        Author chain name; ``None`` stands for the only protein chain.
    number
        Author residue number.
    insertion_code
        ``""`` if none.
    wild_type
        Expected amino acid, three letters; ``""`` if not given.
    mutant
        Amino acid after the mutation, three letters.
    """

    chain: str | None
    number: int
    insertion_code: str
    wild_type: str
    mutant: str

    def __str__(self) -> str:
        """Return the form that `parse_mutation` reads, with one-letter codes: ``A:L45AW``."""
        chain = "" if self.chain is None else f"{self.chain}:"
        wild_type, mutant = (ONE_LETTER.get(aa, aa) for aa in (self.wild_type, self.mutant))
        return f"{chain}{wild_type}{self.number}{self.insertion_code}{mutant}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A mutation that has no score.

    Attributes
    ----------
    row
        Position in the list, from 0.
    mutation
        ``str`` of the `Mutation`; the row as given if it cannot be parsed.
    why
        The reason, one clause.
    code
        Stable machine-readable code, e.g. ``"mutation.wild_type"``.
    requested
        The mutation; None if the row cannot be parsed.
    """

    row: int
    mutation: str
    why: str
    code: str
    requested: Mutation | None = None


@dataclass(frozen=True, slots=True)
class MutationList:
    """Mutations in the order given, and rows that cannot be parsed.

    Attributes
    ----------
    mutations
        Row to mutation.
    failures
        Rows that cannot be parsed.
    """

    mutations: Mapping[int, Mutation]
    failures: tuple[Failure, ...] = ()


def parse_mutation(text: str) -> Mutation:
    """Read one mutation.

    ``A:45W`` places tryptophan at residue 45 of chain A; ``A:L45W`` also states that the residue
    is leucine; ``A:45AW`` is the residue with insertion code A. Without a chain, ``45W`` refers to
    the only protein chain, and ``:45W`` to a chain with a blank name. Amino acids have one-letter
    or three-letter codes, in upper or lower case.

    Parameters
    ----------
    text
        The mutation.

    Returns
    -------
    Mutation
        Independent of any structure.

    Raises
    ------
    InputError
        ``mutation.syntax`` for invalid syntax, ``mutation.several`` for several mutations in one
        text, which would be scored separately, ``mutation.amino_acid`` for a code that is not one
        of the 20 amino acids.
    """
    chain, colon, rest = text.strip().rpartition(":")
    match = _MUTATION.fullmatch(rest)
    if _holds_several(text):
        raise fail("mutation.several", where="mutations", text=text.strip())
    if match is None:
        raise fail("mutation.syntax", where="mutations", text=text.strip())
    wild_type, number, code, mutant = match.groups(default="")
    return Mutation(
        chain if colon else None,
        int(number),
        code,
        amino_acid(wild_type) if wild_type else "",
        amino_acid(mutant),
    )


def _holds_several(text: str) -> bool:
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    # Chains have names such as 1A, so without a wild type only other separators tell.
    pattern = _WITH_WILD_TYPE if ":".join(parts) == text.strip() else _MUTATION
    return sum(pattern.fullmatch(part) is not None for part in parts) > 1


def amino_acid(name: str) -> str:
    """Return the three-letter code of a standard amino acid.

    Parameters
    ----------
    name
        One-letter or three-letter code, in upper or lower case.

    Raises
    ------
    InputError
        If it is not one of the 20 (``mutation.amino_acid``).
    """
    upper = name.strip().upper()
    known = THREE_LETTER.get(upper, upper)
    if known not in AMINO_ACID_INDEX:
        raise fail("mutation.amino_acid", where="mutations", name=name.strip())
    return known


def collect_mutations(items: Iterable[str | Mutation]) -> MutationList:
    """Return a list of mutations given one by one.

    Parameters
    ----------
    items
        Texts for `parse_mutation`, or mutations.

    Raises
    ------
    InputError
        For the first that is not a valid mutation, see `parse_mutation`.
    """
    read = [item if isinstance(item, Mutation) else parse_mutation(item) for item in items]
    return MutationList(dict(enumerate(read)))


def join_lists(lists: Iterable[MutationList]) -> MutationList:
    """Join lists into one, with consecutive row numbers.

    Parameters
    ----------
    lists
        The lists, in order.
    """
    mutations: dict[int, Mutation] = {}
    failures: list[Failure] = []
    for part in lists:
        start = len(mutations) + len(failures)
        mutations.update({start + row: item for row, item in part.mutations.items()})
        failures += [replace(item, row=start + item.row) for item in part.failures]
    return MutationList(mutations, tuple(failures))


def read_mutations(path: str | Path) -> MutationList:
    """Read a list of mutations from a CSV file.

    Parameters
    ----------
    path
        File with a header. Columns ``chain``, ``number``, ``mutant``, and ``insertion_code``
        and ``wild_type`` if known; other columns are ignored, so that the output of a scan can
        be read back. A column ``mutation`` with texts for `parse_mutation` can be given
        instead. Separated by commas, semicolons or tabs; UTF-8 with or without byte order mark;
        any line ends.

    Returns
    -------
    MutationList
        Empty lines are ignored; rows that are not valid mutations become failures.

    Raises
    ------
    InputError
        ``mutations.read`` if the file cannot be read, ``mutations.columns`` if columns are
        missing, ``mutations.empty`` if there is no row.
    """
    text = _read_text(path)
    lines = text.lstrip("\n").splitlines()
    header = lines[0] if lines else ""
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise fail("mutations.read", where=str(path), reason=str(error)) from error
    if not rows:
        raise fail("mutations.empty", where=str(path))
    names = [name.strip().lower() for name in rows[0]]
    whole = "mutation" in names
    missing = [] if whole else [n for n in ("chain", "number", "mutant") if n not in names]
    if missing:
        raise fail("mutations.columns", where=str(path), columns=", ".join(missing))
    if len(rows) == 1:
        raise fail("mutations.empty.rows", where=str(path))
    mutations: dict[int, Mutation] = {}
    failures: list[Failure] = []
    for index, row in enumerate(rows[1:]):
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False)}
        try:
            mutations[index] = (
                parse_mutation(cells.get("mutation", "")) if whole else _of_cells(cells)
            )
        except InputError as error:
            failures.append(Failure(index, separator.join(row), error.what, error.code))
    return MutationList(mutations, tuple(failures))


def _of_cells(cells: dict[str, str]) -> Mutation:
    match = _NUMBER.fullmatch(cells.get("number", ""))
    code = cells.get("insertion_code", "")
    if match is None or (code and match[2] and code != match[2]) or len(code) > 1:
        raise fail("mutation.syntax.number", where="mutations", text=cells.get("number", ""))
    wild_type = cells.get("wild_type", "")
    return Mutation(
        cells.get("chain") or None,
        int(match[1]),
        code or match[2],
        amino_acid(wild_type) if wild_type else "",
        amino_acid(cells.get("mutant", "")),
    )


def _read_text(path: str | Path) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("mutations.read", where=str(path), reason=reason) from error
    if len(data) > _MOST_BYTES:
        raise fail("mutations.read", where=str(path), reason="it is larger than 64 MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail("mutations.read", where=str(path), reason="it is not UTF-8 text") from error
    if "\0" in text:
        raise fail("mutations.read", where=str(path), reason="it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
