"""Schemas of the output tables, the same in every part."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from protvox.batch.plan import Item
from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions

LEDGER: Final = "inputs"
"""The table whose file is written last; a part is valid once it exists."""

FAILURES: Final = "failures"
"""The table of inputs that could not be scored."""

_NAME: Final = pa.string()
_KEYS: Final = (("id", _NAME), ("path", _NAME))
_FRAME: Final = (("frame", pa.int32()), ("time_ps", pa.float32()))


def table_schemas(options: ScoreOptions) -> dict[str, pa.Schema]:
    """Return the schema of every table.

    Parameters
    ----------
    options
        Options of the run. Trajectories have the additional columns ``frame`` and ``time_ps``.

    Returns
    -------
    dict
        Name of each table, which is a folder of parts, and its schema. After ``id`` and ``path``,
        those of the task have the columns of `protvox.predict.scoring.task.ScoringTask.schemas`.

    Raises
    ------
    ModelError
        If there is no such task (``model.task``).
    """
    keys = [*_KEYS, *(_FRAME if options.trajectory else ())]
    chains = [("copies", _NAME)] if options.assembly is not None else []
    chains += [("same_as", _NAME)] if options.unique else []
    of_task = scoring_task(options.task).schemas(options)
    return {
        LEDGER: pa.schema([*keys, *_INPUTS, *chains]),
        **{name: pa.schema([*keys, *schema]) for name, schema in of_task.items()},
        FAILURES: pa.schema([*keys, *_FAILURES]),
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
_FAILURES: Final = [("code", _NAME), ("what", _NAME), ("where", _NAME), ("remedy", _NAME)]
