"""The user is told when loops are compiled, which looks like a program that hangs."""

import sys

import pytest

from protvox.cli.app import run
from protvox.compiled import notice
from protvox.compiled.cached import compile_cached
from protvox.compiled.notice import CompilationNotice, compilation_notice


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compilation_notice, "say", None)


def test_long_compilation_is_told_once(monkeypatch):
    said = []
    monkeypatch.setattr(notice, "_LONG", 0.0)
    compilation_notice.say = lambda: said.append(1)
    for number in (2, 3):
        assert compile_cached(lambda x, n=number: n * x)(7) == 7 * number
    assert said == [1]


def test_time_between_compilations_does_not_count(monkeypatch):
    clock = iter([0.0, 1.0, 100.0, 100.5, 200.0, 200.2, 200.4, 300.0, 300.2])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    said = []
    watch = CompilationNotice()
    watch.say = lambda: said.append(1)
    for _ in range(2):
        watch.begin()
        watch.end()
    assert said == []
    watch.begin()
    watch.begin()  # of a function that the first one calls
    watch.end()
    assert said == []
    watch.end()
    assert said == []
    watch.begin()
    watch.end()
    assert said == [1]


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_terminal_is_told(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert run(["--version"]) == 0
    assert (compilation_notice.say is not None) == terminal
    if terminal:
        compilation_notice.say()
        assert "first use" in capsys.readouterr().err
