"""Atoms from which corpus files are built, and their text in the three formats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgpack

UBIQUITIN = Path(__file__).parents[1] / "data" / "1ubi.pdb"


@dataclass(frozen=True)
class Atom:
    """One atom, with all fields of the three formats."""

    name: str
    residue: str
    number: int
    x: float
    y: float
    z: float
    element: str
    chain: str = "A"
    code: str = ""
    alt: str = ""
    occupancy: float = 1.0
    hetero: bool = False
    segment: str = ""
    entity: str = "1"
    model: int = 1


def peptide(residues: int = 6, **changes: Any) -> list[Atom]:
    """Return the first residues of ubiquitin: MET GLN ILE PHE VAL LYS ..."""
    atoms = []
    for line in UBIQUITIN.read_text().splitlines():
        if line.startswith("ATOM") and int(line[22:26]) <= residues:
            atoms.append(
                Atom(line[12:16].strip(), line[17:20], int(line[22:26]), float(line[30:38]),
                     float(line[38:46]), float(line[46:54]), line[76:78].strip())
            )  # fmt: skip
    return change(atoms, **changes)


def change(atoms: Iterable[Atom], **changes: Any) -> list[Atom]:
    """Return the atoms with some fields set."""
    return [replace(atom, **changes) for atom in atoms]


def shift(atoms: Iterable[Atom], distance: float) -> list[Atom]:
    """Return the atoms moved along x, Å."""
    return [replace(atom, x=atom.x + distance) for atom in atoms]


def of(atoms: Iterable[Atom], number: int) -> list[Atom]:
    """Return the atoms of one residue number."""
    return [atom for atom in atoms if atom.number == number]


def put(atoms: Iterable[Atom], which: int, **changes: Any) -> list[Atom]:
    """Return the atoms with some fields of one residue set."""
    return [replace(a, **changes) if a.number == which else a for a in atoms]


def single(name: str, residue: str, number: int, element: str, **more: Any) -> Atom:
    """Return a lone hetero atom away from the peptide."""
    return replace(Atom(name, residue, number, 50.0 + number % 40, 5.0, 5.0, element, hetero=True,
                        entity="2"), **more)  # fmt: skip


def water(number: int, residue: str = "HOH", **more: Any) -> Atom:
    """Return a water oxygen."""
    return single("O", residue, number, "O", **{"entity": "3", **more})


def ethanediol(number: int = 201) -> list[Atom]:
    """Return a four-atom ligand, 1,2-ethanediol."""
    positions = {"C1": 0.0, "O1": 1.4, "C2": 2.8, "O2": 4.2}
    return [single(n, "EDO", number, n[0], x=40.0 + x) for n, x in positions.items()]


def pdb_line(atom: Atom, serial: int, number: str | None = None) -> str:
    """Return the 80 columns of an atom."""
    record = "HETATM" if atom.hetero else "ATOM"
    name = atom.name if len(atom.name) == 4 or len(atom.element) == 2 else f" {atom.name}"
    where = f"{atom.number:4d}" if number is None else number
    return (
        f"{record:<6}{serial:5d} {name:<4}{atom.alt:1}{atom.residue:>3}{atom.chain:>2}{where}"
        f"{atom.code:1}   {atom.x:8.3f}{atom.y:8.3f}{atom.z:8.3f}{atom.occupancy:6.2f}{20.0:6.2f}"
        f"      {atom.segment:<4}{atom.element:>2}"
    )


def pdb(atoms: Iterable[Atom], *, ter: bool = False, head: str = "", end: str = "END\n") -> str:
    """Return a PDB file; ``ter`` ends the polymer where hetero atoms follow."""
    lines = []
    before: Atom | None = None
    for serial, atom in enumerate(atoms, start=1):
        if ter and before and (before.chain != atom.chain or atom.hetero > before.hetero):
            lines.append("TER")
        lines.append(pdb_line(atom, serial))
        before = atom
    return head + "\n".join(lines) + "\n" + end


COLUMNS = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
    "label_asym_id", "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y",
    "Cartn_z", "occupancy", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id",
    "pdbx_PDB_model_num",
)  # fmt: skip
ENTITY_TYPES = {"1": "polymer", "2": "non-polymer", "3": "water"}


def rows(atoms: Iterable[Atom]) -> list[list[str]]:
    """Return atom_site rows in the order of `COLUMNS`."""
    return [
        ["HETATM" if a.hetero else "ATOM", str(i), a.element, a.name, a.alt or ".", a.residue,
         f"{a.chain}{a.entity}", a.entity, str(a.number) if a.entity == "1" else ".",
         a.code or "?", f"{a.x:.3f}", f"{a.y:.3f}", f"{a.z:.3f}", f"{a.occupancy:.2f}",
         str(a.number), a.residue, a.chain, a.name, str(a.model)]
        for i, a in enumerate(atoms, start=1)
    ]  # fmt: skip


def cif(
    atoms: Iterable[Atom],
    *,
    sequence: Iterable[str] = (),
    strands: str = "",
    entities: bool = True,
    without: Iterable[str] = (),
    head: str = "",
) -> str:
    """Return an mmCIF file."""
    skipped = set(without)
    keep = [i for i, column in enumerate(COLUMNS) if column not in skipped]
    out = [f"{head}data_CASE\n#\n"]
    if entities:
        out.append("loop_\n_entity.id\n_entity.type\n")
        out += [f"{key} {kind}\n" for key, kind in ENTITY_TYPES.items()]
        out.append("#\n")
    names = list(sequence)
    if names:
        out.append("loop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n"
                   "_entity_poly_seq.mon_id\n")  # fmt: skip
        out += [f"1 {i} {name}\n" for i, name in enumerate(names, start=1)]
        out.append("#\n")
    if strands:
        out.append(f"_entity_poly.entity_id 1\n_entity_poly.pdbx_strand_id {strands}\n#\n")
    out.append("loop_\n" + "".join(f"_atom_site.{COLUMNS[i]}\n" for i in keep))
    for row in rows(atoms):
        words = (f'"{row[i]}"' if "'" in row[i] else row[i] for i in keep)
        out.append(" ".join(words) + "\n")
    return "".join(out)


def text_column(name: str, values: list[str]) -> dict[str, Any]:
    """Return a BinaryCIF column of strings; . and ? are masked."""
    words = list(dict.fromkeys(values))
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    data = {
        "data": integers([words.index(v) for v in values]),
        "encoding": [{"kind": "StringArray", "stringData": "".join(words),
                      "offsets": integers(offsets), "offsetEncoding": INTEGERS,
                      "dataEncoding": INTEGERS}],
    }  # fmt: skip
    mask = [1 if v == "." else 2 if v == "?" else 0 for v in values]
    masked = {"data": bytes(mask), "encoding": [{"kind": "ByteArray", "type": 4}]}
    return {"name": name, "data": data, "mask": masked if any(mask) else None}


INTEGERS = [{"kind": "ByteArray", "type": 3}]


def integers(values: list[int]) -> bytes:
    """Return little-endian 32-bit integers."""
    return b"".join(v.to_bytes(4, "little", signed=True) for v in values)


def fixed_column(name: str, values: list[str]) -> dict[str, Any]:
    """Return a BinaryCIF column of numbers as differences of thousandths."""
    whole = [round(float(v) * 1000) for v in values]
    steps = [0] + [b - a for a, b in pairwise(whole)]
    encoding = [{"kind": "FixedPoint", "factor": 1000, "srcType": 33},
                {"kind": "Delta", "origin": whole[0], "srcType": 3}, *INTEGERS]  # fmt: skip
    return {"name": name, "data": {"data": integers(steps), "encoding": encoding}, "mask": None}


def bcif(atoms: Iterable[Atom], columns: dict[str, Any] | None = None) -> bytes:
    """Return a BinaryCIF file; ``columns`` replaces encoded columns."""
    table = rows(atoms)
    site = []
    for i, name in enumerate(COLUMNS):
        values = [row[i] for row in table]
        encode = fixed_column if name.startswith("Cartn") else text_column
        site.append((columns or {}).get(name) or encode(name, values))
    entity = [text_column("id", list(ENTITY_TYPES)),
              text_column("type", list(ENTITY_TYPES.values()))]  # fmt: skip
    categories = [
        {"name": "_entity", "rowCount": len(ENTITY_TYPES), "columns": entity},
        {"name": "_atom_site", "rowCount": len(table), "columns": site},
    ]
    blocks = [{"header": "CASE", "categories": categories}]
    return msgpack.packb({"version": "0.3.0", "encoder": "corpus", "dataBlocks": blocks})
