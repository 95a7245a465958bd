from __future__ import annotations

import ast
import dataclasses

import numpy as np
import pytest

from protvox.report.viewers import chimerax_attributes, chimerax_script, pymol_script


def python_block(script: str) -> str:
    lines = script.splitlines()
    return "\n".join(lines[lines.index("python") + 1 : lines.index("python end")])


class Cmd:
    """Takes the calls of a PyMOL script."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *a, **k: self.calls.append((name, a, k))

    def of(self, name):
        return [a for n, a, _ in self.calls if n == name]


def run(script: str) -> Cmd:
    cmd = Cmd()
    exec(compile(python_block(script), "script", "exec"), {"cmd": cmd})
    return cmd


def test_pymol_script_loads_colours_and_selects(prediction):
    cmd = run(pymol_script(prediction, structure="/data/it's.cif"))
    assert cmd.of("load") == [("/data/it's.cif", "protvox")]
    (space,) = [k["space"] for n, _, k in cmd.calls if n == "alter"]
    assert len(space["scores"]) == 120
    assert space["scores"][("A", "52A")] == pytest.approx(0.001 / 19, rel=1e-5)
    assert space["scores"][("Bc", "-5")] == pytest.approx(0.8)
    selections = cmd.of("select")
    assert ("suspects", 'protvox and chain "A" and resi 52A') in selections
    wanted = r'protvox and polymer and chain "A" and resi \-5-10+20-30+31-35+36-40+41-45+46-54'
    assert ("domain_A", wanted) in selections


def test_pymol_script_of_a_cath_prediction_has_no_scores(prediction):
    cmd = run(pymol_script(dataclasses.replace(prediction, residues=None), structure="x.pdb"))
    assert cmd.of("alter") == []
    assert len(cmd.of("select")) == 2


def test_no_name_can_run_as_code(prediction):
    evil = "x'); import os\npython end\n/os.system('true'"
    table = dataclasses.replace(prediction.residues, chain=np.full(120, evil))
    domains = (dataclasses.replace(prediction.domains[0], chain=evil, id=evil),)
    bad = dataclasses.replace(prediction, residues=table, domains=domains)
    script = pymol_script(bad, structure=evil)
    assert script.count("\npython end\n") == 1
    assert not [n for n in ast.walk(ast.parse(python_block(script))) if isinstance(n, ast.Import)]
    assert run(script).of("load") == [(evil, "protvox")]
    command = chimerax_script(bad, structure="x.pdb\nclose", attributes="y")
    assert "import os" not in command
    assert "\nclose" not in command
    assert "import os" not in chimerax_attributes(bad)


def test_chimerax_files(prediction):
    attributes = chimerax_attributes(prediction).splitlines()
    assert attributes[:3] == ["attribute: protvox_p", "match mode: 1-to-1", "recipient: residues"]
    assert "\t/A:-5\t0.8" in attributes
    assert any(line.startswith("\t/A:52A\t5.26") for line in attributes)
    script = chimerax_script(prediction, structure="/d/a b.cif", attributes="/d/x.defattr")
    assert 'open "/d/a b.cif"' in script
    assert "name suspects /A:52A" in script
    assert "name domain_Bc /Bc:-5-10,20-30,31-35,36-40,41-45,46-54" in script
    assert "color byattribute r:protvox_p" in script
