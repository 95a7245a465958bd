"""Every file of the corpus of edge cases is read, or rejected, as its case specifies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protvox.chemistry import ONE_LETTER
from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.structure import ResidueKind, Structure

HERE = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = json.loads((HERE / "manifest.json").read_text())
ACCEPTED = sorted(name for name in CASES if "code" not in CASES[name])
REFUSED = sorted(name for name in CASES if "code" in CASES[name])


def test_size_of_the_corpus() -> None:
    assert len(ACCEPTED) >= 60
    assert len(REFUSED) >= 40
    assert {path.name for path in (HERE / "files").iterdir()} == set(CASES)


def test_corpus_equals_the_output_of_its_script(tmp_path: Path) -> None:
    subprocess.run([sys.executable, HERE / "build_corpus.py", tmp_path], check=True)
    assert json.loads((tmp_path / "manifest.json").read_text()) == CASES
    for name in CASES:
        if name.endswith((".gz", ".xz", ".bz2")):
            continue  # compressed bytes differ between versions of the compressors
        assert (tmp_path / "files" / name).read_bytes() == (HERE / "files" / name).read_bytes()


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    expected = CASES[name]
    structure = read_structure(HERE / "files" / name, model=expected.get("model"))
    kinds = [ResidueKind(kind).name.lower() for kind in structure.kind.tolist()]
    sequence = "".join(ONE_LETTER.get(p, "X") for p in structure.parent[structure.is_protein])
    assert structure.format == expected["format"]
    assert list(structure.protein_chains) == expected["chains"]
    assert sequence == expected["sequence"]
    assert structure.n_atoms == expected["atoms"]
    assert kinds.count("ligand") == expected["ligands"]
    assert kinds.count("ion") == expected["ions"]
    assert kinds.count("nucleic") == expected["nucleotides"]
    assert [[d.what, d.where] for d in structure.dropped] == expected["dropped"]
    assert len(structure.warnings) == len(expected["warnings"]), structure.warnings
    for warning, words in zip(structure.warnings, expected["warnings"], strict=True):
        assert words in warning
    if "numbers" in expected:
        assert [structure.number[0], structure.number[-1]] == expected["numbers"]
    if "xmax_atom" in expected:
        atom, number, move = expected["xmax_atom"]
        assert _x(structure, atom, number) == pytest.approx(
            _x(read_structure(HERE / "files" / "accepted_plain.pdb"), atom, number) + move, abs=2e-3
        )
    _check_invariants(structure)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    expected = CASES[name]
    with pytest.raises(InputError) as caught:
        read_structure(HERE / "files" / name, model=expected.get("model"))
    error = caught.value
    assert error.code == expected["code"], error
    assert error.exit_code == 3
    assert name in str(error.where)
    assert error.remedy
    for words in expected["words"]:
        assert words in str(error)


def _x(structure: Structure, atom: str, number: int) -> float:
    rows = (structure.number[structure.residue_index] == number) & (structure.atom_name == atom)
    return float(structure.coordinates[rows, 0].item())


def _check_invariants(structure: Structure) -> None:
    atoms, residues = structure.n_atoms, structure.n_residues
    assert structure.coordinates.shape == (atoms, 3)
    assert structure.coordinates.dtype == np.float32
    assert np.isfinite(structure.coordinates).all()
    assert len(structure.residue_index) == len(structure.atom_type) == atoms
    assert (np.diff(structure.residue_index) >= 0).all()
    assert set(structure.residue_index.tolist()) == set(range(residues))
    assert not np.isin(structure.element, ["H", "D", "X", ""]).any()
    assert (structure.parent[~structure.is_protein] == "").all()
    names = list(zip(structure.residue_index.tolist(), structure.atom_name.tolist(), strict=True))
    assert len(set(names)) == len(names)
