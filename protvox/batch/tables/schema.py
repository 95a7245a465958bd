"""Schemas of the output tables, the same in every part."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from protvox.batch.options import BatchOptions
from protvox.batch.plan import Item
from protvox.chemistry import AMINO_ACIDS

TABLES: Final = ("inputs", "domains", "residues", "failures")
"""Names of the tables; each is a folder of parts."""

_NAME: Final = pa.string()
_KEYS: Final = (("id", _NAME), ("path", _NAME))
_FRAME: Final = (("frame", pa.int32()), ("time_ps", pa.float32()))


def table_schemas(options: BatchOptions) -> dict[str, pa.Schema]:
    """Return the schema of every table.

    Parameters
    ----------
    options
        Options of the run. Trajectories have the additional columns ``frame`` and ``time_ps``.

    Returns
    -------
    dict
        Name of each table, and its schema. After ``id`` and ``path``, ``domains`` and
        ``residues`` have the columns of `protvox.predict.results.tables`.
    """
    keys = [*_KEYS, *(_FRAME if options.trajectory else ())]
    embedding = [("embedding", pa.list_(pa.float32()))] if options.embeddings else []
    chains = [("copies", _NAME)] if options.assembly is not None else []
    chains += [("same_as", _NAME)] if options.unique else []
    return {
        "inputs": pa.schema([*keys, *_INPUTS, *chains]),
        "domains": pa.schema([*keys, *_DOMAINS, *_architectures(options.top_k), *embedding]),
        "residues": pa.schema([*keys, *_RESIDUES, *_PROBABILITIES]),
        "failures": pa.schema([*keys, *_FAILURES]),
    }


def key_values(item: Item, schema: pa.Schema) -> dict[str, Any]:
    """Return the values of the columns that identify the input of a row.

    Parameters
    ----------
    item
        The input.
    schema
        Schema of the table.
    """
    values = {"id": item.id, "path": item.shown_path, "frame": item.frame, "time_ps": item.time}
    return {name: value for name, value in values.items() if name in schema.names}


def _architectures(top_k: int) -> list[tuple[str, pa.DataType]]:
    columns: list[tuple[str, pa.DataType]] = []
    for rank in range(1, top_k + 1):
        key = "architecture" if rank == 1 else f"architecture_{rank}"
        columns += [(key, _NAME), (f"{key}_name", _NAME), (f"{key}_probability", pa.float64())]
    return columns


_INPUTS: Final = [
    ("status", _NAME),
    ("sha256", _NAME),
    ("chain", _NAME),
    ("chopping", _NAME),
    ("format", _NAME),
    ("model", pa.int32()),
    ("n_atoms", pa.int32()),
    ("n_residues", pa.int32()),
    ("n_dropped", pa.int32()),
    ("warnings", _NAME),
    ("seconds", pa.float32()),
    ("plddt", pa.float32()),
    ("disordered", _NAME),
]
_DOMAINS: Final = [
    ("domain", _NAME),
    ("chain", _NAME),
    ("chopping", _NAME),
    ("n_residues", pa.int64()),
    ("in_range", pa.bool_()),
    ("flags", _NAME),
    ("model", _NAME),
    ("class", _NAME),
    ("class_name", _NAME),
    ("class_probability", pa.float64()),
    ("novel", _NAME),
    ("topology", _NAME),
    ("topology_name", _NAME),
    ("topology_probability", pa.float64()),
    ("superfamily", _NAME),
    ("superfamily_name", _NAME),
    ("superfamily_probability", pa.float64()),
    ("hit", _NAME),
    ("hit_tm_query", pa.float64()),
    ("hit_tm_hit", pa.float64()),
    ("hit_rmsd", pa.float64()),
    ("hit_identity", pa.float64()),
    ("hit_n_aligned", pa.float64()),
    ("nearest", _NAME),
    ("nearest_cath", _NAME),
    ("nearest_similarity", pa.float64()),
    ("plddt", pa.float64()),
]
_RESIDUES: Final = [
    ("chain", _NAME),
    ("number", pa.int32()),
    ("insertion_code", _NAME),
    ("wild_type", _NAME),
    ("predicted", _NAME),
    ("p_wild_type", pa.float32()),
    ("entropy", pa.float32()),
    ("domain", _NAME),
    ("architecture", _NAME),
    ("architecture_name", _NAME),
    ("architecture_probability", pa.float64()),
    ("plddt", pa.float32()),
    ("disordered", pa.bool_()),
]
_PROBABILITIES: Final = [(f"p_{name}", pa.float32()) for name in AMINO_ACIDS]
_FAILURES: Final = [("code", _NAME), ("what", _NAME), ("where", _NAME), ("remedy", _NAME)]
