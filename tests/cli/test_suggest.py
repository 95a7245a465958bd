from __future__ import annotations

import json

import protvox as package


def test_the_command_line_writes_what_python_returns(protvox, data_dir, tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    path = data_dir / "1ubi.pdb"
    result = protvox("suggest", path, "--top", "3", "--fix", "A:1-9", "--format", "json")
    expected = package.suggest(path, top=3, fix=["A:1-9"]).to_dict()
    found = json.loads(result.out)
    assert found["suggestions"] == expected["suggestions"]
    assert found["schema"] == "protvox.suggest/1"
    text = protvox("suggest", path, "--top", "3").text
    assert max(map(len, text.splitlines())) <= 80


def test_bad_options_are_one_line(protvox, data_dir):
    path = data_dir / "1ubi.pdb"
    assert protvox("suggest", path, "--top", "0").code == 2
    result = protvox("suggest", path, "--keep-away", "LIGAND")
    assert result.code == 2
    assert "LIGAND:5" in result.err
    assert protvox("suggest").code == 2
