"""Structures as bytes between processes: typed arrays, checked when they are read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import msgpack
import numpy as np

from protvox.structure.experiment import METHODS, Experiment
from protvox.structure.structure import ChainCopy, Dropped, Structure

_DTYPE_KINDS: Final = {
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
    "plddt": "f",
}
_OPTIONAL: Final = ("plddt",)
_PER_ATOM: Final = ("coordinates", "element", "atom_name", "atom_type", "residue_index")


def encode_structure(structure: Structure) -> bytes:
    """Encode a structure.

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
        elif field.name == "copies":
            value = [[c.chain, c.copy_of, c.operator] for c in value]
        elif field.name == "experiment":
            cell, scale = list(value.cell), list(value.to_fractional)
            value = [value.method, value.resolution, cell, value.space_group, scale]
        elif field.name == "same_as":
            value = None if value is None else dict(value)
        plain[field.name] = value
    data: bytes = msgpack.packb(plain, unicode_errors="surrogatepass")
    return data


def decode_structure(data: bytes) -> Structure:
    """Decode a structure encoded by `encode_structure`.

    Parameters
    ----------
    data
        Bytes from a process that has read a foreign file.

    Returns
    -------
    Structure
        Equal to the encoded one.

    Raises
    ------
    ValueError
        If the bytes are not valid, or the arrays do not match each other.
    """
    try:
        return _decode(msgpack.unpackb(data, unicode_errors="surrogatepass"))
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a structure ({error!r})") from error


def _decode(plain: dict[str, Any]) -> Structure:
    arrays = {
        name: _array(name, *plain[name])
        for name in _DTYPE_KINDS
        if not (name in _OPTIONAL and plain[name] is None)
    }
    n_atoms, n_residues = len(arrays["coordinates"]), len(arrays["chain"])
    index = arrays["residue_index"]
    for name, array in arrays.items():
        length = n_atoms if name in _PER_ATOM else n_residues
        if array.shape != ((length, 3) if name == "coordinates" else (length,)):
            raise ValueError(f"{name} has the shape {array.shape}")
    if n_atoms and (index.min() < 0 or index.max() >= n_residues):
        raise ValueError("an atom belongs to no residue")
    return Structure(
        name=str(plain["name"]),
        format=str(plain["format"]),
        sha256=str(plain["sha256"]),
        model=int(plain["model"]),
        dropped=tuple(Dropped(*map(str, words)) for words in plain["dropped"]),
        warnings=tuple(map(str, plain["warnings"])),
        plddt_source=str(plain["plddt_source"]),
        title=str(plain["title"]),
        assembly=str(plain["assembly"]),
        copies=tuple(ChainCopy(*map(str, words)) for words in plain["copies"]),
        same_as=_texts(plain["same_as"]),
        sequences={
            str(chain): tuple(map(str, names)) for chain, names in dict(plain["sequences"]).items()
        },
        experiment=_experiment(*plain["experiment"]),
        **arrays,
    )


def _experiment(
    method: str,
    resolution: float | None,
    cell: list[float],
    space_group: str,
    to_fractional: Sequence[float] = (),
) -> Experiment:
    if method not in METHODS:
        raise ValueError(f"{method!r} is not a method")
    return Experiment(
        method,
        None if resolution is None else float(resolution),
        tuple(map(float, cell)),
        str(space_group),
        tuple(map(float, to_fractional)),
    )


def _texts(plain: dict[str, str] | None) -> dict[str, str] | None:
    return None if plain is None else {str(key): str(value) for key, value in plain.items()}


def _array(name: str, dtype_name: str, shape: list[int], data: bytes) -> Any:
    dtype = np.dtype(dtype_name)
    if dtype.kind != _DTYPE_KINDS[name]:
        raise ValueError(f"{name} has the type {dtype_name}")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
