from __future__ import annotations

import numpy as np

from protvox.predict.check.hide import hide_side_chains


def test_every_residue_keeps_backbone_and_cb(ubiquitin):
    hidden = hide_side_chains(ubiquitin)
    names = hidden.atom_name[hidden.is_protein[hidden.residue_index]]
    assert set(names.tolist()) == {"N", "CA", "C", "O", "CB", "OXT"}
    per_residue = np.bincount(hidden.residue_index[hidden.atom_name == "CB"])
    assert (per_residue == 1).all()
    assert (np.diff(hidden.residue_index) >= 0).all()


def test_the_ideal_cb_is_near_the_real_one(ubiquitin):
    hidden = hide_side_chains(ubiquitin)
    real = ubiquitin.atom_name == "CB"
    ideal = hidden.atom_name == "CB"
    ideal &= np.isin(hidden.residue_index, ubiquitin.residue_index[real])
    distance = np.linalg.norm(hidden.coordinates[ideal] - ubiquitin.coordinates[real], axis=1)
    assert np.median(distance) < 0.1
    assert distance.max() < 0.5


def test_other_residues_are_kept(repressor):
    hidden = hide_side_chains(repressor)
    for structure in (repressor, hidden):
        assert not structure.is_protein.all()
    other = ~repressor.is_protein[repressor.residue_index]
    other_hidden = ~hidden.is_protein[hidden.residue_index]
    np.testing.assert_array_equal(hidden.coordinates[other_hidden], repressor.coordinates[other])


def test_some_residues(ubiquitin):
    chosen = np.arange(ubiquitin.n_residues) < 5
    hidden = hide_side_chains(ubiquitin, chosen)
    assert (hidden.residue_index >= 5).sum() == (ubiquitin.residue_index >= 5).sum()
    assert (hidden.residue_index < 5).sum() == 25
