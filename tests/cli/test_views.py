from __future__ import annotations

import json

import gemmi
import pytest

from protvox.structure.io.read import read_structure

pytestmark = pytest.mark.usefixtures("fake")


@pytest.mark.parametrize("name", ["scored.pdb", "scored.cif", "scored.pdb.gz"])
def test_annotated_structure_carries_the_probabilities(protvox, example, tmp_path, name):
    path = tmp_path / name
    result = protvox("classify", example, "--format", "json", "--annotate", path)
    assert result.code == 0
    wanted = {r["number"]: 100 * r["p_wild_type"] for r in json.loads(result.out)["residues"]}
    written = gemmi.read_structure(str(path))
    for residue in written[0]["A"]:
        for atom in residue:
            assert atom.b_iso == pytest.approx(wanted.get(residue.seqid.num, 0.0), abs=0.006)
    assert read_structure(path).n_atoms == read_structure(example).n_atoms
    if name.endswith(".pdb"):
        assert "REMARK" in path.read_text()


def test_scripts_open_the_annotated_structure(protvox, example, tmp_path):
    names = {"--annotate": "s.cif", "--pymol": "s.pml", "--chimerax": "s.cxc"}
    options = [str(x) for option, name in names.items() for x in (option, tmp_path / name)]
    result = protvox("classify", example, *options)
    assert result.code == 0
    assert result.err.count("wrote ") == 4
    assert repr(str(tmp_path / "s.cif")) in (tmp_path / "s.pml").read_text()
    script = (tmp_path / "s.cxc").read_text()
    assert f'open "{tmp_path / "s.cif"}"' in script
    assert f'open "{tmp_path / "s.defattr"}"' in script
    assert (tmp_path / "s.defattr").read_text().count("\t/A:") == 345


def test_scripts_open_the_input_without_an_annotated_structure(protvox, example, tmp_path):
    assert protvox("classify", example, "--pymol", tmp_path / "s.pml").code == 0
    assert repr(str(example)) in (tmp_path / "s.pml").read_text()
