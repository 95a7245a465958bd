"""Sequences from FASTA files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from protvox.errors import fail

LARGEST: Final = 10_000_000
"""Most bytes that are read."""

_LETTERS: Final = frozenset("ACDEFGHIKLMNPQRSTVWYBJOUXZ*-")


def read_fasta(path: str | Path) -> dict[str, str]:
    """Read protein sequences.

    Parameters
    ----------
    path
        FASTA file: a line ``>name`` before each sequence.

    Returns
    -------
    dict
        The first word after ``>`` to one-letter codes, upper case, without gaps. A name that occurs
        again gets a number.

    Raises
    ------
    InputError
        If the file cannot be read (``sequence.read``), or is not FASTA of proteins
        (``sequence.fasta``).
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise fail("sequence.read", where=str(path), reason=error.strerror or error) from error
    if len(data) > LARGEST:
        raise fail("sequence.read", where=str(path), reason=f"more than {LARGEST:,} bytes")
    return parse_fasta(data.decode("utf-8", "replace"), where=str(path))


def parse_fasta(text: str, *, where: str) -> dict[str, str]:
    """Parse protein sequences; see `read_fasta`.

    Parameters
    ----------
    text
        Text of the file. Lines before the first ``>`` are a sequence without a name.
    where
        Its name, for errors.
    """
    found: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    name = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip().lstrip("\ufeff")
        if line.startswith(">"):
            words = line[1:].split()
            name = _new(words[0] if words else "sequence", found, numbers)
            found[name] = []
        elif line and not line.startswith(";"):
            letters = line.replace(" ", "").upper()
            wrong = sorted(set(letters) - _LETTERS)
            if wrong:
                raise fail("sequence.fasta", where=f"{where}, line {number}", letter=wrong[0][:1])
            name = name or _new("sequence", found, numbers)
            found.setdefault(name, []).append(letters.replace("-", "").replace("*", ""))
    sequences = {name: "".join(parts) for name, parts in found.items()}
    sequences = {name: letters for name, letters in sequences.items() if letters}
    if not sequences:
        raise fail("sequence.fasta.empty", where=where)
    return sequences


def _new(name: str, known: dict[str, list[str]], numbers: dict[str, int]) -> str:
    """Return a name that is not known; `numbers` holds the last number given to each."""
    candidate = name
    while candidate in known:
        numbers[name] = numbers.get(name, 1) + 1
        candidate = f"{name}-{numbers[name]}"
    return candidate
