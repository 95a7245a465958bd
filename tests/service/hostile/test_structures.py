"""Hostile structure files are refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os

import numpy as np
import pytest

MIB = 1 << 20
SCRIPT = "<script>alert(1)</script>"
SLOW = "input.too_slow"  # on a busy machine the time limit comes first
ADDRESSES = (
    "/predict/cath",
    "/predict/environment",
    "/predict/mutations",
    "/embed",
    "/search",
    "/jobs",
)


@pytest.mark.slow
def test_decompression_bombs_are_refused(client, refused, post):
    zeros = gzip.compress(bytes(200 * MIB))
    refused(post(client, zeros), "input.too_large")
    refused(post(client, gzip.compress(zeros)), "input.too_large", "input.format")
    refused(post(client, bz2.compress(bytes(200 * MIB), 1)), "input.too_large")
    refused(post(client, lzma.compress(bytes(200 * MIB), preset=0)), "input.too_large")
    lists = b"\x81" + b"\xaadataBlocks" + b"\xdd" + (20 * MIB).to_bytes(4, "big")
    refused(post(client, lists + b"\x90" * (20 * MIB)), "input.format", SLOW)
    text = b"data_x\nloop_\n_atom_site.id\n" + b"1\n" * (12 * MIB)
    refused(post(client, text), "input.format", "input.no_atoms", "input.too_large", SLOW)


@pytest.mark.parametrize(
    ("residues", "chains", "models"), [(20_001, 1, 1), (1002, 501, 1), (2, 1, 201)]
)
def test_large_structures_are_refused(client, residues, chains, models, refused, post):
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    for model in range(1, models + 1):
        rows += [atom(i, "CA", i, f"C{i % chains}", model) for i in range(1, residues + 1)]
    answer = post(client, gzip.compress("\n".join(rows).encode()))
    assert "more than the limit" in refused(answer, "input.too_large")["what"]


def test_too_many_atoms_in_one_spot_are_refused(client, refused, post):
    """Each residue would have thousands of neighbouring atoms and take as long as a protein."""
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    for i in range(1, 602):
        row = atom(i, "CA", i, "A", 1).split()
        row[8:11] = f"{i % 4}.0", f"{i // 4 % 4}.0", f"{i // 16 / 40:.3f}"
        rows.append(" ".join(row))
    answer = post(client, "\n".join(rows).encode())
    assert "601 atoms in a cube of 4 Å" in refused(answer, "input.too_large")["what"]


@pytest.mark.slow
def test_too_many_atoms_are_refused(client, refused, post):
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    rows += [atom(i, f"C{i}", 1 + i // 100, "A", 1) for i in range(1, 500_200)]
    answer = post(client, gzip.compress("\n".join(rows).encode(), 1))
    refused(answer, "input.too_large", SLOW)


COLUMNS = (
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_seq_id",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
)


def atom(i: int, name: str, number: int, chain: str, model: int) -> str:
    place = f"{i % 997 * 1.37:.3f} {i % 1009 * 0.91:.3f} {i % 1013 * 0.77:.3f}"
    return f"ATOM {i} C {name} . ALA {chain} {number} {place} 1 1 {number} {chain} {model}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(100),
        b"#!/bin/sh\nid\n",
        SCRIPT.encode(),
        b"\x1f\x8b" + os.urandom(100),
        b"\x28\xb5\x2f\xfd" + bytes(50),
        b"\x80",
        b"ATOM" * 1000,
    ],
)
def test_other_files_are_refused(client, content, post):
    for address in ADDRESSES:
        answer = post(client, content, address=address)
        assert 400 <= answer.status_code < 500
        assert answer.json()["code"].startswith("input.")


def test_random_changes_to_a_file_are_survived(client, ubiquitin, post):
    random = np.random.default_rng(0)
    for _ in range(30):
        data = bytearray(ubiquitin)
        for place in random.integers(0, len(data), 50):
            data[place] = random.integers(0, 256)
        assert post(client, bytes(data)).status_code in (200, 413, 422)
