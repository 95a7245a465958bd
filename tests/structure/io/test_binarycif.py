from __future__ import annotations

import gzip
import tracemalloc

import msgpack
import numpy as np
import pytest

from protvox.errors import InputError
from protvox.structure.io import binarycif_categories
from protvox.structure.io.binarycif_categories import MAX_OBJECTS
from protvox.structure.io.read import read_structure

EMPTY_LIST, EMPTY_MAP = b"\x90", b"\x80"


def objects_in(value) -> int:
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(objects_in, value.values()))
    return 1 + (sum(map(objects_in, value)) if isinstance(value, list) else 0)


def listed(item: bytes, n: int) -> bytes:
    return b"\xdd" + n.to_bytes(4, "big") + item * n


def file_with(blocks: bytes) -> bytes:
    return b"\x81" + msgpack.packb("dataBlocks") + blocks


@pytest.mark.parametrize(
    "blocks",
    [
        listed(EMPTY_LIST, 8_000_000),
        listed(listed(EMPTY_LIST, 50_000), 160),
        listed(listed(EMPTY_MAP, 50_000), 160),
        listed(listed(b"\x07", 90_000), 90),
        b"\xdd\xff\xff\xff\xff",
    ],
    ids=["one long list", "lists", "maps", "numbers", "a length that is not there"],
)
def test_many_small_objects_are_rejected_before_they_fill_the_memory(blocks):
    data = file_with(blocks)
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_structure(data, name="bomb.bcif")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "input.format"
    # 8 million empty lists or maps would take 500 MB.
    assert peak < 200e6


def whole(numbers, kind: int = 3) -> dict:
    data = np.asarray(numbers, {1: "<i1", 3: "<i4"}[kind]).tobytes()
    return {"data": data, "encoding": [{"kind": "ByteArray", "type": kind}]}


def repeated(value: int, n: int) -> dict:
    """The same number over and over, in a few bytes."""
    runs = whole([value, n])
    return {**runs, "encoding": [{"kind": "RunLength", "srcSize": n}, *runs["encoding"]]}


def strings(text: str, offsets: list[int], index: dict) -> dict:
    encoded = whole(offsets)
    coding = {
        "kind": "StringArray",
        "stringData": text,
        "dataEncoding": index["encoding"],
        "offsets": encoded["data"],
        "offsetEncoding": encoded["encoding"],
    }
    return {"data": index["data"], "encoding": [coding]}


def column(file: dict, category: str, name: str) -> dict:
    (block,) = file["dataBlocks"]
    (found,) = (c for c in block["categories"] if c["name"].lstrip("_") == category)
    return next(c for c in found["columns"] if c["name"] == name)


def rows(file: dict, category: str, n: int) -> None:
    (block,) = file["dataBlocks"]
    for found in block["categories"]:
        if found["name"].lstrip("_") == category:
            found["rowCount"] = n


def overlapping_words(file):
    n = len(column(file, "atom_site", "id")["data"]["data"])
    index = repeated(0, n)
    words = strings("A" * 1_000_000, [0, 1_000_000] * 5_000, index)
    column(file, "atom_site", "auth_asym_id")["data"] = words


def one_long_word_of_many(file):
    offsets = [*range(100_000), 1_000_000]
    words = strings("A" * 1_000_000, offsets, repeated(0, 1))
    column(file, "atom_site", "auth_asym_id")["data"] = words


def rows_that_are_not_there(file):
    rows(file, "atom_site", 10**11)


def a_long_sequence(file):
    rows(file, "entity_poly_seq", 15_000_000)
    for name in ("entity_id", "num", "mon_id"):
        replaced = column(file, "entity_poly_seq", name)
        replaced["data"], replaced["mask"] = repeated(1, 15_000_000), None


@pytest.mark.parametrize(
    "change",
    [overlapping_words, one_long_word_of_many, rows_that_are_not_there, a_long_sequence],
    ids=lambda change: change.__name__.replace("_", " "),
)
def test_small_file_does_not_become_gigabytes(data_dir, change):
    """Each took gigabytes once, before any limit on structures was looked at."""
    file = msgpack.unpackb(gzip.decompress((data_dir / "3jqh.bcif.gz").read_bytes()))
    change(file)
    data = msgpack.packb(file)
    assert len(data) < 4e6
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_structure(data, name="bomb.bcif")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "input.format"
    assert peak < 300e6


def test_deep_nesting_is_rejected():
    with pytest.raises(InputError):
        read_structure(file_with(b"\x91" * 1_000_000), name="deep.bcif")


@pytest.mark.parametrize("name", ["1gbt.bcif.gz", "3jqh.bcif.gz"])
def test_real_entries_are_far_below_the_limit(data_dir, name):
    content = gzip.decompress((data_dir / name).read_bytes())
    assert objects_in(msgpack.unpackb(content)) < MAX_OBJECTS / 10


def test_limit_of_objects_is_applied(data_dir, monkeypatch):
    path = data_dir / "3jqh.bcif.gz"
    assert read_structure(path).n_atoms
    monkeypatch.setattr(binarycif_categories, "MAX_OBJECTS", 100)
    with pytest.raises(InputError, match="more than 100 objects"):
        read_structure(path)


def test_numbers_beyond_32_bits_are_rejected(data_dir, tmp_path):
    rows = gzip.decompress((data_dir / "3jqh.bcif.gz").read_bytes())
    content = msgpack.unpackb(rows)
    (site,) = [c for c in content["dataBlocks"][0]["categories"] if c["name"] == "_atom_site"]
    (column,) = [c for c in site["columns"] if c["name"] == "auth_seq_id"]
    values = np.full(site["rowCount"], 2.0**31)
    column["data"] = {
        "data": values.tobytes(),
        "encoding": [{"kind": "ByteArray", "type": 33}],
    }
    (tmp_path / "far.bcif").write_bytes(msgpack.packb(content))
    with pytest.raises(InputError, match="out of range"):
        read_structure(tmp_path / "far.bcif")


@pytest.mark.parametrize("column", ["label_alt_id", "pdbx_PDB_ins_code"])
def test_letters_that_are_words_are_refused_like_in_mmcif(data_dir, column):
    path = data_dir / "3jqh.bcif.gz"
    file = msgpack.unpackb(gzip.decompress(path.read_bytes()))
    (site,) = [c for c in file["dataBlocks"][0]["categories"] if c["name"] == "_atom_site"]
    rows = site["rowCount"]
    words = {
        "data": np.zeros(rows, "<i4").tobytes(),
        "encoding": [
            {
                "kind": "StringArray",
                "stringData": "AB",
                "offsets": np.array([0, 2], "<i4").tobytes(),
                "offsetEncoding": [{"kind": "ByteArray", "type": 3}],
                "dataEncoding": [{"kind": "ByteArray", "type": 3}],
            }
        ],
    }
    for found in site["columns"]:
        if found["name"] == column:
            found["data"], found["mask"] = words, None
    with pytest.raises(InputError, match=f"{column} 'AB' is not a single character"):
        read_structure(msgpack.packb(file), name="words.bcif")
    text = (data_dir / "3jqh.cif").read_text()
    if column == "label_alt_id":
        text = text.replace("CA  A PRO", "CA  AB PRO")
        assert " AB " in text
        with pytest.raises(InputError, match="label_alt_id 'AB' is not a single character"):
            read_structure(text.encode(), name="words.cif")
