"""What the user should know about a structure: gaps, missing atoms, odd residues."""

from __future__ import annotations

from typing import Final

import numpy as np

from protvox.structure.model import Structure
from protvox.structure.residues import ResidueWord
from protvox.structure.table import Declared, factorize, lookup
from protvox.structure.wording import count
from protvox.vocabulary import BACKBONE_ATOMS

_NO_SIDE_CHAIN: Final = frozenset({*BACKBONE_ATOMS, "CB", "OXT"})


def describe_gaps(structure: Structure, declared: tuple[Declared, ...]) -> list[str]:
    """Compare the residues of each protein chain with its declared sequence.

    Parameters
    ----------
    structure
        Cleaned structure.
    declared
        Sequences of SEQRES or entity_poly_seq.

    Returns
    -------
    list of str
        One sentence a chain with fewer residues than declared, and for declared chains
        without any residue.
    """
    found = []
    for sequence in declared:
        for chain in sequence.chains:
            rows = (structure.chain == chain) & structure.is_protein
            have, want = int(rows.sum()), len(sequence.residues)
            if 0 < have < want:
                found.append(f"Chain {chain}: {want - have} of {want} declared residues are "
                             "missing from the coordinates.")  # fmt: skip
    return found


def describe_residues(structure: Structure, words: list[ResidueWord]) -> list[str]:
    """Point out chains without side chains or backbone, D-amino acids and unknown residues.

    Parameters
    ----------
    structure
        Cleaned structure.
    words
        ``residue``, what each name means.

    Returns
    -------
    list of str
        One sentence a finding.
    """
    found = []
    protein = structure.is_protein
    atoms = np.bincount(structure.residue_index, minlength=structure.n_residues)
    backbone = ~np.isnan(structure.backbone()[:, :, 0])
    names, which = factorize(structure.atom_name)
    side = lookup((name not in _NO_SIDE_CHAIN for name in names), which)
    extra = np.bincount(structure.residue_index, weights=side, minlength=structure.n_residues)
    for chain in structure.protein_chains:
        rows = protein & (structure.chain == chain)
        if (atoms[rows] == 1).all():
            found.append(f"Chain {chain} has CA atoms only.")
        elif rows.sum() > 1 and not extra[rows].any():
            found.append(f"Chain {chain} has backbone atoms only.")
        else:
            broken = int((rows & ~backbone[:, :3].all(axis=1)).sum())
            if broken:
                found.append(f"Chain {chain}: {count(broken, 'residue')} without all backbone "
                             "atoms.")  # fmt: skip
    mirrored = int((protein & np.array([word.mirrored for word in words])).sum())
    if mirrored:
        found.append(f"Treated as their L forms: {count(mirrored, 'D-amino acid')}.")
    unknown = int((protein & (structure.parent == "")).sum())
    if unknown:
        found.append("Without a wild type, as they stand for no standard amino acid: "
                     f"{count(unknown, 'residue')}.")  # fmt: skip
    return found
