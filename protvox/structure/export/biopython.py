"""Export to Biopython."""

from __future__ import annotations

from typing import Any

import numpy as np

from protvox.structure.export.atoms import (
    Atoms,
    b_factors,
    hetero_residues,
    import_library,
    short_name,
)


def to_biopython(atoms: Atoms) -> Any:
    """Return a structure as a ``Bio.PDB`` structure.

    Parameters
    ----------
    atoms
        The structure.

    Returns
    -------
    Bio.PDB.Structure.Structure
        See `protvox.structure.structure.Structure.to_biopython`.

    Raises
    ------
    UsageError
        If Biopython is not installed (``usage.package``).
    """
    library = import_library("Bio.PDB", "biopython")
    out = library.Structure.Structure(short_name(atoms))
    model = library.Model.Model(0, atoms.model)
    out.add(model)
    hetero = hetero_residues(atoms).tolist()
    bounds = np.searchsorted(atoms.residue_index, np.arange(len(hetero) + 1)).tolist()
    rows = zip(
        atoms.chain.tolist(),
        atoms.number.tolist(),
        atoms.insertion_code.tolist(),
        atoms.residue_name.tolist(),
        hetero,
        strict=True,
    )
    factors = b_factors(atoms).tolist()
    names, elements = atoms.atom_name.tolist(), atoms.element.tolist()
    for row, (chain, number, code, name, flag) in enumerate(rows):
        chain = chain or " "
        if chain not in model:
            model.add(library.Chain.Chain(chain))
        key = (f"H_{name}" if flag else " ", number, code or " ")
        residue = library.Residue.Residue(key, name, " ")
        _add(model[chain], residue, library)
        for i in range(bounds[row], bounds[row + 1]):
            # Calcium begins in the first of the four columns, a CA atom in the second.
            begins = len(elements[i]) > 1 or len(names[i]) > 3
            padded = names[i] if begins else f" {names[i]}"
            residue.add(
                library.Atom.Atom(
                    names[i],
                    atoms.coordinates[i].copy(),
                    factors[row],
                    1.0,
                    " ",
                    padded.ljust(4),
                    i + 1,
                    element=elements[i],
                )
            )
    return out


def _add(chain: Any, residue: Any, library: Any) -> None:
    """Add a residue to a chain, beside another of the same number if there is one."""
    if residue.id not in chain:
        chain.add(residue)
        return
    site = chain[residue.id]
    if site.is_disordered() != 2:
        chain.detach_child(residue.id)
        both = library.Residue.DisorderedResidue(residue.id)
        chain.add(both)
        both.disordered_add(site)
        site = both
    site.disordered_add(residue)
