"""What a task provides to score many structures, and what a report shows of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from protvox.predict.scoring.options import ScoreOptions
from protvox.registry.tasks import RegisteredTask

if TYPE_CHECKING:
    import pyarrow as pa

    from protvox.predict.results.records import InputInfo
    from protvox.structure.structure import Structure

READING: frozenset[str] = frozenset(("task", "model_number", "trajectory", "assembly", "unique"))
"""Options that every task has: how structures are read."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The rows of a structure.

    Attributes
    ----------
    input
        The structure that was read.
    tables
        Name to rows, with the schemas of `ScoringTask.schemas`; a table without rows may be
        absent.
    warnings
        Warnings, one sentence each.
    """

    input: InputInfo
    tables: Mapping[str, pa.Table]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows of a table with the lowest or the highest values of a column, for a report.

    Attributes
    ----------
    table, column
        The table and the column.
    title, note
        For people.
    shown
        Columns that are shown beside the name of the structure, to their headings.
    highest
        Whether the highest values come first.
    """

    table: str
    column: str
    title: str
    note: str
    shown: Mapping[str, str]
    highest: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """Histogram of a column, for a report.

    Attributes
    ----------
    table, column
        The table and the column.
    title, note
        For people.
    low, high
        Ends of the axis; values outside count as the nearest end.
    """

    table: str
    column: str
    title: str
    note: str
    low: float
    high: float


class ScoringTask(RegisteredTask):
    """A task that scores structures into tables of its own.

    Tasks that predict (`protvox.predict.task.PredictionTask`) are scored by
    `protvox.predict.scoring.classification.Classification` and need not be one of these.

    Attributes
    ----------
    options
        Names of the fields of `ScoreOptions` that it has, besides `READING`. With ``"domains"``,
        inputs may be single domains.
    """

    options: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def models(self, options: ScoreOptions) -> tuple[str | Path, ...]:
        """Return the names of the models that are used.

        Parameters
        ----------
        options
            Options of the run.

        Raises
        ------
        UsageError, ModelError
            If the options are invalid, or there is no such model.
        """

    @abstractmethod
    def schemas(self, options: ScoreOptions) -> dict[str, pa.Schema]:
        """Return the tables with their columns, without those that name the input.

        Parameters
        ----------
        options
            Options of the run.
        """

    @abstractmethod
    def score(
        self,
        structure: Structure,
        options: ScoreOptions,
        *,
        chain: str | None = None,
        chopping: str = "",
        device: str = "auto",
    ) -> Scores:
        """Score a structure.

        Parameters
        ----------
        structure
            The structure.
        options
            Options of the run.
        chain
            Only this chain; None for all.
        chopping
            Only this domain, in the grammar of ``--domains``; ``""`` for all.
        device
            See `protvox.predict.device.choose_device`.

        Raises
        ------
        ProtvoxError
            If it cannot be scored.
        """

    def views(self) -> Sequence[Ranking | Distribution]:
        """Return what a report shows, in order."""
        return ()
