"""Reading a structure from a file, its content, an identifier or an object of another library."""

from __future__ import annotations

import hashlib
import re
from typing import Final, cast

from protvox.checkpoint import checkpoint
from protvox.errors import fail
from protvox.structure.atom_table import AtomTable
from protvox.structure.cleaning.build import build_structure
from protvox.structure.io.adapters.convert import convert_object, is_library_object
from protvox.structure.io.adapters.objects import LibraryObject
from protvox.structure.io.assemblies import read_assembly
from protvox.structure.io.binarycif import parse_binary
from protvox.structure.io.content import Content, load_content
from protvox.structure.io.decompress import decompress
from protvox.structure.io.detect_format import clean_text, detect_format
from protvox.structure.io.mmcif import parse_mmcif
from protvox.structure.io.pdb import parse_pdb
from protvox.structure.io.pqr import is_pqr_line, is_pqr_name, parse_pqr
from protvox.structure.io.time_budget import within_time
from protvox.structure.limits import DEFAULT_LIMITS, ReadLimits
from protvox.structure.structure import Structure

__all__ = ["ReadLimits", "read_structure", "read_table"]

_FORMAT_NAMES: Final = {"pdb": "PDB", "pqr": "PQR", "mmcif": "mmCIF", "bcif": "BinaryCIF"}
_ATOM_LINE: Final = re.compile(rb"^(?:ATOM  |HETATM).{,200}", re.MULTILINE)
_PARSER_ERRORS: Final = (
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)
"""The exceptions of gemmi, MessagePack and numpy for damaged content."""


def read_structure(
    source: Content | LibraryObject,
    *,
    name: str | None = None,
    model: int | None = None,
    assembly: str | int | None = None,
    unique: bool = False,
    limits: ReadLimits = DEFAULT_LIMITS,
    offline: bool | None = None,
) -> Structure:
    """Read a protein structure.

    Parameters
    ----------
    source
        A path, ``"-"`` for standard input, an open file, the content as bytes or text, or, if
        no such file exists, an identifier (``1abc``, ``pdb_00001abc``, ``AF-P12345-F1``,
        ``P12345``). PDB, mmCIF or BinaryCIF, plain or compressed; the format is detected from
        the content. Or an object of another library: a ``Bio.PDB`` structure, model or chain, a
        gemmi structure, model or chain, a biotite ``AtomArray`` or ``AtomArrayStack``, an mdtraj
        ``Trajectory``, or an MDAnalysis ``Universe`` or ``AtomGroup``. Text is what has at least
        one line end.
        An open file is read from its position to its end.
    name
        Name to report; by default the file name, the identifier, or the name of the object.
    model
        Number of the model to read; by default the first, or the current frame of a
        ``Universe``. Coordinate sets of objects are numbered from 1 if they have no numbers.
    assembly
        Biological assembly to build, usually ``"1"``; by default the coordinates of the file.
        Copies of chain A are called ``A-2``, ``A-3``, ...
    unique
        Whether to find identical chains, of which only one is scored.
    limits
        Limits on the size of the input.
    offline
        Never use the network; ``PROTVOX_OFFLINE`` by default.

    Returns
    -------
    Structure
        Without waters, hydrogens and other alternative positions, which are reported in
        ``dropped``.

    Raises
    ------
    InputError
        If the input is not a readable protein structure, or reading it takes too long; see its
        ``code``.

    Examples
    --------
    >>> read_structure("1pwc.pdb.gz")  # doctest: +SKIP
    Structure('1pwc.pdb.gz', chain A, 346 residues, 2625 atoms)
    """
    if assembly is not None and is_library_object(source):
        raise fail("usage.assembly.object", where=name or type(source).__name__)
    found = convert_object(source, name=name, model=model, unique=unique, limits=limits)
    if found is not None:
        return found
    given = cast(Content, source)  # Anything else is refused.
    data, label = load_content(given, limits=limits, offline=offline)
    label = name or label
    with within_time(limits, label):
        content, form = _inflate(data, label, limits)
        return build_structure(
            _parse(content, form, label, units=assembly is not None),
            name=label,
            form=form,
            sha256=hashlib.sha256(data).hexdigest(),
            model=model,
            assembly=None
            if assembly is None
            else read_assembly(content, form, str(assembly), where=label),
            unique=unique,
            limits=limits,
        )


def read_table(
    source: Content,
    *,
    name: str | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
    offline: bool | None = None,
) -> tuple[AtomTable, str, str, str]:
    """Read the atoms of a structure file before cleaning.

    Parameters
    ----------
    source, name, limits, offline
        See `read_structure`.

    Returns
    -------
    table : AtomTable
        All atoms of all models.
    name, format, sha256 : str
        As in `Structure`.

    Raises
    ------
    InputError
        If the content cannot be obtained or parsed.
    """
    data, given = load_content(source, limits=limits, offline=offline)
    label = name or given
    with within_time(limits, label):
        content, form = _inflate(data, label, limits)
        return _parse(content, form, label), label, form, hashlib.sha256(data).hexdigest()


def _inflate(data: bytes, label: str, limits: ReadLimits) -> tuple[bytes, str]:
    """Return the decompressed content and its format."""
    content = decompress(data, where=label, limits=limits)
    checkpoint()
    content = clean_text(content)
    checkpoint()
    form = detect_format(content, where=label)
    if form == "pdb":
        # These records have the same names, so that only the name of the file tells.
        form = "pqr" if is_pqr_name(label) else form
        if form == "pdb" and is_pqr_line(_first_atom(content)):
            raise fail("input.pqr.suffix", where=label)
    return content, form


def _first_atom(content: bytes) -> str:
    found = _ATOM_LINE.search(content)
    return found[0].decode("latin-1").rstrip() if found else ""


def _parse(content: bytes, form: str, where: str, *, units: bool = False) -> AtomTable:
    try:
        if form == "bcif":
            return parse_binary(content, where=where, units=units)
        if form == "pdb":
            return parse_pdb(content, where=where)
        if form == "pqr":
            return parse_pqr(content, where=where)
        return parse_mmcif(content, where=where, units=units)
    except _PARSER_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise fail(
            "input.format.content", where=where, format=_FORMAT_NAMES[form], reason=reason
        ) from error
