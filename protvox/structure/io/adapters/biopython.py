"""Structures of Biopython (Bio.PDB)."""

from __future__ import annotations

from typing import Any, Final

from protvox.structure.io.adapters.columns import ObjectAtoms, ObjectModels, make_atoms

_STRUCTURE: Final = "S"
_MODEL: Final = "M"

_HEADER: Final = {
    ("exptl", "method"): "structure_method",
    ("refine", "ls_d_res_high"): "resolution",
    ("struct", "title"): "name",
    ("entry", "id"): "idcode",
}


def read_biopython(entity: Any) -> ObjectModels:
    """Read a ``Bio.PDB`` structure, model or chain.

    Parameters
    ----------
    entity
        ``Bio.PDB.Structure.Structure``, ``Model`` or ``Chain``. All alternative positions are
        read, also those that are not selected in the object.

    Returns
    -------
    ObjectModels
        With the serial numbers of the models.
    """
    if entity.level == _STRUCTURE:
        models = [(list(model), model) for model in entity]
    elif entity.level == _MODEL:
        models = [(list(entity), entity)]
    else:
        models = [([entity], entity.get_parent())]
    numbers = [getattr(model, "serial_num", 0) or 0 for _, model in models]
    if len(set(numbers)) < len(numbers) or numbers == [0]:  # 0 where a file has no MODEL record.
        numbers = list(range(1, len(numbers) + 1))
    top = entity
    while top.get_parent() is not None:
        top = top.get_parent()
    name = str(top.id) if top.level == _STRUCTURE else ""
    return ObjectModels(
        name,
        numbers,
        lambda i: _table(models[i][0], numbers[i]),
        metadata=_metadata(getattr(top, "header", None) or {}),
    )


def _metadata(header: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Return what the header of a file says of its origin, by names of the mmCIF dictionary."""
    return {key: [str(header[name])] for key, name in _HEADER.items() if header.get(name)}


def _table(chains: list[Any], model: int) -> ObjectAtoms:
    rows: list[tuple[Any, ...]] = []
    for chain in chains:
        for site in chain:
            residues = site.disordered_get_list() if site.is_disordered() == 2 else [site]
            found = [
                (residue, atom) for residue in residues for atom in residue.get_unpacked_list()
            ]
            serials = [atom.serial_number for _, atom in found]
            if site.is_disordered() and all(isinstance(serial, int) for serial in serials):
                # Biopython groups the alternative positions; the file may not.
                found.sort(key=lambda pair: pair[1].serial_number)
            for residue, atom in found:
                flag, number, code = residue.id
                rows.append((chain.id, flag, number, code, residue.resname, residue.segid, atom))
    chain_, flag, number, code, name, segment, atoms = (
        zip(*rows, strict=True) if rows else ((),) * 7
    )
    return make_atoms(
        model=model,
        coordinates=[atom.coord for atom in atoms],
        chain=chain_,
        number=number,
        insertion_code=code,
        residue_name=name,
        atom_name=[atom.name for atom in atoms],
        element=[atom.element or "" for atom in atoms],
        altloc=[atom.altloc for atom in atoms],
        occupancy=[1.0 if atom.occupancy is None else atom.occupancy for atom in atoms],
        hetero=[word.strip() != "" for word in flag],
        segment=[word or "" for word in segment],
        b_factor=[atom.bfactor for atom in atoms],
    )
