"""Structures of biotite."""

from __future__ import annotations

from typing import Any

from protvox.structure.io.adapters.columns import ObjectAtoms, ObjectModels, make_atoms


def read_biotite(atoms: Any) -> ObjectModels:
    """Read a biotite ``AtomArray`` or ``AtomArrayStack``.

    Parameters
    ----------
    atoms
        Its optional annotations ``altloc_id``, ``occupancy`` and ``b_factor`` are used if
        present.

    Returns
    -------
    ObjectModels
        The models of a stack are numbered from 1.
    """
    stack = atoms.coord.ndim == 3
    numbers = range(1, (len(atoms.coord) if stack else 1) + 1)
    return ObjectModels("", numbers, lambda i: _table(atoms, i if stack else None))


def _table(atoms: Any, index: int | None) -> ObjectAtoms:
    annotations = atoms.get_annotation_categories()

    def find(name: str) -> Any:
        return atoms.get_annotation(name) if name in annotations else None

    return make_atoms(
        model=1 if index is None else index + 1,
        coordinates=atoms.coord if index is None else atoms.coord[index],
        chain=atoms.chain_id,
        number=atoms.res_id,
        insertion_code=find("ins_code"),
        residue_name=atoms.res_name,
        atom_name=atoms.atom_name,
        element=find("element"),
        altloc=_blank(find("altloc_id")),
        occupancy=find("occupancy"),
        hetero=find("hetero"),
        b_factor=find("b_factor"),
    )


def _blank(altloc: Any) -> Any:
    """Return alternative positions with ``""`` for the placeholders of mmCIF files."""
    return None if altloc is None else [word if word not in (".", "?") else "" for word in altloc]
