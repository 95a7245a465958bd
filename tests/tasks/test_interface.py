"""How tasks are found, and that nothing outside their folders depends on which one it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from protvox.errors import ModelError
from protvox.predict.scoring.classification import _checked_rows
from protvox.predict.scoring.find import scoring_names, scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.rows import value_schema
from protvox.predict.task import prediction_task
from protvox.registry import tasks
from protvox.registry.tasks import (
    ANALYSES,
    BUILT_IN,
    NetworkTask,
    find_task,
    network_task,
    task_names,
)
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


@pytest.mark.parametrize("name", ANALYSES)
def test_analyses_have_no_network_of_their_own(name):
    assert find_task(name).title == ANALYSES[name]
    assert name not in task_names()
    for other in (network_task, prediction_task, training_task):
        with pytest.raises(ModelError) as caught:
            other(name)
        assert caught.value.code == "model.task"


def test_every_task_is_scored_by_its_name(monkeypatch):
    options = ScoreOptions()
    tables = {name: list(scoring_task(name).schemas(options)) for name in scoring_names()}
    assert tables == {
        "all": ["domains", "residues"],
        "cath": ["domains", "residues"],
        "environment": ["domains", "residues"],
        "mutations": ["structures", "mutations"],
        "check": ["structures", "findings"],
    }


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"row_types": {}, "table": "sheet"}, "does not declare its columns"),
        ({"row_types": {"a": str}, "table": "../x"}, "cannot be called ../x"),
        ({"row_types": {"a": str}, "table": "inputs"}, "cannot be called inputs"),
    ],
)
def test_tasks_that_cannot_be_scored_are_refused(monkeypatch, attributes, expected):
    task = SimpleNamespace(**attributes)
    module = "protvox.predict.scoring"
    monkeypatch.setattr(f"{module}.find.find_task", lambda name: task)
    monkeypatch.setattr("protvox.predict.task.prediction_task", lambda name: task)
    with pytest.raises(ModelError, match=expected):
        scoring_task("sheet")


def test_rows_of_a_task_are_those_that_it_declares():
    schema = value_schema({"chain": str, "n": int})
    assert _checked_rows([{"chain": "A", "n": 1}, {"chain": "B"}], schema, "sheet").to_pylist() == [
        {"chain": "A", "n": 1},
        {"chain": "B", "n": None},
    ]
    for rows in ([{"chain": "A", "x": 1}], [{"chain": "A", "n": "one"}]):
        with pytest.raises(ModelError, match="not those that it declares"):
            _checked_rows(rows, schema, "sheet")


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
