"""Tasks that score many structures, found by name."""

from __future__ import annotations

from protvox.predict.scoring.classification import Classification
from protvox.predict.scoring.task import ScoringTask
from protvox.registry.tasks import ANALYSES, BUILT_IN, find_task, task_names


def scoring_names() -> tuple[str, ...]:
    """Return the names of the tasks that can be scored: those of ``protvox score --task``."""
    return ("all", *task_names(), *ANALYSES)


def scoring_task(name: str) -> ScoringTask:
    """Return a task that scores structures, by name.

    Parameters
    ----------
    name
        ``"all"`` for both built-in tasks that predict, or the name of a task, see
        `protvox.registry.tasks.find_task`.

    Raises
    ------
    ModelError
        If there is no such task, or it cannot be scored (``model.task``).
    """
    if name == "all" or name in BUILT_IN:
        return Classification(name)
    task = find_task(name)
    return task if isinstance(task, ScoringTask) else Classification(name)
