"""A model process without networks, for tests of everything else.

It dies on structures called ``kill``, never ends on those called ``stuck``, nor the first time on
those called ``late``, and reports a bug on those called ``bug``. On a cluster, its worker dies with
it on those called ``slay``, and the first time on those called ``once``.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pyarrow as pa

from protvox.batch.messages import Ready, ResultTables, failure_of, to_message
from protvox.batch.plan import Item
from protvox.batch.tables.schema import key_values, table_schemas
from protvox.predict.scoring.options import ScoreOptions
from protvox.processes.parent import Parent
from protvox.processes.structure_codec import decode_structure


def main():
    parent = Parent()
    setup = parent.receive()
    options = ScoreOptions(**setup["options"])
    parent.send(to_message(Ready({"fake@1": "0" * 64}, ("cpu",) * setup["cores"])))
    while True:
        request = parent.receive()
        item = Item.from_json(request["item"])
        if "kill" in item.id:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slay" in item.id or ("once" in item.id and is_first(item)):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1000)
        if "slow" in item.id:
            time.sleep(1)
        if "stuck" in item.id or ("late" in item.id and is_first(item)):
            time.sleep(1000)
        try:
            if "bug" in item.id:
                raise ValueError("no")
            reply = results(item, decode_structure(request["structure"]), options)
        except ValueError as error:
            reply = failure_of(error)
        parent.send(to_message(reply))


def take_over():
    """Replace the model process, in a worker of a cluster."""
    import protvox.batch.workers.pool

    protvox.batch.workers.pool.MODEL = "fake_model"


def is_first(item):
    mark = Path(item.path + ".seen")
    seen = mark.exists()
    mark.touch()
    return not seen


def results(item, structure, options):
    schemas = table_schemas(options)
    keys = key_values(item, schemas["domains"])
    domains = [
        keys
        | {
            "domain": chain,
            "chain": chain,
            "chopping": item.chopping,
            "n_residues": int((structure.chain == chain).sum()),
            "class": "3",
            "class_name": "Alpha Beta",
            "architecture": "3.40",
            "in_range": True,
            "architecture_name": "Rossmann fold",
            "architecture_probability": 0.5,
        }
        for chain in structure.protein_chains
    ]
    residues = [
        keys | {"chain": chain, "number": number, "p_wild_type": 0.25, "entropy": 1.0}
        for chain, number in zip(structure.chain.tolist(), structure.number.tolist(), strict=True)
    ]
    columns = {"format": structure.format, "n_residues": structure.n_residues}
    tables = {
        "domains": pa.Table.from_pylist(domains, schemas["domains"]),
        "residues": pa.Table.from_pylist(residues, schemas["residues"]),
    }
    return ResultTables(tables, columns)


if __name__ == "__main__":
    main()
