"""Results cross a cluster with all tables of their task; needs no cluster."""

from __future__ import annotations

import pyarrow as pa

from protvox.batch.messages import Failure, ResultTables
from protvox.batch.ray.rows import Outcome, pack_outcomes, unpack_outcomes


def test_every_table_crosses():
    tables = {
        "structures": pa.table({"id": ["a"], "log_likelihood": [-1.5]}),
        "mutations": pa.table({"id": ["a", "a"], "score": [0.5, None]}),
    }
    outcomes = [
        Outcome("a", "0" * 64, 2.5, ResultTables(tables, {"n_residues": 3})),
        Outcome("b", "", None, Failure("input.empty", "it is empty", "b", "")),
        Outcome("c", "1" * 64, None, None),
    ]
    assert list(unpack_outcomes(pack_outcomes(outcomes))) == outcomes
