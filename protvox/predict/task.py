"""What a task provides to predict, and what predictors have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.choose_domains import Domain, find_membership
from protvox.predict.results.records import DomainPrediction, EmbeddedDomain
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.results.task_rows import TaskRows
from protvox.registry.card import Card
from protvox.registry.tasks import ConfigT, NetworkT, NetworkTask, find_task
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.structure import Dropped, Structure

if TYPE_CHECKING:
    import torch

    from protvox.predict.index.released import ReleasedIndex

ProgressBar = Callable[[int, int], None]
"""Called with the number of residues done and in all; what it raises ends the prediction."""


def no_progress(done: int, total: int) -> None:
    """Report no progress.

    Parameters
    ----------
    done, total
        Numbers of residues, ignored.
    """


@dataclass(frozen=True, eq=False)
class Request:
    """What to predict.

    Attributes
    ----------
    structure
        The whole structure.
    residues
        ``residue`` mask of the protein residues in the chosen chain or domains.
    domains
        The domains of the chosen chains, or those the user gave.
    explicit
        Whether the user gave the domains: then one that cannot be predicted is an error, and
        otherwise a warning.
    split
        Whether the domains are meaningful: given by the user, or found because one of the tasks
        needs them. Otherwise there is one for each chain.
    top_k
        Number of labels to keep per domain.
    progress
        Where to report progress.
    disorder
        Which residues of a predicted model are disordered.
    """

    structure: Structure
    residues: NDArray[np.bool_]
    domains: Sequence[Domain]
    explicit: bool = False
    split: bool = True
    top_k: int = 5
    progress: ProgressBar = no_progress
    disorder: DisorderOption = DEFAULT_DISORDER

    def membership(self) -> NDArray[np.str_] | None:
        """Return the id of the domain of each residue, ``residue``; None without domains."""
        return find_membership(self.structure, self.domains) if self.split else None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a predictor found in a structure. A task fills one of the first three.

    Attributes
    ----------
    domains
        CATH predictions.
    residues
        Amino-acid probabilities of residues.
    rows
        Rows of any other task.
    dropped
        Residues that cannot be predicted, and why.
    warnings
        What the user should know, one sentence each.
    """

    domains: tuple[DomainPrediction, ...] = ()
    residues: ResidueTable | None = None
    rows: TaskRows | None = None
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether nothing was predicted."""
        return not (self.domains or self.residues or self.rows)


class Predictor(ABC):
    """A model that is ready to predict. Several threads may use it at once.

    Attributes
    ----------
    card
        Card of the model.
    """

    card: Card

    @abstractmethod
    def predict(self, request: Request) -> Outcome:
        """Predict the requested part of a structure.

        Parameters
        ----------
        request
            What to predict.

        Raises
        ------
        InputError
            If a domain the user gave cannot be predicted.
        """

    def recognise(self, ca: NDArray[np.floating]) -> float:
        """Return the probability that a part of a chain is one domain of a known superfamily.

        Parameters
        ----------
        ca
            ``residue 3``, CA atoms in chain order, Å.

        Returns
        -------
        float
            0, unless a predictor knows domains.
        """
        return 0.0


class DomainPredictor(Predictor):
    """A predictor that also embeds domains.

    Attributes
    ----------
    released
        Its embedding and index of known domains.
    """

    released: ReleasedIndex

    @abstractmethod
    def embed(self, request: Request) -> tuple[tuple[EmbeddedDomain, ...], list[str]]:
        """Embed the requested domains.

        Parameters
        ----------
        request
            What to embed.

        Returns
        -------
        domains : tuple of EmbeddedDomain
            One per domain that can be embedded.
        warnings : list of str
            One sentence each.

        Raises
        ------
        InputError
            If a domain the user gave cannot be embedded.
        ModelError
            If the model has no embedding (``index.missing``, ``index.model``), or its file is
            damaged (``index.file``, ``index.hash``).
        """


class ResiduePredictor(Predictor):
    """A predictor of the amino acid at every residue."""

    @abstractmethod
    def predict_residues(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        domain: NDArray[np.str_] | None = None,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[ResidueTable, tuple[Dropped, ...]]:
        """Predict residues, each in the environment of everything the file holds.

        Parameters
        ----------
        structure
            The whole structure: partner chains and ligands are part of the environments.
        residues
            ``residue`` mask; only protein residues count.
        progress
            Where to report progress.
        domain
            ``residue``, id of the domain of each residue, for the table.
        disorder
            Which residues are disordered, for the table and to hide them from others.

        Returns
        -------
        table : ResidueTable
            In file order.
        dropped : tuple of Dropped
            Residues that cannot be predicted, and why.
        """

    @abstractmethod
    def predict_mutants(
        self,
        structure: Structure,
        variants: Sequence[Mapping[int, str]],
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> list[NDArray[np.float32]]:
        """Predict mutated residues among each other, as far as the wild type tells where atoms are.

        Parameters
        ----------
        structure
            The whole structure.
        variants
            Residues that can be predicted to their new amino acids, three letters.
        disorder
            Which residues are hidden from others.

        Returns
        -------
        list of ndarray
            For each variant ``residue 20`` float32, probabilities at its residues among the
            others, which have their new types and no side chains. NaN for a residue that sees no
            difference.
        """

    @abstractmethod
    def embed(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], tuple[Dropped, ...]]:
        """Return the features of residues, before the last layer.

        Parameters
        ----------
        structure, residues, progress, disorder
            See `predict_residues`.

        Returns
        -------
        rows : ndarray
            ``row`` int64, the residues that are embedded, in file order.
        vectors : ndarray
            ``row axis`` float32.
        dropped : tuple of Dropped
            Residues that cannot be embedded, and why.
        """


class PredictionTask(NetworkTask[ConfigT, NetworkT]):
    """The part of a task that predicts.

    Attributes
    ----------
    needs_domains
        Whether chains are split into domains for it.
    embeds
        What its predictor embeds, if anything.
    row_types
        Column to type (`str`, `int`, `float` or `bool`) of its `TaskRows`, for ``protvox score``;
        the built-in tasks have tables of their own.
    """

    needs_domains: ClassVar[bool] = False
    row_types: ClassVar[Mapping[str, type]] = MappingProxyType({})
    embeds: ClassVar[Literal["domain", "residue"] | None] = None

    @property
    def table(self) -> str:
        """Table of a prediction that it fills: ``domains``, ``residues`` or its own name."""
        return self.name

    @abstractmethod
    def predictor(
        self, card: Card, network: NetworkT, device: torch.device, folder: Path
    ) -> Predictor:
        """Return a model that is ready to predict.

        Parameters
        ----------
        card
            Card of the model.
        network
            Its network, with exported weights.
        device
            Where to compute.
        folder
            Its folder, for other files of the model.
        """


def prediction_task(name: str) -> PredictionTask[Any, Any]:
    """Return a task that predicts, by name.

    Parameters
    ----------
    name
        Name of the task, see `protvox.registry.tasks.find_task`.

    Raises
    ------
    ModelError
        If there is no such task, or it does not predict (``model.task``).
    """
    task = find_task(name)
    if not isinstance(task, PredictionTask):
        raise fail("model.task.predict", where=name)
    return task
