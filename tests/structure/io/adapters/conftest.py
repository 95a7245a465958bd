"""How the tests load a structure file with each library."""

from __future__ import annotations

import gzip
import io
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import Bio.PDB
import biotite.structure.io.pdb
import biotite.structure.io.pdbx
import gemmi
import mdtraj
import numpy as np
import pytest

from protvox.structure.structure import Structure

_ARRAYS = (
    "coordinates",
    "element",
    "atom_name",
    "atom_type",
    "residue_index",
    "chain",
    "number",
    "insertion_code",
    "residue_name",
    "parent",
    "kind",
)


def _plain(path: Path) -> bytes:
    """The content of a file, decompressed."""
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _is_cif(path: Path) -> bool:
    return ".cif" in path.name


def _with_biopython(path: Path) -> Any:
    parser = (Bio.PDB.MMCIFParser if _is_cif(path) else Bio.PDB.PDBParser)(QUIET=True)
    return parser.get_structure("biopython", io.StringIO(_plain(path).decode("latin-1")))


def _with_biotite(path: Path) -> Any:
    keep = {"model": 1, "altloc": "all", "extra_fields": ["occupancy", "b_factor"]}
    if ".bcif" in path.name:
        file = biotite.structure.io.pdbx.BinaryCIFFile.read(io.BytesIO(_plain(path)))
        return biotite.structure.io.pdbx.get_structure(file, **keep)
    text = io.StringIO(_plain(path).decode("latin-1"))
    if _is_cif(path):
        file = biotite.structure.io.pdbx.CIFFile.read(text)
        return biotite.structure.io.pdbx.get_structure(file, **keep)
    return biotite.structure.io.pdb.PDBFile.read(text).get_structure(**keep)


def _with_gemmi(path: Path) -> Any:
    return gemmi.read_structure(str(path))


def _with_mdanalysis(path: Path) -> Any:
    mda = pytest.importorskip("MDAnalysis", reason="MDAnalysis is not installed")
    text = io.StringIO(_plain(path).decode("latin-1"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = mda.lib.util.NamedStream(text, "mdanalysis.cif" if _is_cif(path) else "x.pdb")
        return mda.Universe(stream)


def _with_mdtraj(path: Path) -> Any:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "x.pdb"
        file.write_bytes(_plain(path))
        return mdtraj.load_pdb(str(file), standard_names=False)


_LOADERS: dict[str, Callable[[Path], Any]] = {
    "biopython": _with_biopython,
    "biotite": _with_biotite,
    "gemmi": _with_gemmi,
    "mdanalysis": _with_mdanalysis,
    "mdtraj": _with_mdtraj,
}


@pytest.fixture(scope="session")
def load_with() -> Callable[[str, Path], Any]:
    """Load a structure file with a library, as its users do."""
    return lambda library, path: _LOADERS[library](path)


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Structure, Structure], None]:
    """Assert that two structures have the same atoms and residues."""

    def check(found: Structure, expected: Structure) -> None:
        for name in _ARRAYS:
            np.testing.assert_array_equal(
                getattr(found, name), getattr(expected, name), err_msg=name
            )

    return check
