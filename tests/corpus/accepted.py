"""Corpus files that can be read, with the expected result, worked out by hand."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from parts import (
    Atom,
    bcif,
    change,
    cif,
    of,
    pdb,
    pdb_line,
    peptide,
    put,
    shift,
)

P = peptide()  # MET 8, GLN 9, ILE 8, PHE 11, VAL 7, LYS 9 atoms: 52
BACKBONE = ("N", "CA", "C", "O")


def ok(
    content: str | bytes,
    *,
    form: str = "pdb",
    chains: Sequence[str] = ("A",),
    sequence: str = "MQIFVK",
    atoms: int = 52,
    ligands: int = 0,
    ions: int = 0,
    nucleotides: int = 0,
    dropped: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    **more: Any,
) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of a case and the expected result of reading it."""
    expected = {
        "format": form, "chains": list(chains), "sequence": sequence, "atoms": atoms,
        "ligands": ligands, "ions": ions, "nucleotides": nucleotides,
        "dropped": [list(pair) for pair in dropped], "warnings": list(warnings), **more,
    }  # fmt: skip
    return (content.encode() if isinstance(content, str) else content), expected


def models(*parts: tuple[int, list[Atom]]) -> str:
    """Return a PDB file of several models."""
    texts = (f"MODEL     {n:4d}\n{pdb(atoms, end='')}ENDMDL\n" for n, atoms in parts)
    return "".join(texts) + "END\n"


def zipped(text: str) -> bytes:
    """Return gzip data that are the same on every run."""
    return gzip.compress(text.encode(), mtime=0)


def side(number: int, alt: str, occupancy: float, move: float = 0.0) -> list[Atom]:
    """Return one residue's side chain as an alternative position."""
    atoms = [a for a in of(P, number) if a.name not in BACKBONE]
    return shift(change(atoms, alt=alt, occupancy=occupancy), move)


def without_side(number: int) -> list[Atom]:
    """Return the peptide with one residue cut to its backbone."""
    return [a for a in P if a.number != number or a.name in BACKBONE]


PLAIN = pdb(P)
PLAIN_CIF = cif(P)
FORMATS = {
    "plain.pdb": ok(PLAIN),
    "plain.pdb.gz": ok(zipped(PLAIN)),
    "plain.cif": ok(PLAIN_CIF, form="mmcif"),
    "plain.cif.gz": ok(zipped(PLAIN_CIF), form="mmcif"),
    "plain.bcif": ok(bcif(P), form="bcif"),
    "plain.bcif.gz": ok(gzip.compress(bcif(P), mtime=0), form="bcif"),
    "plain.pdb.bz2": ok(bz2.compress(PLAIN.encode())),
    "plain.pdb.xz": ok(lzma.compress(PLAIN.encode())),
    "cif_named.pdb": ok(PLAIN_CIF, form="mmcif"),
    "gzip_without_suffix.pdb": ok(zipped(PLAIN)),
    "gzip_members.pdb.gz": ok(zipped(pdb(P[:20], end="")) + zipped(pdb(P[20:]))),
    "gzip_padding.pdb.gz": ok(zipped(PLAIN) + b"\0" * 512),
    "gzip_very_regular.pdb.gz": ok(zipped(f"{'REMARK'.ljust(80)}\n" * 30_000 + PLAIN)),
    "line_ends_windows.pdb": ok(PLAIN.replace("\n", "\r\n")),
    "line_ends_windows.cif": ok(PLAIN_CIF.replace("\n", "\r\n"), form="mmcif"),
    "line_ends_old_mac.pdb": ok(PLAIN.replace("\n", "\r")),
    "byte_order_mark.pdb": ok(b"\xef\xbb\xbf" + PLAIN.encode()),
    "utf16.pdb": ok(PLAIN.encode("utf-16")),
    "long_header.pdb": ok("TITLE     X\n" + f"{'REMARK 999 '.ljust(80)}\n" * 100 + PLAIN),
    "no_element_columns.pdb": ok("".join(f"{line[:66]}\n" for line in PLAIN.splitlines())),
    "short_lines.pdb": ok("".join(f"{line[:54]}\n" for line in PLAIN.splitlines())),
    "comments_first.cif": ok(cif(P, head="# made by hand\n#\n\n"), form="mmcif"),
    "no_author_columns.cif": ok(
        cif(P, without=("auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id")),
        form="mmcif", chains=["A1"],
    ),
    "no_entities.cif": ok(cif(P, entities=False), form="mmcif"),
    "pdbqt_types.pdb": ok("".join(
        f"{line[:66]}    {0.1:+6.3f} {line[76:].strip():<2}\n" if line.startswith("ATOM") else ""
        for line in PLAIN.splitlines())),
}  # fmt: skip

