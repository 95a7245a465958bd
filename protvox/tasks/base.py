"""The base of all tasks."""

from __future__ import annotations

from typing import Generic

from protvox.predict.task import PredictionTask
from protvox.registry.tasks import ConfigT, NetworkT
from protvox.train.task import DataT, TrainingTask


class Task(
    TrainingTask[ConfigT, NetworkT, DataT],
    PredictionTask[ConfigT, NetworkT],
    Generic[ConfigT, NetworkT, DataT],
):
    """Something a model can be trained to predict.

    A task is a classifier of samples, such as residues or domains. A subclass says how its
    network is built (`protvox.registry.tasks.NetworkTask`), how it is trained, measured and
    released (`protvox.train.task.TrainingTask`), and how it predicts
    (`protvox.predict.task.PredictionTask`). Modules of tasks must be quick to import: leave
    torch to the methods that need it.

    A task is found by name once it is registered: by an entry point of the group
    ``protvox.tasks`` in the package that holds it, or, for a task of this package, in
    `protvox.registry.tasks.BUILT_IN`. `protvox.tasks.environment.task` is an example.
    """
