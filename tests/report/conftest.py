from __future__ import annotations

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.predict.results.prediction import (
    DomainPrediction,
    InputInfo,
    Neighbour,
    Prediction,
    RankedLabel,
    ResidueTable,
)
from protvox.structure.structure import Dropped


@pytest.fixture
def prediction() -> Prediction:
    """Two chains of 60 residues; A:52A (negative start, insertion code) is suspicious."""
    n = 120
    number = np.tile(np.arange(-5, 55), 2).astype(np.int32)
    code = np.full(n, "", dtype="<U1")
    number[57] = 52
    code[57] = "A"
    wild_type = np.array([AMINO_ACIDS[i % 20] for i in range(n)])
    probabilities = np.full((n, 20), 0.2 / 19, dtype=np.float32)
    probabilities[np.arange(n), np.arange(n) % 20] = 0.8
    probabilities[57] = 0.001 / 19
    probabilities[57, AMINO_ACID_INDEX["GLY"]] = 0.999
    table = ResidueTable(np.repeat(["A", "Bc"], 60), number, code, wild_type, probabilities)
    labels = tuple(
        RankedLabel(f"3.{i}0", "A name that is really far too long to be shown whole", 0.5 / i)
        for i in range(1, 6)
    )
    domains = tuple(
        DomainPrediction(
            id=chain,
            chain=chain,
            chopping="-5-10,20-30,31-35,36-40,41-45,46-54",
            n_residues=60,
            in_range=chain == "A",
            model="cath@1",
            cath_class=RankedLabel("3", "Alpha Beta", 0.9),
            architectures=labels,
            nearest=(Neighbour("1abcA01", "3.40.50.300", 0.9),),
        )
        for chain in ("A", "Bc")
    )
    info = InputInfo(
        "a\x1b[31m.cif",
        "mmcif",
        "0" * 64,
        3,
        999,
        121,
        tuple(Dropped(f"{i} waters", f"chain {i}", "why") for i in range(5)),
    )
    return Prediction(info, domains, table, {"cath": "cath@1", "environment": "env@1"})
