from __future__ import annotations

import gzip
import tracemalloc

import msgpack
import pytest

from protvox.errors import InputError
from protvox.structure import binarycif
from protvox.structure.binarycif import MAX_OBJECTS
from protvox.structure.read import read_structure

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
def test_many_small_objects_are_refused_before_they_fill_the_memory(blocks):
    data = file_with(blocks)
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_structure(data, name="bomb.bcif")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "input.format"
    # 8 million empty lists or maps would take 500 MB.
    assert peak < 200e6


def test_depth_is_refused():
    with pytest.raises(InputError):
        read_structure(file_with(b"\x91" * 1_000_000), name="deep.bcif")


@pytest.mark.parametrize("name", ["1gbt.bcif.gz", "3jqh.bcif.gz"])
def test_real_entries_are_far_below_the_bound(data_dir, name):
    content = gzip.decompress((data_dir / name).read_bytes())
    assert objects_in(msgpack.unpackb(content)) < MAX_OBJECTS / 10


def test_the_bound_is_what_refuses(data_dir, monkeypatch):
    path = data_dir / "3jqh.bcif.gz"
    assert read_structure(path).n_atoms
    monkeypatch.setattr(binarycif, "MAX_OBJECTS", 100)
    with pytest.raises(InputError, match="more than 100 objects"):
        read_structure(path)
