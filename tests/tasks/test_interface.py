"""How tasks are found, and that nothing outside their folders depends on which one it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from protvox.errors import ModelError
from protvox.predict.task import prediction_task
from protvox.registry import tasks
from protvox.registry.tasks import BUILT_IN, NetworkTask, find_task, task_names
from protvox.tasks.base import Task
from protvox.train.task import training_task

PACKAGE = Path(__file__).parents[2] / "protvox"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Install a package with entry points, given as lines."""

    def install(*lines):
        info = tmp_path / "other-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[protvox.tasks]\n" + "\n".join(lines) + "\n")
        tasks._installed.cache_clear()

    monkeypatch.syspath_prepend(str(tmp_path))
    yield install
    monkeypatch.undo()
    tasks._installed.cache_clear()
    find_task.cache_clear()


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_tasks_have_the_whole_interface(name):
    task = find_task(name)
    assert isinstance(task, Task)
    assert prediction_task(name) is training_task(name) is task
    assert (task.name, task.title) == (name, BUILT_IN[name])
    assert task.network(task.config(labels=("1.10",)) if name == "cath" else task.config())


def test_unknown_task_lists_the_known():
    with pytest.raises(ModelError, match="Use one of cath, environment") as caught:
        find_task("sheet")
    assert caught.value.code == "model.task"


@pytest.mark.parametrize("target", ["no_such_module:TASK", "json:TASK", "json:dumps"])
def test_broken_entry_point_is_reported_when_it_is_used(site, target):
    site(f"broken = {target}")
    assert task_names() == ("cath", "environment", "broken")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        find_task("broken")
    assert caught.value.code == "model.task"


def test_entry_point_cannot_replace_a_built_in_task(site):
    site("cath = json:dumps")
    assert task_names() == ("cath", "environment")
    assert find_task("cath").title == "CATH architecture"


def test_task_may_provide_a_part_of_the_interface(monkeypatch):
    class NetworkOnly(NetworkTask):
        name = title = "part"
        config = dict

        def network(self, config, layers=None):
            return None

    for module in ("protvox.predict.task", "protvox.train.task"):
        monkeypatch.setattr(f"{module}.find_task", lambda name: NetworkOnly())
    with pytest.raises(ModelError, match="does not predict"):
        prediction_task("part")
    with pytest.raises(ModelError, match="cannot be trained"):
        training_task("part")


def test_tasks_are_found_without_torch():
    code = (
        "import sys; from protvox.registry.tasks import find_task\n"
        "print([find_task(n).table for n in ('cath', 'environment')], 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        timeout=120,
    )
    assert done.stdout.strip() == "['domains', 'residues'] False", done.stderr


def test_nothing_else_depends_on_the_kind_of_a_task():
    kinds = re.compile(
        r"isinstance\([^)]*[a-z](?:Net|Predictor)\b|task [!=]= \"(?:cath|environment)"
    )
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] != "tasks"
        for line in path.read_text().splitlines()
        if kinds.search(line)
    ]
    assert found == []
