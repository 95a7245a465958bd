"""Structures of gemmi."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from protvox.structure.atom_table import Declared
from protvox.structure.io.adapters.columns import ObjectAtoms, ObjectModels, make_atoms

_UNKNOWN: Final = "Unknown"
_POLYMER: Final = "Polymer"
_WATER: Final = "Water"
_INFO: Final = (("exptl", "method"), ("struct", "title"), ("entry", "id"))
_CIF_FORMATS: Final = ("Mmcif", "Mmjson", "ChemComp")


def read_gemmi(item: Any) -> ObjectModels:
    """Read a gemmi structure, model or chain.

    Parameters
    ----------
    item
        ``gemmi.Structure``, ``Model`` or ``Chain``.

    Returns
    -------
    ObjectModels
        With the numbers of the models.
    """
    if hasattr(item, "input_format"):
        models = list(item)
        numbers = [model.num for model in models]
        if len(set(numbers)) < len(numbers):
            numbers = list(range(1, len(numbers) + 1))
        strict = item.input_format.name in _CIF_FORMATS
        declared = _declared(item)
        return ObjectModels(
            item.name,
            numbers,
            lambda i: _table(list(models[i]), numbers[i], strict, declared),
            metadata=_metadata(item),
        )
    is_model = hasattr(item, "find_chain")
    number = item.num if is_model else 1
    chains = list(item) if is_model else [item]
    return ObjectModels("", [number], lambda _: _table(chains, number, False, ()))


def _table(
    chains: list[Any], model: int, strict: bool, declared: tuple[Declared, ...]
) -> ObjectAtoms:
    rows: list[tuple[Any, ...]] = []
    size: list[int] = []
    breaks = 0
    atoms: list[Any] = []
    for chain in chains:
        before = ""
        for residue in chain:
            kind = residue.entity_type.name
            # PDB files end a polymer with a TER record, which is not part of the object.
            breaks += before == _POLYMER != kind
            before = kind
            seqid = residue.seqid
            hetero = residue.het_flag == "H"
            polymer = 1 if kind == _POLYMER else 0
            if kind == _UNKNOWN or not (strict or polymer or hetero):
                polymer = -1
            row = (chain.name, seqid.num, seqid.icode, residue.name, residue.segment)
            rows.append((*row, hetero, polymer, strict and kind == _WATER, breaks))
            size.append(len(residue))
            atoms.extend(residue)
    columns = [np.repeat(np.array(column), size) for column in zip(*rows, strict=True)]
    empty = np.zeros(0, dtype=np.str_)
    chain_, number, code, name, segment, flags, polymer_, water, part = columns or [empty] * 9
    return make_atoms(
        model=model,
        coordinates=[atom.pos.tolist() for atom in atoms],
        chain=chain_,
        number=number,
        insertion_code=code,
        residue_name=name,
        atom_name=[atom.name for atom in atoms],
        element=[atom.element.name for atom in atoms],
        altloc=[atom.altloc.strip("\0") for atom in atoms],
        occupancy=[atom.occ for atom in atoms],
        hetero=flags,
        polymer=polymer_,
        water=water,
        segment=segment,
        breaks=part,
        b_factor=[atom.b_iso for atom in atoms],
        declared=declared,
    )


def _metadata(structure: Any) -> dict[tuple[str, str], list[str]]:
    """Return what a structure says of its origin, by names of the mmCIF dictionary."""
    info = structure.info
    found = {
        (category, name): [info[f"_{category}.{name}"]]
        for category, name in _INFO
        if f"_{category}.{name}" in info
    }
    found["cell", "length_a"] = [str(structure.cell.a)]
    if structure.resolution > 0:
        found["refine", "ls_d_res_high"] = [str(structure.resolution)]
    if any(line.startswith("REMARK   6") for line in structure.raw_remarks):
        found["database_pdb_remark", "id"] = ["6"]
    return found


def _declared(structure: Any) -> tuple[Declared, ...]:
    """Return the sequences of the polymers; of alternative residues, the first."""
    owners: dict[str, str] = {}
    for model in list(structure)[:1]:
        for chain in model:
            for residue in chain:
                owners.setdefault(residue.subchain, chain.name)
    found = []
    for entity in structure.entities:
        if entity.entity_type.name == _POLYMER and entity.full_sequence:
            names = [names.partition(",")[0] for names in entity.full_sequence]
            chains = [owners[part] for part in entity.subchains if part in owners]
            found.append(Declared(tuple(dict.fromkeys(chains or [entity.name])), tuple(names)))
    return tuple(found)
