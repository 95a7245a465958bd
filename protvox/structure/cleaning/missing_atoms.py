"""Warnings about a structure: gaps, missing atoms and unusual residues."""

from __future__ import annotations

from typing import Final

import numpy as np

from protvox.chemistry import BACKBONE_ATOMS
from protvox.messages import chain_label, count, listing
from protvox.structure.atom_table import Declared, Texts, factorize, lookup
from protvox.structure.cleaning.loops import collect_flags
from protvox.structure.cleaning.residue_kinds import Meanings
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.structure import Structure

_BACKBONE: Final = 7
"""Flags of N, CA and C together."""

_SIDE: Final = 8
"""Flag of side chain atoms."""

_NO_SIDE_CHAIN: Final = frozenset({*BACKBONE_ATOMS, "CB", "OXT"})


def declared_sequences(declared: tuple[Declared, ...]) -> dict[str, tuple[str, ...]]:
    """Return the declared sequences of protein chains.

    Parameters
    ----------
    declared
        Sequences of SEQRES or entity_poly_seq.

    Returns
    -------
    dict
        Author chain name to standard parents, three-letter codes, ``""`` where there is none.
        Caps are not residues.
    """
    found: dict[str, tuple[str, ...]] = {}
    for sequence in declared:
        names = [residue_name(name) for name in sequence.residues]
        known = [name.amino_acid for name in names]
        if 2 * known.count(True) < len(known):
            continue  # A nucleic acid.
        parents = tuple(name.parent for name in names if name.amino_acid is not False)
        found.update(dict.fromkeys(sequence.chains, parents))
    return found


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
        At most one sentence, which lists every chain with fewer residues than declared.
    """
    gaps = []
    for sequence in declared:
        known = [residue_name(name).amino_acid for name in sequence.residues]
        if 2 * known.count(True) < len(known):
            continue  # A nucleic acid.
        declared_count = len(known) - known.count(False)  # Caps are not residues.
        for chain in sequence.chains:
            missing = declared_count - int(
                (structure.is_protein & (structure.chain == chain)).sum()
            )
            if missing > 0:
                gaps.append(f"{missing} of {declared_count} in {chain_label(chain)}")
    if not gaps:
        return []
    return [f"Residues of the full sequence without coordinates: {listing(gaps, most=30)}."]


def describe_residues(structure: Structure, meanings: Meanings, atom_names: Texts) -> list[str]:
    """Describe chains without side chains or backbone, D-amino acids and unknown residues.

    Parameters
    ----------
    structure
        Cleaned structure.
    meanings
        From `classify_residues`.
    atom_names
        Names of the atoms, see `AtomTable.texts`.

    Returns
    -------
    list of str
        One sentence per finding.
    """
    protein = structure.is_protein
    atoms = np.bincount(structure.residue_index, minlength=structure.n_residues)
    names, which = atom_names
    flags = [
        1 << BACKBONE_ATOMS.index(name)
        if name in BACKBONE_ATOMS[:3]
        else _SIDE * (name not in _NO_SIDE_CHAIN)
        for name in names
    ]
    found_flags = np.zeros(structure.n_residues, dtype=np.uint8)
    collect_flags(structure.residue_index, which, np.array(flags, dtype=np.uint8), found_flags)
    complete = (found_flags & _BACKBONE) == _BACKBONE
    side_atoms = (found_flags & _SIDE) != 0
    ca_only, backbone_only, incomplete = [], [], []
    chains, chain_of = factorize(structure.chain[protein])
    masks = (atoms > 0, atoms != 1, side_atoms, ~complete)
    counts = (np.bincount(chain_of[mask[protein]], minlength=len(chains)) for mask in masks)
    for chain, *numbers in zip(chains, *(column.tolist() for column in counts), strict=True):
        total, larger, with_side, lacking = numbers
        if not larger:
            ca_only.append(chain_label(chain))
        elif total > 1 and not with_side:
            backbone_only.append(chain_label(chain))
        elif lacking:
            incomplete.append(f"{count(lacking, 'residue')} of {chain_label(chain)}")
    findings = {
        "CA atoms only": ca_only,
        "Backbone atoms only": backbone_only,
        "Missing backbone atoms": incomplete,
    }
    found = [f"{what}: {listing(where, most=30)}." for what, where in findings.items() if where]
    mirrored = int((protein & lookup((word.mirrored for word in meanings[0]), meanings[1])).sum())
    if mirrored:
        found.append(f"Treated as their L forms: {count(mirrored, 'D-amino acid')}.")
    unknown = int((protein & (structure.parent == "")).sum())
    if unknown:
        found.append(
            "Without a wild type, since they correspond to no standard amino acid: "
            f"{count(unknown, 'residue')}."
        )
    return found
