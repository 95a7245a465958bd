"""Names of tasks and models on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from protvox.registry.tasks import BUILT_IN, task_names


class TaskName(click.ParamType[str]):
    """The name of a task: a built-in one, or one of an installed package.

    Parameters
    ----------
    also
        Further values, e.g. ``"all"``.
    """

    name = "task"

    def __init__(self, *also: str) -> None:
        self._also = also

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the values for the help text."""
        return f"[{'|'.join((*self._also, *BUILT_IN))}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name if there is such a task."""
        # Packages are searched only where the name is not a built-in one, since it takes time.
        if value in self._also or value in BUILT_IN or value in task_names():
            return value
        names = ", ".join((*self._also, *task_names()))
        self.fail(f"{value!r} is not one of {names}.", param, ctx)


class ModelName(click.ParamType[str | Path]):
    """The name of an installed model, or the path of a model folder."""

    name = "model"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Path:
        """Return the name, or a path if it is the path of a folder."""
        if isinstance(value, str) and ("/" in value or "\\" in value):
            return Path(value)
        return value
