"""Damage to structure files that respects their format, so that it reaches the readers' depths."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from typing import Any

import msgpack

TOKENS = (
    b"nan",
    b"inf",
    b"*" * 8,
    b"\0",
    b"\xff",
    b"-",
    b"'",
    b'"',
    b";\n",
    b"loop_\n",
    b"data_",
    b"?",
    b".",
    b"\n",
    b"\r",
    b"END\n",
    b"TER\n",
    b"MODEL",
    b"999999999999",
    b" " * 40,
    b"_atom_site.Cartn_x ",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
)
RECORDS = (
    b"TER",
    b"END",
    b"ENDMDL",
    b"MODEL        1",
    b"MODEL        2",
    b"MODEL   99999999",
    b"HETNAM     ~A1 LONGNAME" + 48 * b" " + b"LONGNAME",
    b"SEQRES   1 A   14  MET LYS ALA GLY",
    b"DBREF  1ABC A    1    14  UNP    P12345   ABC_HUMAN        1     14",
    b"REMARK 350 BIOMOLECULE: 1",
    b"REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B",
    b"REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000",
    b"REMARK 350   BIOMT2   2  0.000000 -1.000000  nan             1e9",
    b"ANISOU    1  N   MET A   1     1000   1000   1000      0      0      0       N",
)
FIELDS = (6, 12, 16, 17, 20, 21, 22, 26, 27, 30, 38, 46, 54, 60, 66, 72, 76, 78, 80)
PDB_WORDS = (b"", b"CA", b"HOH", b"LYSH", b"NMET", b"A", b"2710", b"A000", b"9999", b"-1", b"0.00")
PDB_WORDS += (b"-0.000", b"1e3", b"9999.000", b"UNK", b"SOD", b"1.5", b"D", b"Zn", b".25", b"\xe9")
CIF_WORDS = (b"?", b".", b"1", b"-1", b"2147483648", b"1e308", b"nan", b"1.5(2)", b"'a b'", b"HOH")
CIF_WORDS += (
    b"polymer",
    b"water",
    b"A-2",
    b"(1-60)",
    b"(1,2)(3-99999999)",
    b"\n;x\n;\n",
    b"#",
    b"",
)
NUMBERS = (0, 1, -1, 2, 3, 8, 32, 33, 255, 256, 2**31 - 1, -(2**31), 2**31, 2**63, 1e308, -0.5)
KINDS = ("ByteArray", "FixedPoint", "IntervalQuantization", "RunLength", "Delta", "IntegerPacking")


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Damage data in one to eight positions, whatever the format."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        position = chance.randrange(len(out) + 1)
        kind = chance.randrange(7)
        if kind == 0 and position < len(out):
            out[position] ^= 1 << chance.randrange(8)
        elif kind == 1 and position < len(out):
            out[position] = chance.randrange(256)
        elif kind == 2:
            del out[position : position + chance.choice((1, 2, 8, 80, 1000))]
        elif kind == 3:
            out[position:position] = chance.choice(TOKENS)
        elif kind == 4:
            token = chance.choice(TOKENS)
            out[position : position + len(token)] = token
        elif kind == 5:
            other = chance.randrange(len(out) + 1)
            out[position:position] = out[other : other + chance.choice((4, 80, 400))]
        elif chance.random() < 0.1:
            del out[position:]
    return bytes(out)


def mutate_pdb(data: bytes, chance: random.Random) -> bytes:
    """Change fields, lines and records of a PDB file."""
    lines = data.split(b"\n")
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        i, j = sorted(chance.randrange(len(lines) + 1) for _ in range(2))
        kind = chance.randrange(9)
        line = lines[i] if i < len(lines) else b""
        if kind <= 2:  # One field, in one line or in all lines from here on.
            field = chance.randrange(len(FIELDS) - 1)
            a, b = FIELDS[field], FIELDS[field + 1]
            word = chance.choice(PDB_WORDS)[: b - a]
            word = word.rjust(b - a) if chance.random() < 0.7 else word.ljust(b - a)
            stop = i + 1 if kind else max(j, i + 1)
            lines[i:stop] = [x[:a].ljust(a) + word + x[b:] for x in lines[i:stop]]
        elif kind == 3:
            lines[i:i] = [chance.choice(RECORDS)]
        elif kind == 4:
            lines[i:i] = lines[i:j]
        elif kind == 5:
            del lines[i : i + chance.choice((1, 2, 20))]
        elif kind == 6:
            lines[i:j] = reversed(lines[i:j])
        elif kind == 7:
            lines[i : i + 1] = [line[: chance.randrange(len(line) + 1)]]
        else:
            width = chance.choice((54, 60, 66, 72, 78, 90))
            lines[i:j] = [x[:width].ljust(width) for x in lines[i:j]]
        lines = lines[:2000] or [b""]
    return chance.choice((b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n")).join(lines)


def mutate_cif(data: bytes, chance: random.Random) -> bytes:
    """Change tags, values, rows and categories of an mmCIF file."""
    lines = data.split(b"\n")
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        i, j = sorted(chance.randrange(len(lines)) for _ in range(2))
        words = lines[i].split()
        kind = chance.randrange(8)
        if kind <= 2 and words:
            words[chance.randrange(len(words))] = chance.choice(CIF_WORDS)
            lines[i] = b" ".join(words)
        elif kind == 3:  # Tags, mostly, so columns change places.
            tags = [k for k, line in enumerate(lines) if line.startswith(b"_")] or [0]
            a, b = chance.choice(tags), chance.choice(tags)
            lines[a], lines[b] = lines[b], lines[a]
        elif kind == 4:
            lines[i:i] = lines[i:j]
        elif kind == 5:
            del lines[i : i + chance.choice((1, 2, 20))]
        elif kind == 6:
            lines[i:i] = [chance.choice((b"loop_", b"data_y", b"save_x", b"#", b"_entity.id 1"))]
        else:
            a, b = lines[i], b"\n" if chance.random() < 0.5 else b" " * 30
            lines[i] = b.join(a.split())
        lines = lines[:2000] or [b""]
    return b"\n".join(lines)


def _nodes(tree: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        found.append((tree, key))
        if isinstance(value, dict | list):
            _nodes(value, found)
    return found


def mutate_binary(data: bytes, chance: random.Random) -> bytes:
    """Change values and encodings of a BinaryCIF file."""
    try:
        tree = msgpack.unpackb(data, raw=False, strict_map_key=False)
    except ValueError:
        return mutate_bytes(data, chance)
    for _ in range(chance.choice((1, 1, 2, 5))):
        nodes = _nodes(tree, [])
        if not nodes:
            break
        owner, key = chance.choice(nodes)
        value = owner[key]
        kind = chance.randrange(10)
        if kind == 0:
            del owner[key]
        elif kind == 1:
            other, name = chance.choice(nodes)
            if not isinstance(other[name], dict | list):
                owner[key] = other[name]
        elif isinstance(value, bytes):
            owner[key] = mutate_bytes(value, chance)
        elif isinstance(value, str):
            owner[key] = chance.choice((*KINDS, "StringArray", "", value * 2, "1", "Cartn_x"))
        elif isinstance(value, int | float):
            owner[key] = chance.choice(NUMBERS)
        elif isinstance(value, list) and value and kind < 6:
            value.insert(chance.randrange(len(value) + 1), chance.choice(value))
        elif isinstance(value, list) and kind == 6:
            value.append(
                {"kind": chance.choice(KINDS), "type": chance.choice(NUMBERS), "origin": 1}
            )
        else:
            owner[key] = chance.choice((None, [], {}, 7, "", b"", True))
    try:
        packed: bytes = msgpack.packb(tree)
    except (ValueError, OverflowError, RecursionError):
        return mutate_bytes(data, chance)
    return packed


COMPRESS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: gzip.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
    lambda data: bz2.compress(data, 1),
    lambda data: gzip.compress(data[:1000], 1) + gzip.compress(data[1000:], 1),
)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damage a file, mostly in ways that keep most of its format, and sometimes compress it."""
    if chance.random() < 0.25:
        data = mutate_bytes(data, chance)
    elif data[:1] in (b"\x82", b"\x83"):
        data = mutate_binary(data, chance)
    elif b"_atom_site." in data:
        data = mutate_cif(data, chance)
    else:
        data = mutate_pdb(data, chance)
    if chance.random() < 0.1:
        data = chance.choice(COMPRESS)(data)
        if chance.random() < 0.3:
            data = mutate_bytes(data, chance)
    return data
