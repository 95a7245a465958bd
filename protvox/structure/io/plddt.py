"""Recognition of pLDDT, the confidence that predictors of structures write.

B-factors of experiments and pLDDT share a column, so the values alone decide nothing. pLDDT is
taken from the first of these that holds (``docs/reference/dialects.md`` has the whole rule):

1. ModelCIF: a local metric of ``_ma_qa_metric`` whose type or name is pLDDT.
2. The B-factors, if the file names the program that predicted it.
3. The B-factors, if only the file name does, and every residue has one value, all occupancies
   are 1, and chains are numbered without gaps.

A sign of an experiment or of other B-factors rules out 2 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, Texts, run_starts
from protvox.structure.cleaning.residue_names import residue_name

METRIC: Final = "ma_qa_metric_local"
"""Source of values from ModelCIF."""

_LEAST_MAXIMUM: Final = 20.0
"""Largest value that a model has at least; below are grades or fluctuations, not pLDDT."""

_LEAST_CELL: Final = 2.0
"""Å; the edges of a unit cell that stands for none are 1."""

_TITLES: Final = (
    (re.compile(r"ALPHAFOLD\b.*\bPREDICTION FOR\b", re.I), "AlphaFold DB"),
    (re.compile(r"ESMFOLD\b.*\bPREDICTION FOR\b", re.I), "ESMFold"),
    (re.compile(r"CHAI-1 PREDICTED STRUCTURE\b", re.I), "Chai"),
)
_NAMES: Final = (
    (re.compile(r"AF-[A-Z0-9]{6,16}(-\d+)?(-F\d+)?(-MODEL_V\d+)?", re.I), "AlphaFold DB"),
    (re.compile(r"(.+_)?(un)?relaxed_(rank_\d+_)?(.+_)?model_\d+(_.+)?", re.I), "AlphaFold"),
    (re.compile(r"ranked_\d+", re.I), "AlphaFold"),
    (re.compile(r"(.+[._])?pred\.model_idx_\d+", re.I), "Chai"),
    (re.compile(r".+_model_\d+", re.I), "Boltz"),
)
_SUFFIXES: Final = re.compile(r"(\.(pdb|ent|cif|mmcif|bcif))?(\.(gz|bz2|xz|zst))?$", re.I)
_DOWNLOAD: Final = re.compile(r" ?\(\d+\)$")
"""What browsers append to the name of a file that is there already."""

_PROGRAMS: Final = re.compile(r"(AlphaFold|ColabFold|ESMFold|OpenFold|Boltz|Chai)\b", re.I)

Column = Callable[[str, str], Sequence[str]]
"""Values of a column, by category and name; empty if the file does not have it."""


class Sign(NamedTuple):
    """A sign that a file is a prediction.

    Attributes
    ----------
    program
        Program or database.
    certain
        Whether the file itself says so, and not only its name.
    """

    program: str
    certain: bool


def find_sign_in_header(lines: Sequence[str], name: str) -> Sign | None:
    """Return the sign of a predicted model in a PDB file, if there is one.

    Parameters
    ----------
    lines
        Records before the first atom.
    name
        File name or identifier.
    """
    if any(map(_is_experimental, lines)):
        return None
    title = " ".join(line[10:].strip() for line in lines if line.startswith("TITLE "))
    for pattern, program in _TITLES:
        if pattern.match(title):
            return Sign(program, True)
    casp = any(line.startswith("PFRMAT") for line in lines)
    if not casp and any(line.startswith("PARENT ") for line in lines):
        return Sign("OpenFold or ESMFold", True)
    if any(line.startswith("DBREF  XXXX") and line[26:29] == "UNP" for line in lines):
        return Sign("AlphaFold DB", False)
    return _sign_in_name(name)


def find_sign_in_categories(column: Column, name: str) -> Sign | None:
    """Return the sign of a predicted model in an mmCIF file, if there is one.

    Parameters
    ----------
    column
        The small categories of the file.
    name
        File name or identifier.
    """
    methods = [word.upper() for word in column("exptl", "method") if word]
    cells = [_number(word) for word in column("cell", "length_a")]
    if (
        any(method != "THEORETICAL MODEL" for method in methods)
        or any(cell > _LEAST_CELL for cell in cells)
        or column("refine", "ls_d_res_high")
        or "6" in column("database_pdb_remark", "id")  # written by `--annotate`
        or column("ma_qa_metric_local", "metric_value")
    ):
        return None
    if "ALPHAFOLDDB" in (word.upper() for word in column("database_2", "database_id")):
        return Sign("AlphaFold DB", True)
    for title in column("struct", "title"):
        for pattern, program in _TITLES:
            if pattern.match(title):
                return Sign(program, True)
    if "AB INITIO MODEL" in (word.upper() for word in column("ma_model_list", "model_type")):
        return Sign("ModelCIF", True)
    for word in column("software", "name"):
        found = _PROGRAMS.match(word)
        if found:
            return Sign(found[1], False)
    entries = (_sign_in_name(word) for word in column("entry", "id"))
    return next(filter(None, entries), None) or _sign_in_name(name)


def with_metric(
    table: AtomTable, column: Column, asym: Texts, sequence: NDArray[np.int32]
) -> AtomTable:
    """Add the pLDDT of ModelCIF categories to a table, if they have it.

    Parameters
    ----------
    table
        Atoms.
    column
        The small categories of the file.
    asym
        Column ``label_asym_id``.
    sequence
        ``atom``, ``label_seq_id``.

    Returns
    -------
    AtomTable
        The same table without such a metric.
    """
    metrics = _plddt_metrics(column)
    if not metrics:
        return table
    of_model: dict[tuple[str, str, str], float] = {}
    names = ("metric_id", "model_id", "label_asym_id", "label_seq_id", "metric_value")
    columns = [column("ma_qa_metric_local", key) for key in names]
    if not all(columns[i] for i in (0, 2, 3, 4)):
        return table
    models = columns[1] or ("1",) * len(columns[0])
    several = len(set(models)) > 1
    for metric, model, *address, value in zip(columns[0], models, *columns[2:], strict=True):
        if metric in metrics:
            of_model[(model if several else "", address[0], address[1])] = _number(value)
    words, codes = asym
    starts = run_starts(table.model, codes, sequence)
    places = zip(
        table.model[starts].tolist(), codes[starts].tolist(), sequence[starts].tolist(), strict=True
    )
    found = [
        of_model.get((str(model) if several else "", words[code], str(number)), np.nan)
        for model, code, number in places
    ]
    lengths = np.diff(starts, append=len(table))
    values = _scaled(np.repeat(np.array(found, dtype=np.float64), lengths))
    if values is None:
        note = (
            "The pLDDT in ma_qa_metric_local was ignored, because its values are not between 0 "
            "and 100, or do not belong to the residues of the file."
        )
        return replace(table, notes=(*table.notes, note))
    return replace(table, plddt=values, plddt_source=METRIC)


def with_b_factors(
    table: AtomTable, sign: Sign, read: Callable[[], Sequence[bytes | float] | None]
) -> AtomTable:
    """Add pLDDT from the column of B-factors to a table, if it can be pLDDT.

    Parameters
    ----------
    table
        Atoms.
    sign
        Why the file is taken for a prediction.
    read
        Returns the B-factors, one per atom.

    Returns
    -------
    AtomTable
        The same table if the values cannot be pLDDT.
    """
    if not sign.certain and not _has_layout(table):
        return table
    try:
        given = np.array([float(word) for word in read() or ()], dtype=np.float64)
    except ValueError:
        return table
    if len(given) != len(table) or not np.isfinite(given).all():
        return table
    values = _scaled(given)
    if values is None:
        return table
    if not sign.certain:
        starts = _residue_starts(table)
        least, most = np.minimum.reduceat(given, starts), np.maximum.reduceat(given, starts)
        protein = np.array([residue_name(word).parent != "" for word in table.residue_name[starts]])
        if not protein.any() or (least != most)[protein].any():
            return table
    return replace(table, plddt=values, plddt_source=f"B-factors ({sign.program})")


def _plddt_metrics(column: Column) -> set[str]:
    """Return the identifiers of the local metrics that are pLDDT."""
    keys, modes = column("ma_qa_metric", "id"), column("ma_qa_metric", "mode")
    none = [""] * len(keys)
    kinds = column("ma_qa_metric", "type") or none
    names = column("ma_qa_metric", "name") or none
    if len(modes) != len(keys):
        return set()
    return {
        key
        for key, mode, kind, name in zip(keys, modes, kinds, names, strict=True)
        if mode.lower() == "local" and "plddt" in (kind.lower()[:5], name.lower()[:5])
    }


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """Return values as pLDDT from 0 to 100; None if they cannot be pLDDT."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() < 0 or known.max() > 100:
        return None
    factor = 100.0 if known.max() <= 1 else 1.0
    if factor * known.max() < _LEAST_MAXIMUM or known.min() == known.max():
        return None
    return (factor * values).astype(np.float32)


