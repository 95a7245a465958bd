"""A model process without networks, for tests of everything around it.

It dies on structures called ``kill``, never ends on those called ``stuck``, and reports a bug on
those called ``bug``. On a cluster, its worker dies with it on those called ``slay``, and the first
time on those called ``once``.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pyarrow as pa

from protvox.batch.tables.schema import key_values, table_schemas
from protvox.batch.workers.predict import Answer, Hello
from protvox.batch.workers.read import failure_of


def answer_items(pipe, options, device, cores):
    pipe.send(Hello({"fake@1": "0" * 64}, ("cpu",) * cores))
    while True:
        item, structure = pipe.recv(), pipe.recv()
        if "kill" in item.id:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slay" in item.id or ("once" in item.id and is_first(item)):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1000)
        if "slow" in item.id:
            time.sleep(1)
        if "stuck" in item.id:
            time.sleep(1000)
        pipe.send(
            failure_of(ValueError("no")) if "bug" in item.id else answer(item, structure, options)
        )


def take_over():
    """Stand in for the model process, in a worker of a cluster."""
    import protvox.batch.workers.pool

    protvox.batch.workers.pool.answer_items = answer_items


def is_first(item):
    mark = Path(item.path + ".seen")
    seen = mark.exists()
    mark.touch()
    return not seen


def answer(item, structure, options):
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
    about = {"format": structure.format, "n_residues": structure.n_residues}
    return Answer(
        pa.Table.from_pylist(domains, schemas["domains"]),
        pa.Table.from_pylist(residues, schemas["residues"]),
        about,
    )
