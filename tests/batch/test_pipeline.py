"""The pipeline and its pool with fake processes that die."""

from __future__ import annotations

from collections import Counter

import pytest

from protvox.batch.messages import Content, Ready, ResultTables, to_message
from protvox.batch.plan import Item
from protvox.batch.resources import Resources
from protvox.batch.tables.schema import table_schemas
from protvox.batch.workers import pipeline as pipeline_module
from protvox.batch.workers import pool as pool_module
from protvox.batch.workers.pipeline import Pipeline
from protvox.batch.workers.pool import READER, WorkerPool
from protvox.errors import DeviceError
from protvox.predict.scoring.options import ScoreOptions
from protvox.processes.child import ChildGone

OPTIONS = ScoreOptions()
EMPTY = {name: table_schemas(OPTIONS)[name].empty_table() for name in ("domains", "residues")}
DONE = to_message(ResultTables(EMPTY, {"n_residues": 1}))
DEATH = None


class FakeChild:
    """Replies to every message; dies while it reads or scores what is in ``deaths``."""

    deaths: Counter
    devices: tuple[str, ...] = ("cpu",)

    def __init__(self, module, _setup):
        self.kind = "reading" if module == READER else "scoring"
        self.inbox = [to_message(Ready({}, () if module == READER else self.devices))]
        self.work, self.deadline = None, float("inf")

    def assign(self, work, seconds=float("inf")):
        self.work = work

    def send(self, message):
        if "wanted" in message:
            self.inbox += [{"structure": b"x"}] if message["wanted"] else []
            return
        key = self.kind, Item.from_json(message["item"]).id
        if self.deaths[key]:
            self.deaths[key] -= 1
            self.inbox.append(DEATH)
        else:
            self.inbox.append(DONE if self.kind == "scoring" else to_message(Content("0" * 64)))

    def receive(self):
        messages, self.inbox = self.inbox, []
        if DEATH in messages:
            raise ChildGone("signal SIGKILL")
        return messages

    def kill(self):
        pass


class Sink:
    def __init__(self):
        self.done, self.failed = [], {}

    def is_wanted(self, _item, _sha256):
        return True

    def take(self, item, _sha256, _results):
        self.done.append(item.id)

    def fail(self, item, _sha256, failure):
        self.failed[item.id] = failure


@pytest.fixture
def play(monkeypatch):
    """Score inputs; a function of their deaths and of what happens between steps."""

    def ready(children, timeout):
        return [child for child in children if child.inbox]

    monkeypatch.setattr(pool_module, "Child", FakeChild)
    for module in (pool_module, pipeline_module):
        monkeypatch.setattr(module, "wait_for_messages", ready)

    def run(names, deaths=(), between=lambda pool, sink: None):
        FakeChild.deaths, sink = Counter(deaths), Sink()
        pool = WorkerPool(OPTIONS, Resources())
        pool.start()
        pipeline = Pipeline([Item(name, name) for name in names], pool, 9.0, sink)
        for _ in range(1000):
            if not pipeline.busy:
                return sink
            pipeline.step()
            between(pool, sink)
        raise TimeoutError

    return run


@pytest.mark.parametrize("kind", ["reading", "scoring"])
def test_a_structure_whose_process_died_is_tried_once_more_after_the_others(play, kind):
    """Formerly it failed until the run was repeated with --retry."""
    sink = play("abcd", {(kind, "a"): 1, (kind, "c"): 1})
    assert (sink.done, sink.failed) == (["b", "d", "a", "c"], {})


@pytest.mark.parametrize("kind", ["reading", "scoring"])
def test_a_structure_that_kills_two_processes_fails(play, kind):
    sink = play("abc", {(kind, "b"): 2})
    assert sink.done == ["a", "c"]
    assert sink.failed["b"].code == "batch.process_died"
    assert f"while {kind} (signal SIGKILL)" in sink.failed["b"].what


def test_any_number_of_deaths_between_structures_is_survived(play):
    """The third process that died without work ended the run, however long it had lasted."""
    killed = []

    def kill(pool, sink):
        for child in (pool.idle_readers() + pool.idle_models())[:1]:
            if len(sink.done) > len(killed):
                killed.append(child.kind)
                pool.replace(child, "signal SIGKILL")

    sink = play("abcdefgh", between=kill)
    assert sorted(sink.done) == list("abcdefgh")
    assert len(killed) > 3


def test_processes_that_only_die_end_the_run(play):
    def kill(pool, _sink):
        for child in pool:
            child.inbox = [DEATH]

    with pytest.raises(DeviceError) as caught:
        play("abcd", between=kill)
    assert caught.value.code == "device.start"


@pytest.mark.parametrize(("alone", "processes"), [(0.0, 3), (60.0, 1)])
def test_further_model_processes_start_once_structures_have_waited(
    play, monkeypatch, alone, processes
):
    monkeypatch.setattr(FakeChild, "devices", ("cpu",) * 3)
    monkeypatch.setattr(pool_module, "_ALONE_S", alone)
    found = []
    sink = play("abcdefgh", between=lambda pool, _sink: found.append(len(pool.models)))
    assert sorted(sink.done) == list("abcdefgh")
    assert (found[0], found[-1]) == (1, processes)
