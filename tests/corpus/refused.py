"""Corpus files that must be rejected, with the error code and words of the message."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import replace
from typing import Any

import msgpack
from accepted import PLAIN, PLAIN_CIF, P, models, zipped
from chemistry import FREE_LYS, NUCLEOTIDES, ZINC
from parts import bcif, cif, ethanediol, integers, pdb, shift, water

HTML = "<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>\n"


def no(content: str | bytes, code: str, *words: str, **more: Any) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of a case and the error that reading it must raise."""
    data = content.encode() if isinstance(content, str) else content
    return data, {"code": f"input.{code}", "words": list(words), **more}


def columns(text: str) -> str:
    """Return the plain file with the coordinates of its fifth line replaced."""
    lines = PLAIN.splitlines(keepends=True)
    lines[4] = f"{lines[4][:30]}{text:24}{lines[4][54:]}"
    return "".join(lines)


def wrong_crc() -> bytes:
    """Return gzip data with one bit of the checksum flipped."""
    data = bytearray(zipped(PLAIN))
    data[-8] ^= 1
    return bytes(data)


def damaged() -> bytes:
    """Return gzip data with a broken block."""
    data = bytearray(zipped(PLAIN))
    data[10:14] = b"\xff\xff\xff\xff"
    return bytes(data)


def run_length_bomb() -> bytes:
    """Return BinaryCIF that claims two billion rows in eight bytes."""
    encoding = [{"kind": "RunLength", "srcType": 3, "srcSize": 2**31 - 1},
                {"kind": "ByteArray", "type": 3}]  # fmt: skip
    column = {"name": "Cartn_x", "mask": None,
              "data": {"data": integers([1, 2**31 - 1]), "encoding": encoding}}  # fmt: skip
    return bcif(P, columns={"Cartn_x": column})


def many_rows() -> bytes:
    """Return BinaryCIF whose columns hold 19 million rows each, in a few hundred bytes."""
    encoding = [{"kind": "RunLength", "srcType": 3, "srcSize": 19_000_000},
                {"kind": "ByteArray", "type": 3}]  # fmt: skip
    data = {"data": integers([1, 19_000_000]), "encoding": encoding}
    columns = [{"name": name, "mask": None, "data": data}
               for name in ("Cartn_x", "Cartn_y", "Cartn_z", "auth_seq_id")]  # fmt: skip
    site = {"name": "_atom_site", "rowCount": 19_000_000, "columns": columns}
    blocks = [{"header": "CASE", "categories": [site]}]
    return msgpack.packb({"version": "0.3.0", "encoder": "corpus", "dataBlocks": blocks})


CONTENT = {
    "empty.pdb": no("", "empty", "empty"),
    "blank.pdb": no("\n  \n\n", "empty", "empty"),
    "page.pdb": no(HTML, "html", "web page"),
    "page_after_blank_lines.cif": no("\n\n" + HTML, "html", "web page"),
    "page.pdb.gz": no(zipped(HTML), "html", "web page"),
    "text.pdb": no("This is not a structure.\n", "format", "text, but not a structure"),
    "sequence.fasta": no(">sp|P0CG48\nMQIFVKTLTGKTITLEVEPSDTIENVK\n", "format", "FASTA"),
    "data.json": no('{"atoms": []}\n', "format", "JSON"),
    "data.xml": no('<?xml version="1.0"?>\n<PDBx:datablock/>\n', "format", "XML"),
    "noise.pdb": no(bytes((i * 167 + 13) % 256 for i in range(2000)), "format"),
    "messagepack.bcif": no(msgpack.packb({"a": 1}), "format", "not BinaryCIF"),
    "header_only.pdb": no("HEADER    X\nTITLE     Y\nEND\n", "no_atoms", "no ATOM"),
    "no_atom_site.cif": no("data_X\n_entry.id X\n", "no_atoms", "no atom_site"),
    "empty_atom_site.cif": no(
        "data_X\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n"
        "_atom_site.Cartn_z\n#\n", "no_atoms"),
    "not_a_loop.cif": no("data_X\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1\n", "format"),
}  # fmt: skip

COMPRESSION = {
    "cut.pdb.gz": no(zipped(PLAIN)[:-200], "gzip_truncated", "end too early"),
    "cut_checksum.pdb.gz": no(zipped(PLAIN)[:-4], "gzip_truncated", "end too early"),
    "checksum.pdb.gz": no(wrong_crc(), "gzip_crc", "checksum"),
    "damaged.pdb.gz": no(damaged(), "gzip", "damaged"),
    "garbage_behind.pdb.gz": no(zipped(PLAIN) + b"garbage", "gzip", "followed by"),
    "bomb.pdb.gz": no(gzip.compress(b"\n" * (24 << 20), mtime=0), "too_large", "bomb"),
    "cut.pdb.xz": no(lzma.compress(PLAIN.encode())[:-200], "gzip_truncated", "end too early"),
    "garbage_behind.pdb.xz": no(lzma.compress(PLAIN.encode()) + b"garbage", "gzip", "followed by"),
    "bomb.pdb.xz": no(lzma.compress(b"\n" * (24 << 20)), "too_large", "bomb"),
    "empty.pdb.gz": no(zipped(""), "empty", "empty"),
    "archive.zip": no(b"PK\x03\x04" + bytes(60), "format", "compressed in a format"),
    "zstandard.pdb.zst": no(b"\x28\xb5\x2f\xfd" + bytes(60), "format", "compressed in a format"),
}

