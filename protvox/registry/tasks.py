"""Tasks: what a model can predict, found by name.

The tasks of this package are `protvox.tasks.cath` and `protvox.tasks.environment`;
`protvox.tasks.backbone` supports the scores of mutations. `protvox.tasks.mutations` and
`protvox.tasks.check` have no network of their own: they score structures with those of the others.
A package of yours adds others with an entry point of the group ``protvox.tasks``::

    [project.entry-points."protvox.tasks"]
    helical = "my_package.helical:TASK"

``TASK`` is an instance of a subclass of `protvox.tasks.base.Task`. Tasks are imported when they
are first used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from protvox.errors import fail

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from torch import nn

    from protvox.networks.layers import Layers

GROUP: Final = "protvox.tasks"
"""Entry-point group of tasks."""

BUILT_IN: Final = MappingProxyType(
    {"cath": "CATH architecture", "environment": "amino-acid environments"}
)
"""Name to title of the tasks of this package."""

SUPPORTING: Final = MappingProxyType({"backbone": "amino acids from backbones"})
"""Name to title of the tasks whose models only serve other commands: that of ``backbone`` is the
second network of ``protvox mutations``."""

ANALYSES: Final = MappingProxyType(
    {"mutations": "scores of mutations", "check": "checks of models"}
)
"""Name to title of the tasks without a network of their own, see
`protvox.predict.scoring.task.ScoringTask`."""

ConfigT = TypeVar("ConfigT")
NetworkT = TypeVar("NetworkT", bound="nn.Module")


class RegisteredTask(ABC):
    """Anything that is found by name.

    Attributes
    ----------
    name
        Short name, as on the command line and in model cards.
    title
        What is predicted, a few words for people.
    """

    name: ClassVar[str]
    title: ClassVar[str]


class NetworkTask(RegisteredTask, Generic[ConfigT, NetworkT]):
    """The part of a task that builds its network.

    Attributes
    ----------
    steerable
        Whether its networks have steerable layers, which are exported for inference.
    """

    steerable: ClassVar[bool] = True

    @property
    @abstractmethod
    def config(self) -> type[ConfigT]:
        """Dataclass of the network's arguments, see `protvox.networks.config.from_mapping`."""

    @abstractmethod
    def network(self, config: ConfigT, layers: Layers | None = None) -> NetworkT:
        """Build the network.

        Parameters
        ----------
        config
            Its arguments.
        layers
            Steerable layers to train, plain ones to load exported weights into; ignored by
            networks without steerable layers.

        Returns
        -------
        nn.Module
            With random weights. Called with a batch, it returns logits ``sample class``.
        """


def task_names() -> tuple[str, ...]:
    """Return the names of the tasks that have models of their own, those of this package first.

    Supporting tasks are not among them.
    """
    others = sorted(_installed().names)
    return (*BUILT_IN, *(name for name in others if name not in {*BUILT_IN, *ANALYSES}))


@cache
def find_task(name: str) -> RegisteredTask:
    """Return a task by name.

    Parameters
    ----------
    name
        A name from `BUILT_IN`, `SUPPORTING` or `ANALYSES`, or that of an entry point.

    Returns
    -------
    RegisteredTask
        Usually a `protvox.tasks.base.Task`.

    Raises
    ------
    ModelError
        If there is no such task (``model.task``), or its package cannot be imported.
    """
    from importlib.metadata import EntryPoint

    if name in BUILT_IN or name in SUPPORTING or name in ANALYSES:
        found = EntryPoint(name, f"protvox.tasks.{name}.task:TASK", GROUP)
    elif name in _installed().names:
        found = _installed()[name]
    else:
        raise fail("model.task.unknown", where=name, names=", ".join(task_names()))
    try:
        task = found.load()
    except (ImportError, AttributeError) as error:
        raise fail("model.task.import", where=name, target=found.value, error=error) from error
    if not isinstance(task, RegisteredTask):
        raise fail("model.task.import", where=name, target=found.value, error="it is not a Task")
    return task


def network_task(name: str) -> NetworkTask[Any, Any]:
    """Return a task that has a network, by name.

    Parameters
    ----------
    name
        Name of the task, see `find_task`.

    Raises
    ------
    ModelError
        If there is no such task, or it has no network (``model.task``).
    """
    task = find_task(name)
    if not isinstance(task, NetworkTask):
        raise fail("model.task.network", where=name)
    return task


@cache
def _installed() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
