"""Detection of the format of an input from its content, never from its name."""

from __future__ import annotations

import re
from typing import Final

from protvox.errors import fail

_HEAD: Final = 4096
_ATOM_LINES: Final = (b"ATOM  ", b"HETATM")
_PDB_LINE: Final = re.compile(
    rb"^(?:HEADER|TITLE |COMPND|SOURCE|KEYWDS|EXPDTA|AUTHOR|REVDAT|JRNL  |REMARK|DBREF|SEQRES|"
    rb"CRYST1|ORIGX|SCALE|MODEL |HELIX |SHEET |OBSLTE|SPLIT |CAVEAT|SEQADV|MODRES|END\b)",
    re.MULTILINE,
)
# Possessive, because a long run of blanks would otherwise cause exponential backtracking.
_CIF_START: Final = re.compile(rb"(?:\s++|#[^\n]*+\n)*+data_", re.IGNORECASE)


def clean_text(data: bytes) -> bytes:
    """Return text in an 8-bit encoding, without a byte-order mark and with usual line ends.

    Parameters
    ----------
    data
        Decompressed content; binary content is returned unchanged.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data = data.decode("utf-16").encode("ascii", "replace")
        except UnicodeDecodeError:
            return data
    if _is_messagepack_map(data):
        return data
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return data


def detect_format(data: bytes, *, where: str) -> str:
    """Return the format of decompressed content.

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
        raise fail("input.empty", where=where)
    if _is_messagepack_map(head):
        if b"dataBlocks" in data:
            return "bcif"
        raise fail("input.format.messagepack", where=where)
    lowered = text[:256].lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        lowered.startswith(b"<") and b"<html" in head.lower()
    ):
        raise fail("input.html", where=where)
    if _CIF_START.match(data):
        if b"_atom_site." in data or b"_atom_site." in data.lower():
            return "mmcif"
        raise fail("input.no_atoms.cif", where=where)
    if data.startswith(_ATOM_LINES) or any(b"\n" + line in data for line in _ATOM_LINES):
        return "pdb"
    if _PDB_LINE.search(head):
        raise fail("input.no_atoms.pdb", where=where)
    raise fail(_unknown_format(text), where=where)


def _is_messagepack_map(head: bytes) -> bool:
    return bool(head) and (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF))


def _unknown_format(text: bytes) -> str:
    """Return the catalogue key of the error for content that is not a structure."""
    if text.startswith(b"<"):
        return "input.format.xml"
    if text.startswith((b"{", b"[")):
        return "input.format.json"
    if text.startswith(b">"):
        return "input.format.fasta"
    return "input.format.binary" if b"\0" in text else "input.format.text"
