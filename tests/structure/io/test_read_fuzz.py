"""Damaged files raise InputError and nothing else."""

from __future__ import annotations

import gzip
import os
import random
import time
from pathlib import Path

import pytest

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.limits import MIB, ReadLimits

CORPUS = Path(__file__).parents[2] / "corpus" / "files"
LIMITS = ReadLimits(inflated_bytes=16 * MIB)
SECONDS = float(os.environ.get("PROTVOX_FUZZ_SECONDS", "60"))
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


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damage data in one to eight positions."""
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


def fuzz(most: int, seconds: float, seed: int, crash: Path) -> tuple[int, int]:
    """Read damaged files, up to a number and time; return how many were read and rejected.

    Content that raises another exception is written to ``crash``.
    """
    chance = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(CORPUS.iterdir()) if path.stat().st_size]
    # BinaryCIF has the most of our own code, so it gets an equal share.
    binary = [data for data in seeds if data[:1] in (b"\x83", b"\x82")]
    end = time.monotonic() + seconds
    good = bad = 0
    while time.monotonic() < end and good + bad < most:
        data = mutate(chance.choice(binary if chance.random() < 0.3 else seeds), chance)
        if chance.random() < 0.1:
            data = gzip.compress(data, 1)
        try:
            read_structure(data, limits=LIMITS)
            good += 1
        except InputError as error:
            assert error.code.startswith("input.")
            bad += 1
        except BaseException:
            crash.write_bytes(data)
            raise
    return good, bad


def test_fuzz_briefly(tmp_path: Path) -> None:
    good, bad = fuzz(300, seconds=60, seed=1, crash=tmp_path / "crash")
    assert good > 30
    assert bad > 30


@pytest.mark.slow
def test_fuzz_for_a_minute(tmp_path: Path) -> None:
    good, bad = fuzz(1_000_000, seconds=SECONDS, seed=2, crash=tmp_path / "crash")
    assert good > 100
    assert bad > 100
