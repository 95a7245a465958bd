"""Reading a structure from a path, standard input, bytes or a database identifier."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

from protvox.errors import fail
from protvox.structure.atom_table import AtomTable
from protvox.structure.cleaning.build import build_structure
from protvox.structure.io.binarycif import parse_binary
from protvox.structure.io.decompress import decompress
from protvox.structure.io.detect_format import clean_text, detect_format
from protvox.structure.io.mmcif import parse_mmcif
from protvox.structure.io.pdb import parse_pdb
from protvox.structure.limits import DEFAULT_LIMITS, MIB, ReadLimits
from protvox.structure.structure import Structure

__all__ = ["ReadLimits", "load_content", "read_structure", "read_table"]

_FORMAT_NAMES: Final = {"pdb": "PDB", "mmcif": "mmCIF", "bcif": "BinaryCIF"}
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
    source: str | Path | bytes,
    *,
    name: str | None = None,
    model: int | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
    offline: bool | None = None,
) -> Structure:
    """Read a protein structure.

    Parameters
    ----------
    source
        A path, ``"-"`` for standard input, the content as bytes, or, if no such file exists, an
        identifier (``1abc``, ``pdb_00001abc``, ``AF-P12345-F1``). PDB, mmCIF or BinaryCIF,
        plain or compressed; the format is detected from the content.
    name
        Name to report; by default the file name or the identifier.
    model
        Number of the model to read; by default the first.
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
        If the input is not a readable protein structure; see its ``code``.

    Examples
    --------
    >>> read_structure("1pwc.pdb.gz")  # doctest: +SKIP
    Structure('1pwc.pdb.gz', chain A, 346 residues, 2625 atoms)
    """
    table, label, form, digest = read_table(source, name=name, limits=limits, offline=offline)
    return build_structure(table, name=label, form=form, sha256=digest, model=model, limits=limits)


def read_table(
    source: str | Path | bytes,
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
    digest = hashlib.sha256(data).hexdigest()
    content = clean_text(decompress(data, where=label, limits=limits))
    form = detect_format(content, where=label)
    return _parse(content, form, label), label, form, digest


def load_content(
    source: str | Path | bytes,
    *,
    limits: ReadLimits = DEFAULT_LIMITS,
    offline: bool | None = None,
) -> tuple[bytes, str]:
    """Return the content of a structure file without parsing it.

    Parameters
    ----------
    source, limits, offline
        See `read_structure`.

    Returns
    -------
    content : bytes
        As stored, compressed or not.
    name : str
        File name or identifier.

    Raises
    ------
    InputError
        If the content cannot be obtained, or is too large.
    """
    if isinstance(source, bytes):
        return source, "bytes"
    if source == "-":
        return _take(sys.stdin.buffer, limits, "stdin"), "stdin"
    path = Path(source)
    try:
        if path.is_dir():
            raise fail("input.unreadable.folder", where=str(path))
        if path.exists():
            with path.open("rb") as stream:  # May be a pipe.
                return _take(stream, limits, path.name), path.name
    except (OSError, ValueError) as error:
        raise fail("input.unreadable.file", where=str(source), reason=error) from error
    # Imported here, because few runs need the network modules.
    from protvox.structure.io.fetch import fetch_structure, parse_identifier

    identifier = parse_identifier(str(source))
    if identifier is None:
        raise fail("input.not_found.file", where=str(source))
    return fetch_structure(identifier, offline=offline, limits=limits).read_bytes(), str(source)


def _take(stream: BinaryIO, limits: ReadLimits, where: str) -> bytes:
    # Reading all of a file takes half the time of reading at most so much.
    try:
        size = os.fstat(stream.fileno()).st_size
    except OSError:  # Not a stream of the system.
        size = 0
    known = 0 < size <= limits.inflated_bytes
    data = stream.read() if known else stream.read(limits.inflated_bytes + 1)
    if len(data) > limits.inflated_bytes:
        raise fail("input.too_large.bytes", where=where, limit=limits.inflated_bytes / MIB)
    return data


def _parse(content: bytes, form: str, where: str) -> AtomTable:
    try:
        if form == "bcif":
            return parse_binary(content, where=where)
        if form == "pdb":
            return parse_pdb(content, where=where)
        return parse_mmcif(content, where=where)
    except _PARSER_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise fail(
            "input.format.content", where=where, format=_FORMAT_NAMES[form], reason=reason
        ) from error
