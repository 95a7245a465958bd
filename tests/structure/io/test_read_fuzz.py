"""Damaged files raise InputError and nothing else, soon and without much memory.

For longer: ``PROTVOX_FUZZ_SECONDS=600 pytest -m slow tests/structure/io/test_read_fuzz.py``.
"""

from __future__ import annotations

import faulthandler
import gzip
import lzma
import os
import random
import resource
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from damaged_files import mutate

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.limits import MIB, ReadLimits
from protvox.structure.structure import Structure

TESTS = Path(__file__).parents[2]
LIMITS = ReadLimits(inflated_bytes=16 * MIB)
SECONDS = float(os.environ.get("PROTVOX_FUZZ_SECONDS", "60"))
LONGEST = 2.0
"""CPU time for one input, s."""

MEMORY = 600 * MIB
"""Growth of the process over all inputs; BinaryCIF columns may take 256 MiB together."""

KINDS = (".pdb", ".pdbqt", ".pqr", ".cif", ".bcif")


def seeds() -> list[list[bytes]]:
    """Return the small files of the corpus, those of each format apart."""
    files: dict[str, list[bytes]] = {}
    for path in sorted([*(TESTS / "corpus" / "files").iterdir(), *(TESTS / "data").iterdir()]):
        data = path.read_bytes()
        kind = Path(path.name.removesuffix(".gz").removesuffix(".xz")).suffix
        if not 0 < len(data) < 100_000 or path.name.startswith("refused_bomb"):
            continue
        if path.suffix in (".gz", ".xz") and not path.name.startswith("refused"):
            data = {".gz": gzip, ".xz": lzma}[path.suffix].decompress(data)  # type: ignore[attr-defined]
        files.setdefault(kind if kind in KINDS else "other", []).append(data)
    return list(files.values())


def check(structure: Structure) -> None:
    """Check what every structure fulfils."""
    assert structure.n_atoms
    assert structure.is_protein.any()
    assert np.isfinite(structure.coordinates).all()
    assert (np.diff(structure.residue_index) >= 0).all()
    assert structure.residue_index[-1] == structure.n_residues - 1


def fuzz(most: int, seconds: float, seed: int, crash: Path) -> tuple[int, int]:
    """Read damaged files, up to a number and time; return how many were read and rejected.

    Each input is written to ``crash`` before it is read, and removed at the end if all is well.
    """
    chance = random.Random(seed)
    groups = seeds()
    for data in (data for group in groups for data in group):
        with suppress(InputError):  # Compiles the loops of every format, which is not timed.
            read_structure(data, limits=LIMITS)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = time.monotonic() + seconds
    good = bad = 0
    while time.monotonic() < end and good + bad < most:
        data = mutate(chance.choice(chance.choice(groups)), chance)
        crash.write_bytes(data)
        faulthandler.dump_traceback_later(100, exit=True)
        start = time.process_time()
        try:
            assembly = "1" if chance.random() < 0.25 else None
            check(read_structure(data, assembly=assembly, limits=LIMITS))
            good += 1
        except InputError as error:
            assert error.code.startswith("input.")
            assert len(str(error)) < 2000
            bad += 1
        faulthandler.cancel_dump_traceback_later()
        assert time.process_time() - start < LONGEST
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        assert grown * 1024 < MEMORY
    crash.unlink()
    return good, bad


def test_fuzz_briefly(tmp_path: Path) -> None:
    good, bad = fuzz(600, seconds=8, seed=1, crash=tmp_path / "crash")
    assert good > 20
    assert bad > 20


@pytest.mark.slow
def test_fuzz_for_a_minute(tmp_path: Path) -> None:
    good, bad = fuzz(10_000_000, seconds=SECONDS, seed=int(time.time()), crash=tmp_path / "crash")
    assert good > 100
    assert bad > 100
