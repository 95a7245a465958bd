from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import protvox
from protvox.errors import InputError, UsageError
from protvox.predict.check.calibration import released_calibration
from protvox.predict.suggest.reasons import CHARGE, FLAGS, HYDROPHOBIC, POLAR, SIZE, flags, reason
from protvox.predict.suggest.surroundings import Surroundings, named, near
from protvox.structure.io.read import read_structure


@pytest.fixture(scope="module")
def crambin(data_dir):
    return read_structure(data_dir / "1ejg.pdb.gz")


def test_the_best_of_each_residue_is_listed(ubiquitin):
    scan = protvox.mutations(ubiquitin).to_pandas()
    found = protvox.suggest(ubiquitin, top=10).to_pandas()
    # The small random networks are not calibrated, so the score ranks.
    best = scan.loc[scan.groupby("number")["score"].idxmin()].sort_values("score")[:10]
    assert found["mutation"].tolist() == best["mutation"].tolist()
    np.testing.assert_allclose(found["score"], best["score"])
    assert found["ddg"].isna().all()
    assert found["reason"].str.len().min() > 0


def test_excluded_amino_acids_and_fixed_residues_are_not_suggested(ubiquitin):
    free = protvox.suggest(ubiquitin, top=76).to_pandas()
    fixed = protvox.suggest(ubiquitin, top=76, exclude="C,pW", fix=["A:1-20", "A:48"]).to_pandas()
    assert len(free) == 76
    assert set(fixed["number"]) == set(range(21, 77)) - {48}
    assert not set(fixed["mutant"]) & {"CYS", "PRO", "TRP"}
    assert not any(name[-1] in "CPW" for name in " ".join(fixed["alternatives"]).split())


def test_flags_are_those_of_the_structure(crambin, data_dir):
    found = protvox.suggest(crambin, top=46).to_pandas()
    disulfides = found[found["flags"].str.contains("disulfide")]
    assert set(disulfides["number"]) == {3, 4, 16, 26, 32, 40}  # as in the header of 1ejg
    unflagged = protvox.suggest(crambin, top=46, skip_flagged=True).to_pandas()
    assert (unflagged["flags"] == "").all()
    assert len(unflagged) == (found["flags"] == "").sum()
    assert set(" ".join(found["flags"]).split()) <= set(FLAGS)


def test_residues_near_a_ligand_stay(data_dir):
    enolase = read_structure(data_dir / "3enl.pdb.gz")
    assert near(enolase, named(enolase, "LIGAND"), 5.0).sum() >= 3
    kept = protvox.suggest(enolase, top=500, keep_away=["LIGAND:8"], networks="backbone")
    rows = near(enolase, named(enolase, "LIGAND"), 8.0)
    assert rows.any()
    away = set(enolase.number[rows].tolist())
    assert not away & {one.number for one in kept.suggestions}
    assert not any("ligand" in one.flags for one in kept.suggestions)


def test_identical_chains_are_one(data_dir):
    structure = read_structure(data_dir / "1a8o.cif", assembly="1")
    if len(structure.protein_chains) < 2:
        pytest.skip("the assembly has one chain")
    found = protvox.suggest(structure, top=100, networks="backbone")
    assert all(one.copies == ("A-2",) for one in found.suggestions)
    assert {one.chain for one in found.suggestions} == {"A"}


def test_a_model_that_is_probably_wrong_should_be_checked_first(ubiquitin, monkeypatch):
    """The small random networks fit no sequence; their own reference is not shipped."""
    assert not protvox.suggest(ubiquitin, top=1).warnings
    environment = protvox.suggest(ubiquitin, top=1).models["environment"]
    calibration = replace(released_calibration(), model=environment)
    monkeypatch.setattr("protvox.predict.suggest.suggest.released_calibration", lambda: calibration)
    (warning,) = protvox.suggest(ubiquitin, top=1).warnings
    assert warning.startswith("The sequence fits this model worse than in ")
    assert "check it first" in warning
    assert not protvox.suggest(ubiquitin, top=1, networks="backbone").warnings


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"top": 0}, UsageError),
        ({"exclude": "CX"}, InputError),
        ({"fix": ["A:900"]}, InputError),
        ({"keep_away": ["LIGAND"]}, UsageError),
        ({"keep_away": ["LIGAND:x"]}, UsageError),
        ({"keep_away": ["LIGAND:nan"]}, UsageError),
        ({"keep_away": ["HEM:5"]}, UsageError),
    ],
)
def test_invalid_options_are_refused(ubiquitin, options, kind):
    with pytest.raises(kind):
        protvox.suggest(ubiquitin, **options)


def test_reasons_follow_from_the_surroundings(ubiquitin):
    around = Surroundings.of(ubiquitin)
    row = {int(n): i for i, n in enumerate(ubiquitin.number.tolist())}
    # Ile 3, Val 5 and Leu 15 are in the core of ubiquitin, Lys 48 and Gly 76 are not.
    core = around.neighbours[[row[n] for n in (3, 5, 15)]]
    assert core.min() > around.neighbours[[row[48], row[76]]].max()
    # Ala 46 and Asn 60 have positive phi (Vijay-Kumar et al. 1987).
    assert around.phi[row[46]] > 0
    assert around.phi[row[60]] > 0
    assert "glycine relaxes" in reason("ALA", "GLY", row[46], around)
    assert "larger side chain" in reason("VAL", "ILE", row[5], around)
    # Lys 27 and Asp 52 form a salt bridge.
    assert around.opposite[row[27]] < 4.0


def test_a_motif_of_two_cysteines_is_kept_for_its_function(ubiquitin):
    parent = ubiquitin.parent.copy()
    parent[[9, 12]] = "CYS"
    around = Surroundings.of(replace(ubiquitin, parent=parent))
    assert np.flatnonzero(around.motif).tolist() == [9, 10, 11, 12]
    assert "catalytic" in flags("GLY", 1.0, 10, around)
    assert "catalytic" not in flags("GLY", 1.0, 13, around)


def test_every_amino_acid_is_known_to_the_reasons():
    assert len(SIZE) == 20
    assert set(SIZE) >= POLAR | HYDROPHOBIC | set(CHARGE)
