from __future__ import annotations

from pathlib import Path

import gemmi
import pytest

from protvox.processes.structure_codec import decode_structure, encode_structure
from protvox.structure.io.read import read_structure

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.pdb", "1a8o.cif", "3jqh.cif"])
def test_title_is_that_of_gemmi(name):
    expected = gemmi.read_structure(str(DATA / name)).info["_struct.title"]
    assert read_structure(DATA / name).title == " ".join(expected.split())


def test_formats_agree_and_objects_and_parts_keep_it():
    text, binary = (read_structure(DATA / f"3jqh.{form}") for form in ("cif", "bcif.gz"))
    assert text.title == binary.title == text.select(text.is_protein).title
    assert read_structure(gemmi.read_structure(str(DATA / "3jqh.cif"))).title == text.title
    assert decode_structure(encode_structure(text)).title == text.title


@pytest.mark.parametrize(("given", "read"), [(b"NULL     ", ""), (b"A\x1b[31m\xff", "A[31m\xff")])
def test_placeholders_and_control_characters(given, read):
    lines = (DATA / "1ubi.pdb").read_bytes().splitlines(keepends=True)
    atoms = b"".join(line for line in lines if line.startswith(b"ATOM"))
    assert read_structure(b"TITLE     " + given + b"\n" + atoms, name="x.pdb").title == read
    assert read_structure(atoms, name="x.pdb").title == ""
