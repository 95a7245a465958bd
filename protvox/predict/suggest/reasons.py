"""Why a mutation may stabilise, and what speaks against it, in words."""

from __future__ import annotations

from typing import Final

import numpy as np

from protvox.predict.suggest.surroundings import Surroundings
from protvox.structure.geometry.secondary_structure import SecondaryStructure

BURIED: Final = 18
"""CB atoms within 10 Å from which a residue is buried."""

EXPOSED: Final = 11
"""CB atoms within 10 Å up to which a residue is exposed."""

CHARGE: Final = {"ARG": 1, "LYS": 1, "ASP": -1, "GLU": -1}
POLAR: Final = frozenset({"ASN", "ASP", "ARG", "GLN", "GLU", "HIS", "LYS", "SER", "THR", "TYR"})
HYDROPHOBIC: Final = frozenset({"ALA", "CYS", "ILE", "LEU", "MET", "PHE", "TRP", "TYR", "VAL"})
SIZE: Final = {
    name: size
    for size, names in {
        4: "GLY",
        5: "ALA",
        6: "SER CYS",
        7: "THR VAL PRO",
        8: "ASP ASN ILE LEU MET",
        9: "GLU GLN LYS",
        10: "HIS",
        11: "PHE ARG",
        12: "TYR",
        14: "TRP",
    }.items()
    for name in names.split()
}
"""Heavy atoms of each amino acid in a chain."""

_HELICAL: Final = frozenset({"ALA", "LEU", "GLU", "MET", "GLN", "LYS", "ARG"})
_EXTENDED: Final = frozenset({"VAL", "ILE", "TYR", "PHE", "TRP", "THR"})
_REPULSION: Final = 6.0  # Å
_SALT_BRIDGE: Final = 4.0  # Å
_ATTRACTION: Final = 8.0  # Å, from CB
IMPROBABLE: Final = 0.05
"""Probability of a buried polar residue below which it may be kept for its function."""

FLAGS: Final = {
    "ligand": "within 5 Å of a ligand or nucleic acid",
    "metal": "within 5 Å of a metal",
    "interface": "in contact with another chain",
    "disulfide": "in a disulfide",
    "catalytic": "very improbable buried polar residue, or in a CxxC motif: perhaps conserved "
    "for its function",
    "glycine": "glycine with positive phi",
    "disordered": "pLDDT below the limit",
}
"""Cautions."""


def reason(wild_type: str, mutant: str, row: int, around: Surroundings) -> str:
    """Return why a mutation may stabilise.

    Parameters
    ----------
    wild_type, mutant
        Three letters.
    row
        The residue.
    around
        Measures of the structure.

    Returns
    -------
    str
        The first of the reasons that applies; they are rules on the structure, and not what the
        networks compute.
    """
    buried, exposed = around.neighbours[row] >= BURIED, around.neighbours[row] <= EXPOSED
    phi = around.phi[row]
    if mutant == "GLY" and phi > 0:
        return "strained backbone (positive phi), which glycine relaxes"
    if wild_type == "GLY" and phi < 0:
        return "glycine with an ordinary backbone, which a side chain makes less flexible"
    if mutant == "PRO":
        return "the backbone suits proline, which stiffens the unfolded chain"
    return (
        _of_charge(wild_type, mutant, row, around, bool(buried))
        or _of_burial(wild_type, mutant, row, around, bool(buried), bool(exposed))
        or _of_attraction(mutant, row, around)
        or _of_backbone(mutant, row, around)
        or f"the surroundings ({_surroundings(row, around)}) favour this amino acid"
    )


def flags(wild_type: str, probability: float, row: int, around: Surroundings) -> list[str]:
    """Return which of the `FLAGS` that need no distance to ligands apply to a residue.

    Parameters
    ----------
    wild_type
        Three letters.
    probability
        Of the wild type.
    row
        The residue.
    around
        Measures of the structure.
    """
    buried = around.neighbours[row] >= BURIED
    improbable = wild_type in POLAR and buried and probability < IMPROBABLE
    found = {
        "interface": bool(around.interface[row]),
        "disulfide": bool(around.disulfide[row]),
        "catalytic": bool(improbable or around.motif[row]),
        "glycine": wild_type == "GLY" and bool(around.phi[row] > 0),
    }
    return [name for name, applies in found.items() if applies]


def _surroundings(row: int, around: Surroundings) -> str:
    """Return the burial and secondary structure of a residue in words."""
    neighbours = around.neighbours[row]
    burial = "buried" if neighbours >= BURIED else "exposed"
    if EXPOSED < neighbours < BURIED:
        burial = "partly buried"
    state = {SecondaryStructure.HELIX: "helix", SecondaryStructure.STRAND: "strand"}
    return f"{burial}, {state.get(SecondaryStructure(int(around.sse[row])), 'loop')}"


def _of_charge(wild_type: str, mutant: str, row: int, around: Surroundings, buried: bool) -> str:
    charge = CHARGE.get(wild_type, 0)
    if not charge or CHARGE.get(mutant, 0) == charge:
        return ""
    satisfied = around.opposite[row] < _SALT_BRIDGE
    if around.like[row] < _REPULSION and not satisfied:
        return "unsatisfied charge near one of the same sign"
    return "buried charge without a partner" if buried and not around.partner[row] else ""


def _of_burial(
    wild_type: str, mutant: str, row: int, around: Surroundings, buried: bool, exposed: bool
) -> str:
    larger = SIZE[mutant] > SIZE[wild_type]
    if buried and wild_type in POLAR:
        if not around.partner[row]:
            return "buried polar group without a partner"
        if mutant in HYDROPHOBIC:
            return "buried polar residue"
    if buried and larger and mutant in HYDROPHOBIC:
        return "room for a larger side chain in the core"
    if exposed and wild_type in HYDROPHOBIC - {"ALA"} and mutant in POLAR:
        return "exposed hydrophobic residue"
    return ""


def _of_attraction(mutant: str, row: int, around: Surroundings) -> str:
    charge = CHARGE.get(mutant, 0)
    if charge:
        opposite = around.negative[row] if charge > 0 else around.positive[row]
        same = around.positive[row] if charge > 0 else around.negative[row]
        if opposite < min(_ATTRACTION, same):
            return "an opposite charge is near"
    return ""


def _of_backbone(mutant: str, row: int, around: Surroundings) -> str:
    state = around.sse[row]
    if state == SecondaryStructure.HELIX and mutant in _HELICAL:
        return "more stable in a helix"
    if state == SecondaryStructure.STRAND and mutant in _EXTENDED:
        return "more stable in a strand"
    if np.isfinite(around.phi[row]) and state == SecondaryStructure.COIL and mutant == "ASN":
        return "suits the turn" if around.phi[row] > 0 else ""
    return ""
