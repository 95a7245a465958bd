"""Rows of long tables, written from columns.

A scan of a large structure has tens of thousands of rows, for which building one pydantic object
per row would take longer than the prediction. Column names and their order come from the row
models, and a test validates the rows against the schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.fields import rounded, rounded_list
from protvox.predict.results.json_documents import (
    Mutation,
    Residue,
    ResidueAddress,
)
from protvox.predict.results.task_rows import TaskRows

_ADDRESS: Final = tuple(ResidueAddress.model_fields)
_RESIDUE: Final = tuple(Residue.model_fields)
_MUTATION: Final = tuple(Mutation.model_fields)
_SCORES: Final = tuple(
    name for name in _MUTATION if Mutation.model_fields[name].annotation is float
)


def residue_rows(table: Any) -> list[dict[str, Any]]:
    """Return one `Residue` row per residue.

    Parameters
    ----------
    table
        `protvox.predict.results.residue_table.ResidueTable`.
    """
    names = _present(table, _RESIDUE)
    columns = [getattr(table, name).tolist() for name in names]
    rows = []
    for values in zip(*columns, strict=True):
        row = _row(names, values)
        row["p_wild_type"] = rounded(row["p_wild_type"])
        row["entropy"] = rounded(row["entropy"])
        numbers = map(rounded, row["probabilities"])
        row["probabilities"] = dict(zip(AMINO_ACIDS, numbers, strict=True))
        rows.append(row)
    return rows


def embedded_rows(table: Any) -> list[dict[str, Any]]:
    """Return one `EmbeddedResidue` row per residue.

    Parameters
    ----------
    table
        `protvox.predict.embedding.embeddings.ResidueEmbeddings`.
    """
    names = _present(table, _ADDRESS)
    columns = [getattr(table, name).tolist() for name in names]
    return [
        {**_row(names, values), "embedding": rounded_list(vector)}
        for *values, vector in zip(*columns, table.vectors, strict=True)
    ]


def mutation_rows(table: Any) -> list[dict[str, Any]]:
    """Return one `Mutation` row per scored mutation.

    Parameters
    ----------
    table
        `protvox.predict.mutations.scores.MutationTable`.
    """
    names = _present(table, _MUTATION)
    columns = [getattr(table, name).tolist() for name in names]
    scores = [name for name in _SCORES if name in names]
    rows = []
    for several, *values in zip(table.several.tolist(), *columns, strict=True):
        row = _row(names, values)
        if several:
            row["number"] = None
        if "copies" in row:
            row["copies"] = row["copies"].split()
        for name in scores:
            row[name] = rounded(row[name])
        if "binding" in row:
            row["binding"] = rounded(row["binding"])
        rows.append(row)
    return rows


def _present(table: Any, names: Sequence[str]) -> list[str]:
    """Return the columns that a table has; those of pLDDT are None without it."""
    return [name for name in names if getattr(table, name) is not None]


def _row(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    row = dict(zip(names, values, strict=True))
    if "plddt" in row:
        row["plddt"] = rounded(row["plddt"])
    return row


def task_rows(table: TaskRows) -> list[dict[str, Any]]:
    """Return one row per thing that a task predicted, with rounded numbers.

    Parameters
    ----------
    table
        Predictions of a task that is not built in.
    """
    return [
        {key: rounded(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in table.rows
    ]


def to_json(document: Mapping[str, Any], indent: int | None) -> str:
    """Return a document as JSON text.

    Parameters
    ----------
    document
        Plain Python values.
    indent
        Spaces per level; None puts everything on one line.
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(
        document, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False
    )
