"""The plugin in PyMOL itself, and the ChimeraX command with a stand-in for ChimeraX."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from prepared_results import RESULTS, ROOT, STRUCTURE

CHIMERAX = ROOT / "plugins" / "chimerax"
SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import protvox_viewer
from pymol import cmd
cmd.load({structure!r}, "ubiquitin")
def colours(selection):
    found = []
    cmd.iterate(selection + " and name CA", "found.append(cmd.get_color_tuple(color))",
                space={{"found": found, "cmd": cmd}})
    return set(found)
cmd.do("protvox check, ubiquitin, command={program}")
assert len(colours("resi 10-20")) == 1
assert colours("resi 10-20") != colours("resi 21-30")
assert cmd.count_atoms("protvox_register_A_10_20 and name CA") == 11
result = protvox_viewer.protvox("domains", "all", command={program!r})
assert result["schema"] == "protvox.classify/1"
assert colours("resi 1-20+31-40") != colours("resi 21-30")
protvox_viewer.protvox("mutations", command={program!r})
try:
    protvox_viewer.protvox("fold", command={program!r})
except Exception as error:
    assert "choose one of domains" in str(error), error
else:
    raise AssertionError
print("finished")
"""


def find_pymol() -> str | None:
    """A Python that has PyMOL: this one, or that of the system, for which Debian installs it."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists():
            tried = [python, "-c", "import pymol"]
            if not subprocess.run(tried, capture_output=True, check=False).returncode:
                return python
    return None


def test_pymol_colours_and_selects(tmp_path, program):
    python = find_pymol()
    if python is None:
        pytest.skip("PyMOL is not installed (apt-get install pymol)")
    script = tmp_path / "script.py"
    folder = str(ROOT / "plugins" / "pymol")
    script.write_text(SCRIPT.format(folder=folder, structure=str(STRUCTURE), program=program))
    done = subprocess.run(
        [python, "-m", "pymol", "-cq", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "finished" in done.stdout, done.stdout + done.stderr
    assert "Move the sequence by +1" in done.stdout


def test_the_bundle_is_described():
    described = tomllib.loads((CHIMERAX / "pyproject.toml").read_text())
    assert "protvox" in described["tool"]["chimerax"]["command"]
    licences = [c for c in described["project"]["classifiers"] if c.startswith("License")]
    assert len(licences) == 1


class Residue(SimpleNamespace):
    PT_AMINO = 1


@pytest.fixture
def chimerax(monkeypatch):
    """The few functions of ChimeraX that the command calls, and what they were called with."""
    ran = []

    def run(_session, text, log=True):
        ran.append(text)
        if text.startswith("save"):
            path = text.split('"')[1]
            with open(path, "w") as file:
                file.write("_atom_site")

    for name, members in {
        "chimerax": {},
        "chimerax.core": {},
        "chimerax.core.commands": {"run": run},
        "chimerax.core.errors": {"UserError": type("UserError", (Exception,), {})},
        "chimerax.core.toolshed": {"BundleAPI": object},
        "chimerax.atomic": {"AtomicStructure": Residue},
    }.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    found = importlib.util.spec_from_file_location(
        "protvox_bundle",
        CHIMERAX / "src" / "__init__.py",
        submodule_search_locations=[str(CHIMERAX / "src")],
    )
    bundle = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "protvox_bundle", bundle)
    found.loader.exec_module(bundle)
    monkeypatch.delitem(sys.modules, "protvox_bundle.command", raising=False)
    monkeypatch.delitem(sys.modules, "protvox_bundle.predictions", raising=False)
    command = importlib.import_module("protvox_bundle.command")
    return command, ran


def test_chimerax_colours_names_and_logs(chimerax, program):
    command, ran = chimerax
    carbon, oxygen = (SimpleNamespace(element=SimpleNamespace(name=n), color=None) for n in "CO")
    residues = [
        Residue(chain_id="A", number=i, insertion_code="", polymer_type=1, atoms=[carbon, oxygen])
        for i in range(1, 77)
    ]
    water = Residue(chain_id="A", number=101, insertion_code="", polymer_type=0, atoms=[])
    model = SimpleNamespace(atomspec="#1", residues=[*residues, water])
    logged = []
    session = SimpleNamespace(
        models=SimpleNamespace(list=lambda type: [model]),
        logger=SimpleNamespace(info=logged.append),
    )
    assert command.protvox(session, "check", command=program) == RESULTS["check"]
    assert residues[9].ribbon_color == [0xB2, 0x18, 0x2B, 255]
    assert residues[8].ribbon_color != residues[9].ribbon_color
    assert not hasattr(water, "ribbon_color")
    assert carbon.color and oxygen.color is None
    assert ran[-1] == "name protvox_register_1 #1/A:10-20"
    assert "Move the sequence by +1" in logged[0]
    session.models.list = lambda type: []
    with pytest.raises(Exception, match="name one model"):
        command.protvox(session, "check", command=program)
