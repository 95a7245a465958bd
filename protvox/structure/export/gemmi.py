"""Export to gemmi."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.export.atoms import (
    Atoms,
    b_factors,
    hetero_residues,
    import_library,
    short_name,
)

_UNNAMED: Final = "(blank)"


def to_gemmi(
    atoms: Atoms,
    *,
    b_factor: NDArray[np.floating] | None = None,
    occupancy: NDArray[np.floating] | None = None,
) -> Any:
    """Return a structure as a ``gemmi.Structure``.

    Parameters
    ----------
    atoms
        The structure.
    b_factor, occupancy
        ``residue``, for all atoms of a residue; by default the pLDDT, or else 0, and 1.

    Returns
    -------
    gemmi.Structure
        See `protvox.structure.structure.Structure.to_gemmi`.
    """
    gemmi = import_library("gemmi", "gemmi")
    n = len(atoms.chain)
    factors = b_factors(atoms) if b_factor is None else b_factor
    occupancies = np.ones(n) if occupancy is None else occupancy
    bounds = np.searchsorted(atoms.residue_index, np.arange(n + 1))
    polymer, hetero = atoms.is_polymer.tolist(), hetero_residues(atoms).tolist()
    kinds = gemmi.EntityType.NonPolymer, gemmi.EntityType.Polymer
    model = gemmi.Model(atoms.model)
    chain = None
    for row in range(n):
        name = str(atoms.chain[row])
        if chain is None or chain.name != name:
            if chain is not None:
                model.add_chain(chain)
            chain = gemmi.Chain(name)
        residue = gemmi.Residue()
        residue.name = str(atoms.residue_name[row])
        code = str(atoms.insertion_code[row]) or " "
        residue.seqid = gemmi.SeqId(int(atoms.number[row]), code)
        residue.entity_type = kinds[polymer[row]]
        residue.het_flag = "H" if hetero[row] else "A"
        for i in range(bounds[row], bounds[row + 1]):
            atom = gemmi.Atom()
            atom.name = str(atoms.atom_name[i])
            atom.element = gemmi.Element(str(atoms.element[i]))
            atom.pos = gemmi.Position(*atoms.coordinates[i].tolist())
            atom.b_iso = float(factors[row])
            atom.occ = float(occupancies[row])
            residue.add_atom(atom)
        chain.add_residue(residue)
    if chain is not None:
        model.add_chain(chain)
    out = gemmi.Structure()
    out.name = short_name(atoms)
    out.add_model(model)
    out.setup_entities()
    _add_unnamed_entities(out, gemmi)
    out.assign_serial_numbers()
    return out


def _add_unnamed_entities(structure: Any, gemmi: Any) -> None:
    """Add entities for polymers without a chain name; gemmi omits them, but viewers need them."""
    for chain in structure[0]:
        polymer = chain.get_polymer()
        if not chain.name and len(polymer):
            entity = gemmi.Entity(_UNNAMED)
            entity.entity_type = gemmi.EntityType.Polymer
            entity.subchains = [polymer.subchain_id()]
            structure.entities.append(entity)
