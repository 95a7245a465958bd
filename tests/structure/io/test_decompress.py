from __future__ import annotations

import bz2
import gzip
import lzma
import random
import time

import pytest

from protvox.errors import InputError
from protvox.structure.io import decompress as decompress_module
from protvox.structure.io.decompress import decompress
from protvox.structure.limits import MIB, ReadLimits

TEXT = random.Random(0).randbytes(200_000)
COMPRESSIONS = pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])


@COMPRESSIONS
def test_round_trip(compress) -> None:
    assert decompress(compress(TEXT), where="x") == TEXT


def test_plain_content_is_unchanged() -> None:
    assert decompress(TEXT, where="x") == TEXT
    assert decompress(b"", where="x") == b""


def test_members_are_joined_and_padding_ignored() -> None:
    data = gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]) + bytes(1024)
    assert decompress(data, where="x") == TEXT


@COMPRESSIONS
@pytest.mark.parametrize("cut", [1, 7, 100, 100_000])
def test_truncation_is_reported(compress, cut: int) -> None:
    with pytest.raises(InputError) as caught:
        decompress(compress(TEXT)[:-cut], where="file.gz")
    assert caught.value.code == "input.gzip_truncated"
    assert "file.gz" in str(caught.value)


@pytest.mark.parametrize("offset", [-8, -5, -4, -1])
def test_wrong_checksum_or_length_is_reported(offset: int) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[offset] ^= 0x10
    with pytest.raises(InputError) as caught:
        decompress(bytes(data), where="x")
    assert caught.value.code == "input.gzip_crc"


def test_flipped_bits_are_detected_or_harmless() -> None:
    # A flipped bit may hide in the header's time stamp or operating system; the text may not.
    data = gzip.compress(TEXT[:300], mtime=0)
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 4
        try:
            assert decompress(bytes(broken), where="x") in (TEXT[:300], bytes(broken))
        except InputError:
            continue


@COMPRESSIONS
def test_bomb_is_rejected_by_its_ratio(compress) -> None:
    with pytest.raises(InputError) as caught:
        decompress(compress(bytes(8 * MIB)), where="x")
    assert caught.value.code == "input.too_large"


def test_nested_bomb_is_not_decompressed() -> None:
    inner = gzip.compress(bytes(8 * MIB))
    assert decompress(gzip.compress(inner), where="x") == inner


def test_small_regular_file_is_not_a_bomb() -> None:
    text = b" " * (3 * MIB)
    assert decompress(gzip.compress(text), where="x") == text


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT)])
def test_size_limit(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        decompress(data, where="x", limits=ReadLimits(inflated_bytes=100_000))
    assert caught.value.code == "input.too_large"
    assert decompress(data, where="x", limits=ReadLimits(inflated_bytes=len(TEXT))) == TEXT


def test_too_many_members_are_rejected() -> None:
    data = b"".join(gzip.compress(TEXT[i : i + 100], 1) for i in range(0, len(TEXT), 100))
    assert decompress(data, where="x") == TEXT
    with pytest.raises(InputError):
        decompress(gzip.compress(b"") * 20_000, where="x")


def test_limit_of_members_is_inclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompress_module, "_MOST_MEMBERS", 3)
    member = gzip.compress(b"a")
    assert decompress(member * 3, where="x") == b"aaa"
    with pytest.raises(InputError):
        decompress(member * 4, where="x")


@COMPRESSIONS
@pytest.mark.parametrize("zeros", [1, 3, 4, 1023, 64 << 10, 3 * MIB + 1])
def test_padding_after_and_between_streams_is_ignored(compress, zeros: int) -> None:
    """Also of lengths that are not a multiple of four, and between different compressions."""
    padding, stream, other = bytes(zeros), compress(TEXT[:5000]), gzip.compress(b"other")
    assert decompress(stream + padding, where="x") == TEXT[:5000]
    assert decompress(stream + padding + stream, where="x") == TEXT[:5000] * 2
    joined = stream + padding + other + padding + stream + padding
    assert decompress(joined, where="x") == TEXT[:5000] + b"other" + TEXT[:5000]


@COMPRESSIONS
@pytest.mark.parametrize("end", [b"x", b"\x1f", b"\1" + bytes(100), b"PK\3\4"])
def test_anything_else_after_padding_is_one_error(compress, end: bytes) -> None:
    with pytest.raises(InputError) as caught:
        decompress(compress(TEXT[:5000]) + bytes(2 * MIB) + end, where="file.gz")
    assert caught.value.code == "input.gzip"
    assert "followed by something else" in str(caught.value)


@COMPRESSIONS
@pytest.mark.parametrize("between", [False, True])
def test_padding_takes_linear_time(compress, between: bool) -> None:
    """Each run of zeros was once removed by a copy of the rest: 4.2 MiB of gzip took 6 s."""
    stream = compress(b"a")

    def seconds(size: int) -> float:
        count = size // 440 if between else 1
        data = (stream + bytes(400)) * count if between else stream + bytes(size)
        trials = []
        for _ in range(5):
            start = time.process_time()
            assert decompress(data, where="x") == b"a" * count
            trials.append(time.process_time() - start)
        return min(trials)

    # The ratio is 8 in linear time, with the cache of a CPU up to 15, and 64 in quadratic time.
    assert seconds(4 * MIB) < 32 * seconds(MIB // 2)
