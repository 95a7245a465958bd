"""Structures as bytes: equal when decoded, refused when the parts do not match."""

from __future__ import annotations

from dataclasses import fields, replace

import msgpack
import numpy as np
import pytest

from protvox.processes.structure_codec import decode_structure, encode_structure
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure


@pytest.fixture(scope="module")
def structure(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


def test_a_decoded_structure_is_equal(structure):
    decoded = decode_structure(encode_structure(structure))
    for field in fields(Structure):
        expected, found = getattr(structure, field.name), getattr(decoded, field.name)
        if isinstance(expected, np.ndarray):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
        else:
            assert found == expected


def test_a_predicted_model_keeps_its_plddt(structure):
    plddt = np.linspace(20, 95, structure.n_residues).astype(np.float32)
    plddt[3] = np.nan
    decoded = decode_structure(encode_structure(replace(structure, plddt=plddt, plddt_source="x")))
    np.testing.assert_array_equal(decoded.plddt, plddt)
    assert decoded.plddt_source == "x"
    short = replace(structure, plddt=plddt[1:])
    with pytest.raises(ValueError, match="plddt has the shape"):
        decode_structure(encode_structure(short))


def altered(structure, **changes):
    plain = msgpack.unpackb(encode_structure(structure))
    return msgpack.packb(plain | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"coordinates": ["|O", [1, 3], b"\x00" * 24]},
        {"coordinates": ["<f4", [3], b"\x00" * 12]},
        {"chain": ["<U1", [1], b"A\x00\x00\x00"]},
        {"chain": ["<U1", [76, 1], b"A\x00\x00\x00" * 76]},
        {"number": ["<i4", [76], b"\x00" * 8]},
        {"residue_index": ["<i8", [1], b"\xff" * 8]},
        {"kind": None},
        {"kind": "<u1"},
        {"model": "one"},
        {"dropped": 3},
    ],
)
def test_arrays_that_do_not_match_are_refused(structure, changes):
    with pytest.raises(ValueError):
        decode_structure(altered(structure, **changes))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x01", b"\xc1", b"not a structure"])
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError):
        decode_structure(data)
