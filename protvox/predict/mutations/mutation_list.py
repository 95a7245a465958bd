"""Lists of mutations: what a user asks for, one substitution after another."""

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
_GRAMMAR: Final = "Write A:45W, A:L45W to have the wild type checked, A:45AW with insertion code A"
_COLUMNS: Final = (
    "Give the columns chain, number and mutant; insertion_code and wild_type may follow"
)
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mutation:
    """One substitution, as asked for.

    Attributes
    ----------
    chain
        Author chain name; ``None`` stands for the only protein chain.
    number
        Author residue number.
    insertion_code
        ``""`` if none.
    wild_type
        What the asker believes is there, three letters; ``""`` if not said.
    mutant
        What takes its place, three letters.
    """

    chain: str | None
    number: int
    insertion_code: str
    wild_type: str
    mutant: str

    def __str__(self) -> str:
        """Return it as `parse_mutation` reads it, with one-letter names: ``A:L45AW``."""
        chain = "" if self.chain is None else f"{self.chain}:"
        wild_type, mutant = (ONE_LETTER.get(aa, aa) for aa in (self.wild_type, self.mutant))
        return f"{chain}{wild_type}{self.number}{self.insertion_code}{mutant}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A mutation that has no score.

    Attributes
    ----------
    row
        Its place in the list, from 0.
    mutation
        As ``str`` of a `Mutation` has it; the row as it stands if it could not be understood.
    why
        One clause.
    code
        Stable machine-readable code, e.g. ``"mutation.wild_type"``.
    asked
        The mutation; None if the row could not be understood.
    """

    row: int
    mutation: str
    why: str
    code: str
    asked: Mutation | None = None


@dataclass(frozen=True, slots=True)
class MutationList:
    """Mutations in the order asked for, and the rows that are none.

    Attributes
    ----------
    mutations
        Row to mutation.
    failures
        Rows that could not be understood.
    """

    mutations: Mapping[int, Mutation]
    failures: tuple[Failure, ...] = ()


def parse_mutation(text: str) -> Mutation:
    """Read one mutation.

    ``A:45W`` puts tryptophan at residue 45 of chain A; ``A:L45W`` also says that leucine is
    there now; ``A:45AW`` is the residue with insertion code A. Without a chain, ``45W`` means
    the only protein chain, and ``:45W`` a chain with a blank name. Amino acids have one letter
    or three, upper or lower case.

    Parameters
    ----------
    text
        Mutation as typed.

    Returns
    -------
    Mutation
        Independent of any structure.

    Raises
    ------
    InputError
        ``mutation.syntax`` for bad syntax, ``mutation.several`` for several mutations in one
        text, which would be scored apart, ``mutation.amino_acid`` for a name that is none of
        the 20 amino acids.
    """
    chain, colon, rest = text.strip().rpartition(":")
    match = _MUTATION.fullmatch(rest)
    if _holds_several(text):
        raise fail("mutation.several", where="mutations", text=text.strip())
    if match is None:
        raise InputError(
            f"{text.strip()!r} is no mutation",
            where="mutations",
            remedy=_GRAMMAR,
            code="mutation.syntax",
        )
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
        One letter or three, upper or lower case.

    Raises
    ------
    InputError
        If it is none of the 20 (``mutation.amino_acid``).
    """
    upper = name.strip().upper()
    known = THREE_LETTER.get(upper, upper)
    if known not in AMINO_ACID_INDEX:
        raise InputError(
            f"{name.strip()!r} is none of the 20 amino acids",
            where="mutations",
            remedy="Use one-letter or three-letter codes",
            code="mutation.amino_acid",
        )
    return known


def collect_mutations(items: Iterable[str | Mutation]) -> MutationList:
    """Return a list of mutations given one by one.

    Parameters
    ----------
    items
        As `parse_mutation` reads them, or already read.

    Raises
    ------
    InputError
        For the first that is no mutation, see `parse_mutation`.
    """
    read = [item if isinstance(item, Mutation) else parse_mutation(item) for item in items]
    return MutationList(dict(enumerate(read)))


def join_lists(lists: Iterable[MutationList]) -> MutationList:
    """Return one list of several, rows counted on.

    Parameters
    ----------
    lists
        In order.
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
        and ``wild_type`` if known; other columns are passed over, so that the output of a scan
        can be read back. A column ``mutation`` with texts for `parse_mutation` will do as
        well. Commas, semicolons or tabs; UTF-8 with or without byte order mark; any line ends.

    Returns
    -------
    MutationList
        Empty lines are passed over; rows that are no mutation become failures.

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
        raise _unreadable(path, str(error)) from error
    if not rows:
        raise _refusal("the list is empty", path, _COLUMNS, "mutations.empty")
    names = [name.strip().lower() for name in rows[0]]
    whole = "mutation" in names
    missing = [] if whole else [n for n in ("chain", "number", "mutant") if n not in names]
    if missing:
        raise _refusal(
            f"the header has no {', '.join(missing)}", path, _COLUMNS, "mutations.columns"
        )
    if len(rows) == 1:
        raise _refusal("the list has a header but no rows", path, "Add rows", "mutations.empty")
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
        raise InputError(
            f"{cells.get('number', '')!r} is no residue number",
            where="mutations",
            remedy="Write 45 or 45A",
            code="mutation.syntax",
        )
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
        raise _unreadable(path, error.strerror or str(error)) from error
    if len(data) > _MOST_BYTES:
        raise _unreadable(path, "it is larger than 64 MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is no UTF-8 text") from error
    if "\0" in text:
        raise _unreadable(path, "it is no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(path: str | Path, why: str) -> InputError:
    return _refusal(
        f"the list of mutations cannot be read ({why})", path, "Give a CSV file", "mutations.read"
    )


def _refusal(what: str, path: str | Path, remedy: str, code: str) -> InputError:
    return InputError(what, where=str(path), remedy=remedy, code=code)
