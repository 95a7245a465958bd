"""A prediction for one structure, with its JSON form and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from protvox.comparable import Comparable
from protvox.messages import count
from protvox.predict.results.fields import rounded
from protvox.predict.results.json_documents import Classification
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.neighbours import HitAlignment, Neighbour
from protvox.predict.results.pictures import ResidueFigures
from protvox.predict.results.records import DomainPrediction, InputInfo, RankedLabel
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.results.rows import residue_rows, task_rows
from protvox.predict.results.task_rows import TaskRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DomainPrediction",
    "HitAlignment",
    "InputInfo",
    "Neighbour",
    "Prediction",
    "RankedLabel",
    "ResidueTable",
    "Tables",
    "rounded",
]


class Tables(NamedTuple):
    """A prediction as two data frames.

    Attributes
    ----------
    domains
        One row per domain.
    residues
        One row per residue.
    """

    domains: pd.DataFrame
    residues: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prediction(Comparable, ResidueFigures, JsonText):
    """Everything predicted for one structure.

    Attributes
    ----------
    input
        The structure that was read.
    domains
        Domains with predicted architectures; empty if not requested.
    residues
        Residues with predicted amino acids; ``None`` if not requested.
    models
        Task (``"cath"``, ``"environment"``) to ``name@version`` of its model.
    warnings
        Warnings, one sentence each.
    others
        Predictions of tasks that are not built in, by the name of the task.
    """

    input: InputInfo
    domains: tuple[DomainPrediction, ...] = ()
    residues: ResidueTable | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    others: Mapping[str, TaskRows] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return one line with the name and the numbers of domains and residues."""
        parts = [count(len(self.domains), "domain")] if self.domains else []
        if self.residues is not None:
            parts.append(count(len(self.residues), "residue"))
        return f"Prediction({', '.join([repr(self.input.name), *parts])})"

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import prediction_html

        return prediction_html(self.input, self.domains, self.residues, self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction in the JSON form ``protvox.classify/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats have 6 significant digits, missing
            numbers are ``None``.
        """
        document = Classification.plain(
            input=self.input,
            models=dict(sorted(self.models.items())),
            domains=self.domains,
            residues=[],
            warnings=self.warnings,
        )
        if self.residues is not None:
            document["residues"] = residue_rows(self.residues)
        if self.others:
            document["others"] = {name: task_rows(t) for name, t in sorted(self.others.items())}
        return document

    def to_pandas(self) -> Tables:
        """Return the prediction as two data frames, ``domains`` and ``residues``.

        Both have the key column ``id``, the input's name. Values are not rounded.
        """
        from protvox.predict.results.tables import domain_frame, residue_frame

        return Tables(domain_frame([self]), residue_frame([self]))

    def task_frame(self, task: str) -> pd.DataFrame:
        """Return the rows of a task that is not built in.

        The key column is ``id``, the input's name. Values are not rounded.

        Parameters
        ----------
        task
            Name of the task.
        """
        from protvox.predict.results.tables import task_frame

        return task_frame(self, task)
