"""What tasks show in reports."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.task import Distribution, Ranking
from protvox.report.run_page.views import Counts, RankedRows, gather_views


def read(tables):
    """A reader of tables in two parts, the second of which may be empty."""

    def parts(name, columns):
        table = tables[name].select(columns)
        yield table.slice(0, len(table) // 2)
        yield table.slice(len(table) // 2)

    return parts


def test_rows_are_ranked_over_all_parts(monkeypatch):
    n = 100
    table = pa.table(
        {
            "id": [f"in/{i % 20}" for i in range(n)],
            "score": [float(i) for i in range(n - 1)] + [None],
            "chain": ["<A>"] * n,
        }
    )
    views = (
        Ranking("t", "score", "worst", "note", {"chain": "chain", "score": "value"}),
        Ranking("t", "score", "best", "note", {"score": "value"}, highest=True),
        Distribution("t", "score", "spread", "note", 0.0, 50.0),
    )
    task = type("Task", (), {"views": lambda self: views})()
    monkeypatch.setattr("protvox.report.run_page.views.scoring_task", lambda name: task)
    worst, best, spread = gather_views("any", read({"t": table}), "in/")
    assert worst.head == ("structure", "chain", "value")
    assert worst.rows[0] == ("0", "<A>", "0")
    assert len(worst.rows) == 25
    assert worst.numbers == (False, False, True)
    assert [row[1] for row in best.rows[:3]] == ["98", "97", "96"]
    assert spread.counts.sum() == n - 1
    assert spread.counts[-1] == 51  # 48 to 98, the last bin and what lies beyond
    assert spread.labels == ("0", "25", "50")


@pytest.mark.parametrize("task", ["mutations", "check"])
def test_tasks_show_columns_that_they_have(task):
    schemas = scoring_task(task).schemas(ScoreOptions(task))
    tables = {
        name: pa.schema([("id", pa.string()), *schema]).empty_table()
        for name, schema in schemas.items()
    }
    for view in gather_views(task, read(tables), ""):
        match view:
            case Counts():
                assert not np.any(view.counts)
            case RankedRows():
                assert view.rows == []
    assert gather_views("of a package that is not installed", read({}), "") == []
