"""What a job predicts."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from protvox.registry.tasks import ANALYSES, task_names

TASKS: Final = ("all", *task_names(), *ANALYSES)
"""Tasks of jobs: those of this package, and those of the installed ones."""


def _check_task(name: str) -> str:
    if name not in TASKS:
        names = ", ".join(map(repr, TASKS))
        raise PydanticCustomError("task", "Input should be one of {names}", {"names": names})
    return name


StoredTask = Annotated[str, WithJsonSchema({"enum": list(TASKS), "type": "string"})]
"""Name of the task of a job, whose package may have been removed since."""

Task = Annotated[StoredTask, AfterValidator(_check_task)]
"""Name of a task of `TASKS`."""
