from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.predict.check.overall import (
    NEAREST,
    POOR,
    compare_overall,
    poor_fit_warning,
    released_reference,
)
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.experiment import Experiment

REFERENCE = released_reference()


def table(ubiquitin, p: float) -> ResidueTable:
    rows = np.flatnonzero(ubiquitin.is_protein)
    probabilities = np.full((len(rows), 20), (1 - p) / 19, dtype=np.float32)
    types = [AMINO_ACID_INDEX[name] for name in ubiquitin.parent[rows].tolist()]
    probabilities[np.arange(len(rows)), types] = p
    return ResidueTable(
        chain=ubiquitin.chain[rows],
        number=ubiquitin.number[rows],
        insertion_code=ubiquitin.insertion_code[rows],
        wild_type=ubiquitin.parent[rows],
        probabilities=probabilities,
    )


def test_structures_of_similar_resolution():
    values, name = REFERENCE.like("X-ray", 2.0)
    assert len(values) == NEAREST
    assert name == "40 X-ray structures of 1.9 to 2.1 Å"
    coarse, name = REFERENCE.like("EM", 4.0)
    assert np.median(coarse) < np.median(values)
    assert name.endswith("(there are no EM structures among them)")


def test_other_kinds():
    assert np.median(REFERENCE.like("NMR", None)[0]) < np.median(REFERENCE.like("X-ray", 3.5)[0])
    assert "2.0 Å" in REFERENCE.like("predicted", None)[1]
    assert len(REFERENCE.like("", None)[0]) == len(REFERENCE.xray) + len(REFERENCE.nmr)
    assert (np.diff(REFERENCE.resolution) >= 0).all()


@pytest.mark.parametrize(
    ("experiment", "method"),
    [(Experiment("NMR"), "NMR"), (Experiment("X-ray", 1.8), "X-ray"), (Experiment(), "")],
)
def test_the_percentile_is_the_share_below(ubiquitin, experiment, method):
    structure = replace(ubiquitin, experiment=experiment)
    good = compare_overall(structure, table(ubiquitin, 0.5))
    bad = compare_overall(structure, table(ubiquitin, 0.06))
    assert (good.method, good.n_residues) == (method, 76)
    assert good.log_likelihood == pytest.approx(np.log(0.5), rel=1e-4)
    values = REFERENCE.like(method, experiment.resolution)[0]
    assert good.percentile == pytest.approx(100 * np.mean(values < good.log_likelihood))
    assert bad.percentile < good.percentile


def test_residues_of_low_plddt_are_not_compared(ubiquitin):
    probabilities = table(ubiquitin, 0.5).probabilities.copy()
    probabilities[70:] = 0.05
    found = replace(table(ubiquitin, 0.5), probabilities=probabilities)
    plddt = np.full(ubiquitin.n_residues, 90, dtype=np.float32)
    plddt[70:76] = 40
    overall = compare_overall(replace(ubiquitin, plddt=plddt), found)
    assert (overall.method, overall.n_residues) == ("predicted", 70)
    assert overall.log_likelihood == pytest.approx(np.log(0.5), rel=1e-4)
    plddt[:] = 40
    assert compare_overall(replace(ubiquitin, plddt=plddt), found).n_residues == 76


def test_only_a_very_poor_fit_is_a_warning(ubiquitin):
    structure = replace(ubiquitin, experiment=Experiment("X-ray", 1.8))
    assert poor_fit_warning(structure, table(ubiquitin, 0.5)) is None
    warning = poor_fit_warning(structure, table(ubiquitin, 0.06))
    assert warning is not None
    assert "100 % of 40 X-ray structures of 1.7 to 1.9 Å" in warning
    assert "protvox check" in warning
    few = table(ubiquitin, 0.06)
    names = ("chain", "number", "insertion_code", "wild_type", "probabilities")
    assert poor_fit_warning(structure, ResidueTable(*(getattr(few, n)[:20] for n in names))) is None


def test_few_structures_of_the_reference_would_be_warned_of():
    """Each compared with the others: 8 of 278."""
    poor = 0
    for i, (resolution, value) in enumerate(zip(REFERENCE.resolution, REFERENCE.xray, strict=True)):
        others = replace(
            REFERENCE,
            resolution=np.delete(REFERENCE.resolution, i),
            xray=np.delete(REFERENCE.xray, i),
        )
        poor += 100 * np.mean(others.like("X-ray", resolution)[0] < value) < POOR
    for i, value in enumerate(REFERENCE.nmr):
        poor += 100 * np.mean(np.delete(REFERENCE.nmr, i) < value) < POOR
    assert poor <= 0.03 * (len(REFERENCE.xray) + len(REFERENCE.nmr))
