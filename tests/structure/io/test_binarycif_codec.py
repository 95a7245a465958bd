from __future__ import annotations

import numpy as np
import pytest
from biotite.structure.io import pdbx
from biotite.structure.io.pdbx import encoding

from protvox.structure.io.binarycif_codec import MAX_ROWS, CodecError, decode

BYTES = {"kind": "ByteArray", "type": 3}


def encoded(values: np.ndarray, *codes) -> dict:
    """Return what biotite, the oracle, makes of an array."""
    return pdbx.BinaryCIFData(values, list(codes)).serialize()


def raw(values: list[int], *codes: dict) -> dict:
    return {"data": np.array(values, dtype="<i4").tobytes(), "encoding": [*codes, BYTES]}


WHOLE = np.array(
    [0, 1, -1, 127, -128, 128, -129, 255, 256, 32767, 32768, -32768, -32769, 70000], dtype=np.int32
)


@pytest.mark.parametrize("size", [1, 2])
def test_packed_integers(size: int) -> None:
    packing = encoding.IntegerPackingEncoding(size, is_unsigned=False)
    data = encoded(WHOLE, packing, encoding.ByteArrayEncoding())
    np.testing.assert_array_equal(decode(data), WHOLE)


@pytest.mark.parametrize("size", [1, 2])
def test_packed_unsigned_integers(size: int) -> None:
    values = np.abs(WHOLE)
    packing = encoding.IntegerPackingEncoding(size, is_unsigned=True)
    data = encoded(values, packing, encoding.ByteArrayEncoding())
    np.testing.assert_array_equal(decode(data), values)


def test_differences_and_runs() -> None:
    values = np.repeat(np.array([5, 6, 7, 100, -3], dtype=np.int32), [3, 1, 4, 1, 50])
    for codes in (
        [encoding.DeltaEncoding()],
        [encoding.RunLengthEncoding()],
        [
            encoding.DeltaEncoding(),
            encoding.RunLengthEncoding(),
            encoding.IntegerPackingEncoding(1, is_unsigned=False),
        ],
    ):
        data = encoded(values, *codes, encoding.ByteArrayEncoding())
        np.testing.assert_array_equal(decode(data), values)


def test_fixed_point_and_intervals() -> None:
    values = np.linspace(-99.5, 250.25, 1000)
    fixed = encoded(values, encoding.FixedPointEncoding(1000), encoding.ByteArrayEncoding())
    np.testing.assert_allclose(decode(fixed), values, atol=6e-4)
    coarse = encoding.IntervalQuantizationEncoding(-100.0, 300.0, 40_001)
    data = encoded(values, coarse, encoding.ByteArrayEncoding())
    np.testing.assert_allclose(decode(data), values, atol=1.1e-2)


@pytest.mark.parametrize("kind", ["<i1", "<i2", "<i4", "<u1", "<u2", "<u4", "<f4", "<f8"])
def test_plain_bytes(kind: str) -> None:
    values = np.arange(17).astype(kind)
    np.testing.assert_array_equal(decode(encoded(values, encoding.ByteArrayEncoding())), values)


def test_strings() -> None:
    values = np.array(["CA", "N", "CA", "", "O5'", "N"])
    np.testing.assert_array_equal(decode(encoded(values, encoding.StringArrayEncoding())), values)


@pytest.mark.parametrize(
    "data",
    [
        raw([1, 2**31 - 1], {"kind": "RunLength"}),
        raw([1, -1], {"kind": "RunLength"}),
        raw([1, 2, 3], {"kind": "RunLength"}),
        raw([1, MAX_ROWS, 1, 1], {"kind": "RunLength"}),
        raw([1], {"kind": "FixedPoint", "factor": 0, "srcType": 33}),
        raw([1], {"kind": "FixedPoint", "factor": 10, "srcType": 3}),
        raw(
            [1], {"kind": "IntervalQuantization", "min": 0, "max": 1, "numSteps": 1, "srcType": 33}
        ),
        raw([1], {"kind": "Unheard"}),
        {"data": b"123", "encoding": [BYTES]},
        {
            "data": b"\x7f\x7f",
            "encoding": [{"kind": "IntegerPacking"}, {"kind": "ByteArray", "type": 1}],
        },
        {"data": "text", "encoding": [BYTES]},
        {"data": b"1234", "encoding": []},
    ],
)
def test_invalid_data_are_rejected(data: dict) -> None:
    with pytest.raises(CodecError):
        decode(data)
