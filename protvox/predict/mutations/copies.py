"""Residues of identical chains, which one mutation of the gene changes at once."""

from __future__ import annotations

import numpy as np

from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.assembly.identical import find_identical
from protvox.structure.structure import Structure

Copies = tuple[tuple[int, ...], ...]
"""For each predicted residue, the rows of its copies in identical chains, itself among them, in
file order."""


def find_copies(structure: Structure, residues: ResidueTable) -> Copies:
    """Return which predicted residues are copies of each other.

    Parameters
    ----------
    structure
        The whole structure; see `protvox.structure.assembly.identical.find_identical` for which
        chains are identical.
    residues
        Its predicted residues.

    Returns
    -------
    tuple of tuple of int
        For each residue its copies and itself. In identical chains, residues of one type and
        author number are copies; where all residues of the chains agree, those at the same
        position, whatever their numbers.
    """
    same_as, _ = find_identical(structure, structure.sequences)
    chain = residues.chain
    rows_of = {name: np.flatnonzero(chain == name).tolist() for name in dict.fromkeys(chain)}
    wild_type = residues.wild_type.tolist()
    names = list(
        zip(residues.number.tolist(), residues.insertion_code.tolist(), wild_type, strict=True)
    )
    groups: dict[tuple[object, ...], list[int]] = {}
    key_of: list[tuple[object, ...]] = [()] * len(wild_type)
    for name, rows in rows_of.items():
        other = same_as.get(str(name), str(name))
        first = rows_of.get(other, rows)
        aligned = [wild_type[row] for row in rows] == [wild_type[row] for row in first]
        for position, row in enumerate(rows):
            key_of[row] = (other, *names[first[position] if aligned else row])
            groups.setdefault(key_of[row], []).append(row)
    return tuple(tuple(groups[key]) for key in key_of)