CHAINS = {
    "two_chains.pdb": ok(pdb(P + shift(change(P, chain="B"), 30)), chains="AB", atoms=104,
                         sequence="MQIFVK" * 2),
    "blank_chain.pdb": ok(pdb(change(P, chain="")), chains=[""]),
    "segments.pdb": ok(
        pdb(change(P, chain="", segment="PROA") + shift(change(P, chain="", segment="PROB"), 30)),
        chains=["PROA", "PROB"], atoms=104, sequence="MQIFVK" * 2,
    ),
    "reused_chain.pdb": ok(pdb(P + shift(P, 30)), chains=["A", "A_2"], atoms=104,
                           sequence="MQIFVK" * 2, warnings=["used for 2 chains"]),
    "written_twice.pdb": ok(pdb(P) + pdb(P), dropped=[("1 model", "model 2")],
                            warnings=["2 models; model 1"]),
    "models_without_records.pdb": ok(pdb(P + shift(P, 0.5)), dropped=[("52 atoms", "chain A")]),
    "two_letter_chain.pdb": ok(pdb(change(P, chain="AB")), chains=["AB"]),
    "long_chain.cif": ok(cif(change(P, chain="HeavyChain1")), form="mmcif",
                         chains=["HeavyChain1"]),
    "long_chain.bcif": ok(bcif(change(P, chain="HeavyChain1")), form="bcif",
                          chains=["HeavyChain1"]),
    "ter_at_gap.pdb": ok(
        pdb(P[:25], end="TER\n") + pdb(P[25:])),
    "models.pdb": ok(models((1, P), (2, shift(P, 1)), (3, shift(P, 2))),
                     dropped=[("2 models", "model 2, 3")], warnings=["3 models; model 1"]),
    "models_third.pdb": ok(models((1, P), (2, shift(P, 1)), (3, P[:36])), model=3, atoms=36,
                           sequence="MQIF", dropped=[("2 models", "model 1, 2")]),
    "model_numbers_from_0.pdb": ok(models((0, P), (1, P)), dropped=[("1 model", "model 1")],
                                   warnings=["2 models; model 0"]),
    "models.cif": ok(cif(P + change(P, model=2)), form="mmcif",
                     dropped=[("1 model", "model 2")], warnings=["2 models; model 1"]),
    "models.bcif": ok(bcif(P + change(P, model=2)), form="bcif",
                      dropped=[("1 model", "model 2")], warnings=["2 models; model 1"]),
}  # fmt: skip

NUMBERS = {
    "insertion_codes.pdb": ok(pdb(put(put(P, 3, number=2, code="A"), 4, number=2, code="B"))),
    "insertion_backwards.pdb": ok(
        pdb(put(put(put(P, 1, code="B"), 2, number=1, code="A"), 3, number=1)),
    ),
    "insertion_codes.cif": ok(cif(put(P, 3, number=2, code="A")), form="mmcif"),
    "negative_numbers.pdb": ok(pdb([replace(a, number=a.number - 4) for a in P])),
    "negative_numbers.bcif": ok(bcif([replace(a, number=a.number - 4) for a in P]), form="bcif"),
    "hybrid36.pdb": ok("".join(
        pdb_line(a, i, number=f"A{a.number - 1:03X}") + "\n" for i, a in enumerate(P, 1)),
        numbers=[10000, 10005]),
    "number_gap.pdb": ok(pdb([a for a in P if a.number != 4]), atoms=41, sequence="MQIVK"),
}  # fmt: skip

POSITIONS = {
    "altloc_occupancy.pdb": ok(
        pdb(without_side(4) + side(4, "A", 0.4) + side(4, "B", 0.6, 1.0)),
        dropped=[("7 atoms", "chain A")], xmax_atom=["CZ", 4, 1.0]),
    "altloc_equal.pdb": ok(
        pdb(without_side(4) + side(4, "A", 0.5) + side(4, "B", 0.5, 1.0)),
        dropped=[("7 atoms", "chain A")], xmax_atom=["CZ", 4, 0.0]),
    "altloc_equal.cif": ok(
        cif(without_side(4) + side(4, "A", 0.5) + side(4, "B", 0.5, 1.0)), form="mmcif",
        dropped=[("7 atoms", "chain A")], xmax_atom=["CZ", 4, 0.0]),
    "altloc_three.bcif": ok(
        bcif(without_side(4) + side(4, "A", 0.3) + side(4, "B", 0.4, 1.0) + side(4, "C", 0.3)),
        form="bcif", dropped=[("14 atoms", "chain A")], xmax_atom=["CZ", 4, 1.0]),
    "altloc_digit_names.pdb": ok(
        pdb(without_side(4) + side(4, "1", 0.7) + side(4, "2", 0.3, 1.0)),
        dropped=[("7 atoms", "chain A")], xmax_atom=["CZ", 4, 0.0]),
    "altloc_lone_backbone.pdb": ok(
        pdb([replace(a, alt="B", occupancy=0.4) if (a.number, a.name) == (4, "O") else
             replace(a, alt="A", occupancy=0.6) if a.number == 4 else a for a in P])),
    "microheterogeneity.pdb": ok(
        pdb(P[:43] + change(of(P, 6), alt="A", occupancy=0.6)
            + change(of(P, 6)[:5], alt="B", occupancy=0.4, residue="ALA")),
        dropped=[("5 atoms", "chain A")]),
    "atom_twice.pdb": ok(pdb([*P, P[-1]]), dropped=[("1 atom", "chain A")]),
    "zero_occupancy.pdb": ok(pdb(put(P, 6, occupancy=0.0))),
}  # fmt: skip
