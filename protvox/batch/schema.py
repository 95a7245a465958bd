"""The tables of a run: columns and types, the same in every part."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from protvox.vocabulary import AMINO_ACIDS

TABLES: Final = ("inputs", "domains", "residues", "failures")
"""Names of the tables, which are folders of parts."""

_NAME: Final = pa.string()
_KEYS: Final = (("id", _NAME), ("path", _NAME))


def table_schemas(top_k: int) -> dict[str, pa.Schema]:
    """Return the columns of every table.

    Parameters
    ----------
    top_k
        Architectures kept for each domain.

    Returns
    -------
    dict
        Name of the table to its schema; ``domains`` and ``residues`` have the columns of
        `protvox.predict.tables` after ``id`` and ``path``.
    """
    return {
        "inputs": pa.schema(_INPUTS),
        "domains": pa.schema([*_KEYS, *_DOMAINS, *_architectures(top_k)]),
        "residues": pa.schema([*_KEYS, *_RESIDUES, *_PROBABILITIES]),
        "failures": pa.schema(_FAILURES),
    }


def _architectures(top_k: int) -> list[tuple[str, pa.DataType]]:
    columns: list[tuple[str, pa.DataType]] = []
    for rank in range(1, top_k + 1):
        key = "architecture" if rank == 1 else f"architecture_{rank}"
        columns += [(key, _NAME), (f"{key}_name", _NAME), (f"{key}_probability", pa.float64())]
    return columns


_INPUTS: Final = [
    *_KEYS, ("status", _NAME), ("sha256", _NAME), ("chain", _NAME), ("chopping", _NAME),
    ("format", _NAME), ("model", pa.int32()), ("n_atoms", pa.int32()), ("n_residues", pa.int32()),
    ("n_dropped", pa.int32()), ("warnings", _NAME), ("seconds", pa.float32()),
]  # fmt: skip
_DOMAINS: Final = [
    ("domain", _NAME), ("chain", _NAME), ("chopping", _NAME), ("n_residues", pa.int64()),
    ("in_range", pa.bool_()), ("doubts", _NAME), ("model", _NAME), ("class", _NAME),
    ("class_name", _NAME), ("class_probability", pa.float64()),
]  # fmt: skip
_RESIDUES: Final = [
    ("chain", _NAME), ("number", pa.int32()), ("insertion_code", _NAME), ("wild_type", _NAME),
    ("predicted", _NAME), ("p_wild_type", pa.float32()), ("entropy", pa.float32()),
    ("domain", _NAME), ("architecture", _NAME), ("architecture_name", _NAME),
    ("architecture_probability", pa.float64()),
]  # fmt: skip
_PROBABILITIES: Final = [(f"p_{name}", pa.float32()) for name in AMINO_ACIDS]
_FAILURES: Final = [*_KEYS, ("code", _NAME), ("what", _NAME), ("where", _NAME), ("remedy", _NAME)]
