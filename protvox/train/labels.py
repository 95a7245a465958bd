"""Which structures to learn from, and what: a CSV table beside a folder of structures."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError, ProtvoxError
from protvox.structure.model import Structure
from protvox.structure.read import read_structure
from protvox.structure.select import parse_selection
from protvox.train.shards import shard_of, write_shard

Labelled = tuple[Structure, NDArray[np.bool_], str]
"""A structure, the ``residue`` mask of those to label, the label of the whole."""

_FILE: Final = "file"


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row of the table.

    Attributes
    ----------
    path
        Structure file.
    name
        What to call it in the shard.
    chain
        Author chain name, ``""`` for all.
    chopping
        Author residue ranges within the chain, ``""`` for the whole.
    label
        Label of the whole, e.g. a CATH code; ``""`` if none.
    """

    path: Path
    name: str
    chain: str
    chopping: str
    label: str

    def mask(self, structure: Structure) -> NDArray[np.bool_]:
        """Return the ``residue`` mask of the protein residues the row is about.

        Parameters
        ----------
        structure
            The structure read from `path`.

        Raises
        ------
        InputError
            If there are no such residues.
        """
        if not self.chain and not self.chopping:
            return structure.is_protein
        parts = [part for part in (self.chain, self.chopping) if part]
        return parse_selection(":".join(parts)).mask(structure)


def read_labels(
    path: Path,
    *,
    structures: Path | None = None,
    label: str | None = None,
    name: str | None = None,
    where: Mapping[str, str] | None = None,
) -> tuple[LabelRow, ...]:
    """Read a label table.

    Parameters
    ----------
    path
        CSV with a header and the column ``file``, and ``chain`` and ``chopping`` if there are
        any.
    structures
        Folder that the files are relative to; the table's own folder by default.
    label
        Column with the label of the whole; none by default.
    name
        Column with the name of the structure or domain; the file by default.
    where
        Column to value: only rows that have all of them are kept.

    Raises
    ------
    InputError
        If the table or a column is missing, or no row is left.
    """
    folder = structures or path.parent
    wanted = dict(where or {})
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            needed = {_FILE, *wanted, *(column for column in (label, name) if column)}
            missing = sorted(needed - set(reader.fieldnames or ()))
            if missing:
                raise InputError(
                    f"the table has no column {', '.join(missing)}",
                    where=str(path),
                    remedy=f"It has {', '.join(reader.fieldnames or ('nothing',))}",
                    code="input.column",
                )
            for row in reader:
                if all(row[column] == value for column, value in wanted.items()):
                    rows.append(
                        LabelRow(
                            path=folder / row[_FILE],
                            name=row[name] if name else row[_FILE],
                            chain=row.get("chain") or "",
                            chopping=row.get("chopping") or "",
                            label=row[label] if label else "",
                        )
                    )
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(
            f"the table cannot be read ({error})",
            where=str(path),
            remedy="Give a CSV file in UTF-8 with a header",
            code="input.table",
        ) from error
    if not rows:
        raise InputError(
            "no row is left", where=str(path), remedy="Check --where", code="input.table"
        )
    return tuple(rows)


def labelled_entries(
    rows: Iterable[LabelRow], failed: Callable[[ProtvoxError], None]
) -> Iterator[Labelled]:
    """Read whole entries whose residues are labelled with their amino acids.

    Parameters
    ----------
    rows
        Several rows may be about one file; residues that no row is about are context.
    failed
        Told of every file that had to be left out.

    Yields
    ------
    tuple
        The entry, the mask of its labelled residues, no label of the whole.
    """
    by_file: dict[Path, list[LabelRow]] = {}
    for row in rows:
        by_file.setdefault(row.path, []).append(row)
    for path, about in by_file.items():
        try:
            structure = read_structure(path, name=about[0].name)
            mask = np.logical_or.reduce([row.mask(structure) for row in about])
        except ProtvoxError as error:
            failed(error)
            continue
        yield structure, mask, ""


def labelled_domains(
    rows: Iterable[LabelRow], failed: Callable[[ProtvoxError], None]
) -> Iterator[Labelled]:
    """Read domains, cut out of their files, each with its label.

    Parameters
    ----------
    rows
        One row a domain.
    failed
        Told of every domain that had to be left out.

    Yields
    ------
    tuple
        The domain, a mask without labelled residues, the label.
    """
    for row in rows:
        try:
            whole = read_structure(row.path, name=row.name)
            domain = whole.select(row.mask(whole))
        except ProtvoxError as error:
            failed(error)
            continue
        yield domain, np.zeros(domain.n_residues, dtype=bool), row.label


def build_shards(
    structures: Iterator[Labelled],
    out: Path,
    *,
    per_shard: int = 1000,
    report: Callable[[int], None],
) -> Sequence[Path]:
    """Write labelled structures as shards.

    Parameters
    ----------
    structures
        From `labelled_entries` or `labelled_domains`.
    out
        Folder for ``shard-00000.npz`` and the next ones.
    per_shard
        Structures a shard.
    report
        Called with the number of structures done, after each shard.

    Returns
    -------
    sequence of Path
        The files written.

    Raises
    ------
    InputError
        If no structure is left.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    done = 0
    while batch := list(islice(structures, per_shard)):
        path = out / f"shard-{len(written):05d}.npz"
        write_shard(shard_of(batch), path)
        written.append(path)
        done += len(batch)
        report(done)
    if not written:
        raise InputError(
            "no structure is left to write", where=str(out), code="input.no_structures"
        )
    return written
