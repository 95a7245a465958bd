"""What a task provides to be trained, measured and released."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.registry.tasks import ConfigT, NetworkT, NetworkTask, find_task
from protvox.structure.structure import Structure
from protvox.train.answers import Answers
from protvox.train.shard import Shard

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import Tensor, nn

    from protvox.train.loop import LoopConfig
    from protvox.train.prefetch import Inputs


class TrainingData(Protocol):
    """The labelled samples of shards.

    Attributes
    ----------
    rows
        ``sample`` int64, the residues or structures that are samples.
    labels
        ``residue`` or ``structure``, index of the class.
    """

    rows: NDArray[np.int64]

    @property
    def labels(self) -> NDArray[Any]:
        """Return the labels, which `rows` indexes."""

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[Inputs, Tensor]]:
        """Yield training batches (inputs, labels) without end, the same for the same seed.

        Parameters
        ----------
        batch_size
            Samples per batch.
        seed
            Decides the order and any augmentation.
        first_step
            Batch to begin with, so that a resumed training continues where it stopped.
        """


DataT = TypeVar("DataT", bound=TrainingData)


@dataclass(frozen=True, slots=True)
class Entry:
    """A structure of a table of labels.

    Attributes
    ----------
    name
        Name of the structure in the shard.
    file
        Path, relative to the folder of structures.
    values
        What the task needs to label it; plain values, since entries go to other processes.
    """

    name: str
    file: str
    values: Mapping[str, Any] = field(default_factory=dict)


class TrainingTask(NetworkTask[ConfigT, NetworkT], Generic[ConfigT, NetworkT, DataT]):
    """The part of a task that trains, measures and releases a network.

    Attributes
    ----------
    columns
        Columns that a table of labels must have.
    summaries
        Further groups of measures from `measures` that belong on the model card, with a title
        each.
    validation_sample
        Number of samples measured during training; all if None.
    release_options
        Keys of ``card.toml`` that `release_fields` understands.
    """

    columns: ClassVar[frozenset[str]] = frozenset({"file"})
    summaries: ClassVar[Mapping[str, str]] = {}
    validation_sample: ClassVar[int | None] = None
    release_options: ClassVar[frozenset[str]] = frozenset()

    def entries(self, rows: pd.DataFrame) -> list[Entry]:
        """Return the structures of a table of labels.

        Parameters
        ----------
        rows
            The table; by default each row is one structure, with the columns as its values.
        """
        records: list[dict[Any, Any]] = rows.to_dict("records")
        return [Entry(str(row["file"]), str(row["file"]), row) for row in records]

    @abstractmethod
    def pack(self, structure: Structure, entry: Entry) -> Shard:
        """Reduce a structure to labelled atoms.

        Parameters
        ----------
        structure
            The structure, as read.
        entry
            Its entry in the table of labels.

        Raises
        ------
        InputError
            If nothing in it can be labelled.
        """

    @abstractmethod
    def data(self, shard: Shard, config: ConfigT) -> DataT:
        """Return the labelled samples of a shard.

        Parameters
        ----------
        shard
            All structures.
        config
            Arguments of the network, for its input and classes.

        Raises
        ------
        InputError
            If there is no labelled sample (``input.no_labels``).
        """

    def training_data(self, shard: Shard, config: ConfigT, loop: LoopConfig) -> DataT:
        """Return the labelled samples to train on, by default those of `data`.

        Parameters
        ----------
        shard
            All structures.
        config
            Arguments of the network.
        loop
            The schedule, where it says how samples are drawn.
        """
        return self.data(shard, config)

    def learner(
        self, network: NetworkT, data: DataT
    ) -> tuple[nn.Module, Callable[[Tensor, Tensor, float], Tensor] | None]:
        """Return what is trained, and its loss.

        Parameters
        ----------
        network
            The network.
        data
            The training data.

        Returns
        -------
        module : nn.Module
            By default the network itself; otherwise a module that holds it.
        loss : callable or None
            Loss of outputs and labels, given the label smoothing; cross-entropy if None.
        """
        return network, None

    def settle(
        self, network: NetworkT, data: DataT, loop: LoopConfig, device: torch.device
    ) -> None:
        """Prepare a network to be measured, e.g. by estimating running statistics anew.

        Parameters
        ----------
        network
            The network, changed in place; by default nothing is done.
        data
            The training data.
        loop
            The schedule of the training.
        device
            Where the network is.
        """

    @abstractmethod
    def classes(self, config: ConfigT) -> tuple[str, ...]:
        """Return the names of the classes, in the order of the logits.

        Parameters
        ----------
        config
            Arguments of the network.
        """

    @abstractmethod
    def logits(
        self, network: NetworkT, data: DataT, rows: NDArray[np.int64], device: torch.device
    ) -> NDArray[np.float32]:
        """Run a network over samples the way a user's structures are run.

        Parameters
        ----------
        network
            In evaluation mode.
        data
            The samples.
        rows
            ``sample`` int64, some of ``data.rows``.
        device
            Where the network is.

        Returns
        -------
        ndarray
            ``sample class`` float32.
        """

    def groups(self, data: DataT, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the group of each sample; samples of one group are not independent.

        Parameters
        ----------
        data
            The samples.
        rows
            ``sample`` int64; by default each is a group of its own.
        """
        return rows

    def n_unknown(self, data: DataT) -> int:
        """Return the number of samples whose label is not one of the classes.

        Parameters
        ----------
        data
            The samples; 0 by default.
        """
        return 0

    def n_labelled(self, data: DataT) -> int:
        """Return the number of labelled samples, for the model card.

        Parameters
        ----------
        data
            The training data.
        """
        return len(data.rows)

    def measures(self, log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
        """Return measures of this task alone, beside those of every classifier.

        Parameters
        ----------
        log_p
            ``sample class``, log probabilities.
        answers
            The predictions; there are no further measures by default.
        """
        return {}

    def release_fields(
        self, network: NetworkT, data: DataT, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Finish a trained network and return fields for its card.

        Parameters
        ----------
        network
            The settled network; may be changed in place.
        data
            The training data.
        options
            Those keys of ``card.toml`` that are in `release_options`.

        Returns
        -------
        dict
            Fields of `protvox.registry.card.Card`; none by default. Those of ``training`` are
            added to what the card says about the training.
        """
        return {}


def further_measures(name: str) -> Mapping[str, str]:
    """Return the further groups of measures of a task that belong on the model card, with titles.

    Parameters
    ----------
    name
        Name of the task; those that are not trained by `protvox.train` have none.

    Raises
    ------
    ModelError
        If there is no such task (``model.task``).
    """
    task = find_task(name)
    return task.summaries if isinstance(task, TrainingTask) else {}


def training_task(name: str) -> TrainingTask[Any, Any, Any]:
    """Return a task that can be trained, by name.

    Parameters
    ----------
    name
        Name of the task, see `protvox.registry.tasks.find_task`.

    Raises
    ------
    ModelError
        If there is no such task, or it cannot be trained (``model.task``).
    """
    task = find_task(name)
    if not isinstance(task, TrainingTask):
        raise fail("model.task.train", where=name)
    return task
