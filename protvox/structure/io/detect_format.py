"""Telling the format of an input from its content, never from its name."""

from __future__ import annotations

import re
from typing import Final

from protvox.errors import InputError

_HEAD: Final = 4096
_REMEDY: Final = "Give a PDB, mmCIF or BinaryCIF file, plain or gzipped"
_ATOM_LINES: Final = (b"ATOM  ", b"HETATM")
_PDB_LINE: Final = re.compile(
    rb"^(?:HEADER|TITLE |COMPND|SOURCE|KEYWDS|EXPDTA|AUTHOR|REVDAT|JRNL  |REMARK|DBREF|SEQRES|"
    rb"CRYST1|ORIGX|SCALE|MODEL |HELIX |SHEET |OBSLTE|SPLIT |CAVEAT|SEQADV|MODRES|END\b)",
    re.MULTILINE,
)
# Possessive, for a long run of blanks would otherwise be tried in exponentially many ways.
_CIF_START: Final = re.compile(rb"(?:\s++|#[^\n]*+\n)*+data_", re.IGNORECASE)


def clean_text(data: bytes) -> bytes:
    """Return text without a byte-order mark and with line ends that parsers know.

    Parameters
    ----------
    data
        Inflated content.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data = data.decode("utf-16").encode("ascii", "replace")
        except UnicodeDecodeError:
            return data
    if _is_messagepack_map(data):
        return data
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return data


def detect_format(data: bytes, *, where: str) -> str:
    """Return the format of inflated content.

    Parameters
    ----------
    data
        Content after `clean_text`.
    where
        Name used in errors.

    Returns
    -------
    str
        ``"pdb"``, ``"mmcif"`` or ``"bcif"``.

    Raises
    ------
    InputError
        ``input.empty``, ``input.html``, ``input.no_atoms`` (a structure file without atom
        records) or ``input.format``.
    """
    head = data[:_HEAD]
    text = head.lstrip()
    if not text and not data.strip():
        raise InputError("the file is empty", where=where, remedy=_REMEDY, code="input.empty")
    if _is_messagepack_map(head):
        if b"dataBlocks" in data:
            return "bcif"
        raise InputError(
            "the file is MessagePack but not BinaryCIF",
            where=where,
            remedy=_REMEDY,
            code="input.format",
        )
    lowered = text[:256].lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        lowered.startswith(b"<") and b"<html" in head.lower()
    ):
        raise InputError(
            "the file is a web page, not a structure",
            where=where,
            remedy="Download the structure file itself, not the page that shows it",
            code="input.html",
        )
    if _CIF_START.match(data):
        if b"_atom_site." in data or b"_atom_site." in data.lower():
            return "mmcif"
        raise InputError(
            "the CIF file has no atom_site category",
            where=where,
            remedy="Give a coordinate file",
            code="input.no_atoms",
        )
    if data.startswith(_ATOM_LINES) or any(b"\n" + line in data for line in _ATOM_LINES):
        return "pdb"
    if _PDB_LINE.search(head):
        raise InputError(
            "the PDB file has no ATOM or HETATM records",
            where=where,
            remedy="Give a file with coordinates",
            code="input.no_atoms",
        )
    raise InputError(
        f"the file is {_guess(text)}", where=where, remedy=_REMEDY, code="input.format"
    )


def _is_messagepack_map(head: bytes) -> bool:
    return bool(head) and (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF))


def _guess(text: bytes) -> str:
    if text.startswith(b"<"):
        return "XML, not a structure protvox reads"
    if text.startswith((b"{", b"[")):
        return "JSON, not a structure protvox reads"
    if text.startswith(b">"):
        return "a sequence (FASTA), not a structure"
    if b"\0" in text:
        return "binary and of no known kind"
    return "text, but not a structure"
