"""Recognition and reading of the objects of other libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.atom_table import AtomTable
from protvox.structure.cleaning.build import build_structure
from protvox.structure.cleaning.clean import pick_model
from protvox.structure.io.adapters.biopython import read_biopython
from protvox.structure.io.adapters.biotite import read_biotite
from protvox.structure.io.adapters.columns import ObjectModels
from protvox.structure.io.adapters.gemmi import read_gemmi
from protvox.structure.io.adapters.mdanalysis import read_mdanalysis
from protvox.structure.io.adapters.mdtraj import read_mdtraj
from protvox.structure.io.plddt import find_sign_in_categories, with_b_factors
from protvox.structure.io.title import clean_title
from protvox.structure.limits import ReadLimits
from protvox.structure.structure import Structure


class _Library(NamedTuple):
    """A library whose objects are read."""

    name: str
    form: str
    classes: tuple[str, ...]
    read: Callable[[Any], ObjectModels]


_LIBRARIES: Final = {
    "Bio": _Library("Bio.PDB", "biopython", ("Structure", "Model", "Chain"), read_biopython),
    "biotite": _Library("biotite", "biotite", ("AtomArray", "AtomArrayStack"), read_biotite),
    "gemmi": _Library("gemmi", "gemmi", ("Structure", "Model", "Chain"), read_gemmi),
    "mdtraj": _Library("mdtraj", "mdtraj", ("Trajectory",), read_mdtraj),
    "MDAnalysis": _Library(
        "MDAnalysis",
        "mdanalysis",
        ("Universe", "AtomGroup", "ResidueGroup", "SegmentGroup"),
        read_mdanalysis,
    ),
}
"""Libraries by the name of their package."""

_DAMAGED: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


def is_library_object(source: object) -> bool:
    """Return whether an object belongs to a library that protvox knows.

    Parameters
    ----------
    source
        Any object, also one that is not a structure, such as a ``Bio.PDB`` residue.
    """
    return any(cls.__module__.partition(".")[0] in _LIBRARIES for cls in type(source).__mro__)


def convert_object(
    source: object, *, name: str | None, model: int | None, unique: bool, limits: ReadLimits
) -> Structure | None:
    """Return the structure in an object of another library.

    Parameters
    ----------
    source
        Any object. It is recognised by the names of its class and of its base classes.
    name
        Name to report; by default that of the object, or else its class.
    model
        Number of the model or frame; by default the first, or the current frame of an MDAnalysis
        universe.
    unique
        Whether to find identical chains.
    limits
        Limits on the size.

    Returns
    -------
    Structure or None
        Cleaned as if read from a file; ``None`` for an object of no known class.

    Raises
    ------
    InputError
        If the object has no such model, no atoms, no protein, or invalid content.
    """
    for cls in type(source).__mro__:
        library = _LIBRARIES.get(cls.__module__.partition(".")[0])
        if library is not None and cls.__name__ in library.classes:
            return _convert(source, library, cls.__name__, name, model, unique, limits)
    return None


def _convert(
    source: object,
    library: _Library,
    kind: str,
    name: str | None,
    model: int | None,
    unique: bool,
    limits: ReadLimits,
) -> Structure:
    label = name or f"{library.name} {kind}"
    try:
        models = library.read(source)
        numbers = list(models.numbers)
        label = name or models.name or label
        if not numbers:
            raise fail("input.no_atoms.object", where=label)
        chosen, dropped, warnings = pick_model(
            numbers, model, where=label, default=models.default, what="object"
        )
        table = _with_header(*models.read(numbers.index(chosen)), models, label)
    except _DAMAGED as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise fail(
            "input.format.object", where=label, library=library.name, reason=reason
        ) from error
    if not len(table):
        raise fail("input.no_atoms.object", where=label)
    structure = build_structure(
        table,
        name=label,
        form=library.form,
        sha256=_digest(table),
        unique=unique,
        limits=limits,
    )
    return structure.with_report((*dropped, *structure.dropped), (*warnings, *structure.warnings))


def _with_header(
    table: AtomTable, b_factor: NDArray[np.float64] | None, models: ObjectModels, name: str
) -> AtomTable:
    """Add the title, and the pLDDT of a predicted model, recognised as in a file."""
    titles = models.metadata.get(("struct", "title"), ())
    table = replace(table, title=clean_title(" ".join(map(str, titles[:1]))))
    sign = find_sign_in_categories(lambda *key: models.metadata.get(key, ()), name)
    if sign is None or b_factor is None:
        return table
    return with_b_factors(table, sign, b_factor.tolist)


def _digest(table: AtomTable) -> str:
    """Return the hex digest of the atoms."""
    digest = hashlib.sha256(table.coordinates.astype("<f4").tobytes())
    columns = (
        table.chain,
        table.number,
        table.insertion_code,
        table.residue_name,
        table.atom_name,
        table.element,
        table.altloc,
        table.occupancy.round(3),
    )
    for column in columns:
        digest.update("\n".join(map(str, column.tolist())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