COORDINATES = {
    "stars.pdb": no(columns("  ********  22.000   1.000"), "coordinates", "line 5", "****"),
    "nan.pdb": no(columns("     nan     nan     nan"), "coordinates", "line 5", "nan"),
    "infinite.pdb": no(columns("     inf   1.000   2.000"), "coordinates", "line 5", "inf"),
    "blank_columns.pdb": no(columns(""), "coordinates", "line 5", "nothing"),
    "shifted.pdb": no(columns("266  25.413   2.842  1.00"), "coordinates", "line 5"),
    "two_points.pdb": no(columns("  26.2.6  25.413   2.842"), "coordinates", "line 5"),
    "cut_line.pdb": no("".join(f"{line[:50]}\n" for line in PLAIN.splitlines()),
                       "coordinates", "line 1"),
    "dummy_9999.pdb": no(columns("9999.0009999.0009999.000"), "coordinates", "A:1 MET"),
    "nan.cif": no(PLAIN_CIF.replace(f"{P[4].x:.3f}", "nan", 1), "coordinates", "A:1 MET"),
    "stars.cif": no(PLAIN_CIF.replace(f"{P[4].x:.3f}", "****", 1), "coordinates", "A:1 MET"),
    "absent.cif": no(PLAIN_CIF.replace(f"{P[4].x:.3f}", "?", 1), "coordinates", "A:1 MET"),
    "huge.cif": no(PLAIN_CIF.replace(f"{P[4].x:.3f}", "1e30", 1), "coordinates", "A:1 MET"),
    "one_place.pdb": no(pdb([replace(a, x=0.0, y=0.0, z=0.0) for a in P]), "coordinates",
                        "same coordinates"),
    "no_x_column.cif": no(cif(P, without=("Cartn_x",)), "no_atoms"),
}  # fmt: skip

NO_PROTEIN = {
    "water_only.pdb": no(pdb([water(1), water(2)]), "no_protein"),
    "ion_only.pdb": no(pdb([ZINC]), "no_protein"),
    "ligand_only.cif": no(cif(ethanediol()), "no_protein"),
    "dna_only.pdb": no(pdb(NUCLEOTIDES), "no_protein"),
    "free_amino_acid_only.cif": no(cif(FREE_LYS), "no_protein"),
    "side_chains_only.pdb": no(pdb([a for a in P if a.name != "CA"]), "no_protein"),
    "second_model_protein.pdb": no(models((1, [ZINC, water(5)]), (2, P)), "no_protein", "model"),
    "model_absent.pdb": no(models((1, P), (2, shift(P, 1))), "model", "1, 2", model=9),
}

DAMAGE = {
    "cut_within_row.cif": no(PLAIN_CIF[:-30], "format"),
    "cut.bcif": no(bcif(P)[:-300], "format"),
    "open_quote.cif": no(PLAIN_CIF.replace(" MET ", " 'MET ", 1), "format", "line"),
    "open_text_field.cif": no(PLAIN_CIF + ";never\nclosed\n", "format", "line"),
    "tag_twice.cif": no(PLAIN_CIF.replace("_atom_site.id", "_atom_site.Cartn_x"), "format",
                        "twice"),
    "two_blocks_with_atoms.cif": no(PLAIN_CIF + PLAIN_CIF.replace("data_CASE", "data_B"),
                                    "format", "several blocks"),
    "number_in_words.cif": no(PLAIN_CIF.replace(" 1 MET A MET", " one MET A MET").replace(
        " 1.00 1 MET", " 1.00 one. MET"), "format", "not an integer"),
    "model_within_model.pdb": no("MODEL        1\n" + pdb(P, end="") + "MODEL        2\n"
                                 + pdb(P), "format", "within a model"),
    "many_rows.bcif": no(many_rows(), "format", "larger than the file"),
    "run_length_bomb.bcif": no(run_length_bomb(), "format", "run-length"),
    "short_column.bcif": no(bcif(P, columns={"Cartn_x": {"name": "Cartn_x", "mask": None, "data": {
        "data": bytes(8), "encoding": [{"kind": "ByteArray", "type": 33}]}}}), "format",
        "wrong length"),
    "unknown_encoding.bcif": no(bcif(P, columns={"Cartn_x": {"name": "Cartn_x", "mask": None,
        "data": {"data": bytes(8), "encoding": [{"kind": "Magic"}]}}}), "format", "Magic"),
}  # fmt: skip