def _has_layout(table: AtomTable) -> bool:
    """Whether atoms are as in a predicted model: no water, no gaps, no positions of less than 1."""
    if not len(table) or (table.occupancy != 1).any() or (table.altloc != "").any():
        return False
    if any(residue_name(word).water for word in table.texts("residue_name")[0]):
        return False
    starts = _residue_starts(table)
    model, chain, number = table.model[starts], table.chain[starts], table.number[starts]
    same = (model[1:] == model[:-1]) & (chain[1:] == chain[:-1])
    return bool((np.diff(number)[same] == 1).all())


def _residue_starts(table: AtomTable) -> NDArray[np.int64]:
    return run_starts(table.model, table.chain, table.number, table.insertion_code)


def _sign_in_name(name: str) -> Sign | None:
    stem = _DOWNLOAD.sub("", _SUFFIXES.sub("", re.split(r"[/\\\\]", name)[-1]))
    for pattern, program in _NAMES:
        if pattern.fullmatch(stem):
            return Sign(program, False)
    return None


def _is_experimental(line: str) -> bool:
    """Whether a record of a PDB file is of an experiment, or says what else the B-factors are."""
    if line.startswith("EXPDTA"):
        return "THEORETICAL MODEL" not in line
    if line.startswith("CRYST1"):
        return _number(line[6:15]) > _LEAST_CELL
    return line.startswith(("REMARK   3", "REMARK   6", "REMARK 200"))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
