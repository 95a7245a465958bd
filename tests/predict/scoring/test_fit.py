"""The row per structure: its stretches against a search over all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.scoring.fit import describe_fit, worst_stretches


@pytest.fixture(scope="module")
def table():
    """Chain B of 4 residues, one with an insertion code, and chain A of 40."""
    rng = np.random.default_rng(0)
    n = 44
    probabilities = rng.dirichlet(np.full(20, 0.2), n).astype(np.float32)
    return ResidueTable(
        chain=np.array(["B"] * 4 + ["A"] * 40),
        number=np.array([*(1, 2, 2, 3), *range(-5, 35)], dtype=np.int32),
        insertion_code=np.array(["", "", "C", ""] + [""] * 40),
        wild_type=rng.choice(AMINO_ACIDS, n),
        probabilities=probabilities,
    )


def test_stretches_are_the_worst_that_do_not_overlap(table):
    logs = np.log(np.clip(table.p_wild_type, np.finfo(np.float32).tiny, None))
    means = {(4 + i, 4 + i + 11): logs[4 + i : 15 + i].mean() for i in range(30)}
    means[0, 4] = logs[:4].mean()  # a chain shorter than a stretch counts as a whole
    expected = []
    for (at, end), mean in sorted(means.items(), key=lambda item: item[1]):
        if all(end <= a or at >= b for (a, b), _ in expected):
            expected.append(((at, end), mean))
    found = worst_stretches(table)
    assert [one.log_likelihood for one in found] == pytest.approx([m for _, m in expected[:3]])
    columns = (table.chain, table.number, table.insertion_code)
    names = [f"{chain}:{number}{code}" for chain, number, code in zip(*columns, strict=True)]
    for one, ((at, end), _) in zip(found, expected, strict=False):
        assert one.where == f"{names[at]}-{names[end - 1].partition(':')[2]}"
    assert len(worst_stretches(table, length=3, most=99)) > 3
    for one, other in pairwise(worst_stretches(table, most=99)):
        assert one.log_likelihood <= other.log_likelihood


def test_columns_summarise_the_table(table):
    row = describe_fit(table)
    logs = np.log(np.clip(table.p_wild_type, np.finfo(np.float32).tiny, None), dtype=np.float64)
    assert row["log_likelihood"] == pytest.approx(logs.mean())
    assert row["recovered"] == np.mean(table.predicted == table.wild_type)
    worst = worst_stretches(table)
    assert row["worst_stretch"] == worst[0].where
    assert row["stretches"].split("; ")[1] == f"{worst[1].where} {worst[1].log_likelihood:.2f}"
