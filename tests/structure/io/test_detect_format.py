from __future__ import annotations

import time

import pytest

from protvox.errors import InputError
from protvox.structure.io.detect_format import clean_text, detect_format


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"ATOM      1  N   MET", "pdb"),
        (b"HETATM    1  N   MET", "pdb"),
        (b"REMARK data_ is no CIF here\nATOM      1  N   MET", "pdb"),
        (b"REMARK\n" * 10_000 + b"ATOM      1  N   MET", "pdb"),
        (b"data_1ABC\nloop_\n_atom_site.id\n1\n", "mmcif"),
        (b"# note\n\n  #more\nDATA_x\n_ATOM_SITE.id 1\n", "mmcif"),
        (b"\x83\xa7version\xa50.3.0\xaadataBlocks\x90", "bcif"),
    ],
)
def test_formats(content: bytes, form: str) -> None:
    assert detect_format(content, where="x") == form


@pytest.mark.parametrize("blank", [b" ", b"\n", b"#\n", b" \n#\n"])
def test_long_runs_of_blanks_are_fast(blank: bytes) -> None:
    # Found by fuzzing: forty blanks before text took hours in a backtracking pattern.
    start = time.perf_counter()
    with pytest.raises(InputError):
        detect_format(blank * 200_000 + b"x", where="x")
    assert time.perf_counter() - start < 2.0


def test_line_ends_and_byte_order_marks_are_cleaned() -> None:
    assert clean_text(b"\xef\xbb\xbfATOM\rATOM") == b"ATOM\nATOM"
    assert clean_text("ATOM\n".encode("utf-16")) == b"ATOM\n"
    assert clean_text(b"a\r\nb") == b"a\r\nb"
    assert clean_text(b"\x83\xa7version\r\x00") == b"\x83\xa7version\r\x00"
