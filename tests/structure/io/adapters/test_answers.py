"""Objects of other libraries give the same answer as the file that they were loaded from."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import protvox
from protvox.structure.io.read import read_structure

LIBRARIES = ("biopython", "biotite", "gemmi", "mdanalysis", "mdtraj")
INSTALLED = tuple(name for name in LIBRARIES if name != "mdanalysis" or find_spec("MDAnalysis"))
"""MDAnalysis may be absent, because of its licence; its own cases are skipped then."""

TOLERANCE = 1e-6
FILES = {
    "1ubi.pdb": LIBRARIES,
    "1a8o.pdb": LIBRARIES,
    "3enl.pdb.gz": LIBRARIES,
    "3mht.pdb.gz": LIBRARIES,
    "1ejg.pdb.gz": LIBRARIES[:4],
    "1lcd.pdb.gz": LIBRARIES[:4],
    "3hsy.pdb.gz": LIBRARIES[:4],
    "1a8o.cif": LIBRARIES[:4],
    "3jqh.cif": LIBRARIES[:4],
    "1gbt.cif.gz": LIBRARIES[:4],
    "1lcd.cif.gz": LIBRARIES[:3],
    "1gbt.bcif.gz": ("biotite",),
    "3jqh.bcif.gz": ("biotite",),
}
"""mdtraj has no alternative positions, and names of chains in mmCIF files of its own."""

SHARED = (
    "1a1c__1a1c.pdb",
    "1acj__1acj.pdb",
    "1aku__1aku.pdb",
    "1coj__1COJ.pdb",
    "1cwd__1cwd.pdb",
    "1cws__1CWS.pdb",
    "1dd4__1DD4.pdb",
    "1dja__1dja.pdb",
    "1g1j__1G1J.pdb",
    "1hcs__1hcs.pdb",
    "1hnu__1HNU.pdb",
    "1j56__1J56.pdb",
    "1ju5__1ju5.pdb",
    "1myg__1MYG.pdb",
    "1oo0__1OO0.pdb",
    "1prw__1PRW.pdb",
    "1r3j__1R3J.pdb",
    "1sc1__1sc1.pdb",
    "1sm8__1SM8.pdb",
    "1z2m__1Z2M.pdb",
)
"""Entries of the PDB without alternative positions, which mdtraj does not keep."""


@pytest.mark.parametrize(
    ("file", "library"), [(file, name) for file, names in FILES.items() for name in names]
)
def test_all_atoms_are_those_of_the_file(data_dir, load_with, assert_same, file, library):
    found = read_structure(load_with(library, data_dir / file))
    assert_same(found, read_structure(data_dir / file))
    assert found.format == library
    assert len(found.sha256) == 64


@pytest.mark.slow
def test_twenty_structures_have_the_same_answers(raw_files, load_with, assert_same):
    files = [path for path in raw_files if path.name in SHARED]
    assert len(files) == len(SHARED) == 20
    largest = 0.0
    for number, path in enumerate(files):
        structure = read_structure(path)
        expected = protvox.classify(structure)
        # The atoms of all; the answers for one library by turns, which take most of the time.
        items = {library: load_with(library, path) for library in INSTALLED}
        for item in items.values():
            assert_same(read_structure(item), structure)
        found = protvox.classify(items[INSTALLED[number % len(INSTALLED)]])
        difference = np.abs(found.residues.probabilities - expected.residues.probabilities)
        largest = max(largest, float(np.nanmax(difference)))
        assert len(found.domains) == len(expected.domains)
        for mine, theirs in zip(found.domains, expected.domains, strict=True):
            assert mine.id == theirs.id
            for a, b in zip(mine.architectures, theirs.architectures, strict=True):
                assert a.label == b.label
                largest = max(largest, abs(a.probability - b.probability))
    assert largest <= TOLERANCE


def test_every_function_takes_every_object(data_dir, searchable_models, monkeypatch, load_with):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))
    path = data_dir / "1ubi.pdb"
    functions = {
        "classify": lambda source: protvox.classify(source).residues.probabilities,
        "mutations": lambda source: protvox.mutations(source).matrix,
        "embed": lambda source: protvox.embed(source).vectors,
        "search": lambda source: [
            near.similarity for near in protvox.search(source, top_k=3).domains[0].nearest
        ],
        "voxelize": lambda source: protvox.voxelize(source, spacing=2.0).values,
        "predict": lambda source: [
            a.probability for a in protvox.load("cath").predict(source).domains[0].architectures
        ],
        "Model.embed": lambda source: protvox.load("environment").embed(source).vectors,
    }
    items = [load_with(library, path) for library in INSTALLED]
    for name, function in functions.items():
        expected = function(path)
        for item in items:
            np.testing.assert_allclose(function(item), expected, atol=TOLERANCE, err_msg=name)


def test_warnings_are_reported_as_for_a_file(data_dir, load_with):
    path = data_dir / "1lcd.cif.gz"
    expected = read_structure(path)
    for library in ("biopython", "gemmi"):
        found = read_structure(load_with(library, path))
        assert found.dropped == expected.dropped
        assert found.warnings[0] == "The object has 3 models; model 1 was read."
        assert expected.warnings[0] == "The file has 3 models; model 1 was read."
    assert read_structure(load_with("gemmi", path)).warnings[1:] == expected.warnings[1:]


def test_reading_warns_of_nothing_itself(data_dir, load_with):
    item = load_with("mdanalysis", data_dir / "1ubi.pdb")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_structure(item)
