"""Doubts about a chain that is unlike the domains of the training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.registry.card import Card
from protvox.structure.geometry.compactness import measure_shape
from protvox.structure.io.read import read_structure
from protvox.tasks.cath.applicability import explain_flag, find_flags

CARD = Card(
    "cath",
    "9",
    "cath",
    "",
    {},
    "w",
    "0",
    n_residues=(40, 300),
    shape={
        "bonded_fraction": (0.95, None),
        "contact_density": (2.2, None),
        "relative_rg": (None, 3.4),
        "algebraic_connectivity": (0.03, None),
    },
)


@pytest.fixture(scope="module")
def ca(data_dir):
    found = read_structure(data_dir / "1ubi.pdb").backbone()[:, 1]
    return found[np.isfinite(found).all(axis=1)]


def flags(chain, card=CARD):
    return find_flags(chain, len(chain), card)


def test_ordinary_domain_has_no_flags(ca):
    assert flags(ca) == ()


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda ca: ca[:30], "too_short"),
        (lambda ca: np.tile(ca, (5, 1)), "too_long"),
        (lambda ca: np.random.default_rng(0).permutation(ca), "broken"),
        (lambda ca: np.concatenate([ca, ca + np.array([np.ptp(ca[:, 0]) + 6, 0, 0])]), "several"),
        (lambda ca: np.outer(np.arange(50), [0, 0, 3.4]), "extended"),
        (lambda ca: np.outer(np.arange(50), [0, 0, 3.4]), "loose"),
    ],
)
def test_each_flag(ca, change, doubt):
    found = flags(change(ca))
    assert doubt in found
    assert all(explain_flag(name) for name in found)


def test_domains_with_a_large_interface_are_flagged(data_dir):
    structure = read_structure(data_dir / "3mht.pdb.gz")
    rows = structure.is_protein & (structure.chain == "A")
    whole = structure.backbone()[rows, 1]
    card = replace(CARD, n_residues=(40, 400))
    # Cohesion alone does not part them, the cuts do (CATH: 1-186 with 285-327, and 187-284).
    assert measure_shape(whole).algebraic_connectivity > 0.03
    assert flags(whole, card) == ("several",)
    number = structure.number[rows]
    assert flags(whole[(number <= 186) | (number >= 285)], card) == ()


def test_without_limits_only_the_length_is_checked(ca):
    card = Card("cath", "9", "cath", "", {}, "w", "0", n_residues=(40, 300))
    assert flags(np.random.default_rng(0).permutation(ca), card) == ()
    assert flags(ca[:20], card) == ("too_short",)
    assert flags(ca[:5], CARD) == ("too_short",)
