"""Structures as bytes between processes: arrays with their types, checked when read back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import msgpack
import numpy as np

from protvox.structure.structure import Dropped, Structure

_KINDS: Final = {
    "coordinates": "f",
    "element": "U",
    "atom_name": "U",
    "atom_type": "u",
    "residue_index": "i",
    "chain": "U",
    "number": "i",
    "insertion_code": "U",
    "residue_name": "U",
    "parent": "U",
    "kind": "u",
}
_PER_ATOM: Final = ("element", "atom_name", "atom_type", "residue_index")


def encode_structure(structure: Structure) -> bytes:
    """Return a structure as bytes.

    Parameters
    ----------
    structure
        Any structure.
    """
    plain: dict[str, Any] = {}
    for field in fields(Structure):
        value = getattr(structure, field.name)
        if isinstance(value, np.ndarray):
            value = [value.dtype.str, list(value.shape), value.tobytes()]
        elif field.name == "dropped":
            value = [[d.what, d.where, d.why] for d in value]
        plain[field.name] = value
    data: bytes = msgpack.packb(plain, unicode_errors="surrogatepass")
    return data


def decode_structure(data: bytes) -> Structure:
    """Return the structure that `encode_structure` made bytes of.

    Parameters
    ----------
    data
        The bytes, from a process that has read a foreign file.

    Returns
    -------
    Structure
        Equal to the one encoded.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """
    plain = msgpack.unpackb(data, unicode_errors="surrogatepass")
    arrays = {name: _array(name, *plain[name]) for name in _KINDS}
    n_atoms, n_residues = len(arrays["coordinates"]), len(arrays["chain"])
    index = arrays["residue_index"]
    fits = all(
        len(array) == (n_atoms if name in (*_PER_ATOM, "coordinates") else n_residues)
        for name, array in arrays.items()
    )
    if not fits or arrays["coordinates"].shape != (n_atoms, 3):
        raise ValueError("the arrays of the structure differ in length")
    if n_atoms and (index.min() < 0 or index.max() >= n_residues):
        raise ValueError("an atom belongs to no residue")
    return Structure(
        name=str(plain["name"]),
        format=str(plain["format"]),
        sha256=str(plain["sha256"]),
        model=int(plain["model"]),
        dropped=tuple(Dropped(*map(str, words)) for words in plain["dropped"]),
        warnings=tuple(map(str, plain["warnings"])),
        **arrays,
    )


def _array(name: str, kind: str, shape: list[int], data: bytes) -> Any:
    dtype = np.dtype(kind)
    if dtype.kind != _KINDS[name]:
        raise ValueError(f"{name} has the type {kind}")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
