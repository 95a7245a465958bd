"""The results of TM-align with which the embedding is compared."""

from __future__ import annotations

import json

import pytest

from experiments.search.evaluate import read_log


def line(query, library):
    return json.dumps({"query": query, "settings": {"library": library}}) + "\n"


def test_results_from_another_library_are_ignored(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text(line("1abcA00", 5) + line("1abcA00", 7) + line("2abcA00", 7))
    assert [one["query"] for one in read_log(log, 7)] == ["1abcA00", "2abcA00"]
    assert len(read_log(log, 5)) == 1


@pytest.mark.parametrize("library", [6, 7])
def test_log_without_one_result_per_query_is_refused(tmp_path, library):
    log = tmp_path / "log.jsonl"
    log.write_text(line("1abcA00", 7) + line("1abcA00", 7) + line("2abcA00", 5))
    with pytest.raises(SystemExit, match=f"from a library of {library} domains"):
        read_log(log, library)


def test_a_log_without_settings_is_read_whole(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"query": "1abcA00"}\n{"query": "2abcA00"}\n')
    assert len(read_log(log)) == 2
