"""The networks that score mutations, and how their scores are combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import fail
from protvox.predict.model_cache import load_residue_predictor
from protvox.predict.mutations.background import exposed_log_probabilities
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import ProgressBar, ResiduePredictor, no_progress
from protvox.registry import installed
from protvox.registry.card import Mixture
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.structure import Dropped, Structure

Networks = Literal["both", "environment", "backbone"]
"""Which networks score."""

ENVIRONMENT: Final = "environment"
BACKBONE: Final = "backbone"

_backgrounds: WeakKeyDictionary[ResiduePredictor, NDArray[np.float64]] = WeakKeyDictionary()
_lock = Lock()


@dataclass(frozen=True, eq=False)
class Scorers:
    """Networks that are ready to score.

    Attributes
    ----------
    predictors
        Task to its predictor, the environment network first.
    mixture
        How two are combined; None for one.
    """

    predictors: Mapping[str, ResiduePredictor]
    mixture: Mixture | None

    @property
    def models(self) -> dict[str, str]:
        """Task to ``name@version`` of its model."""
        return {task: one.card.reference for task, one in self.predictors.items()}

    def predict(
        self,
        structure: Structure,
        residues: NDArray[np.bool_],
        progress: ProgressBar = no_progress,
        *,
        disorder: DisorderOption = DEFAULT_DISORDER,
    ) -> tuple[ResidueTable, tuple[Dropped, ...], dict[str, NDArray[np.float64]]]:
        """Score every substitution by each network.

        Parameters
        ----------
        structure, residues, progress, disorder
            See `protvox.predict.task.ResiduePredictor.predict_residues`.

        Returns
        -------
        table : ResidueTable
            The residues, with the probabilities of the first network.
        dropped : tuple of Dropped
            Residues that cannot be predicted, and why.
        parts : dict
            Task to the scores of its network, ``residue 20`` float64, nats.
        """
        found: list[tuple[ResidueTable, tuple[Dropped, ...]]] = []
        parts: dict[str, NDArray[np.float64]] = {}
        for task, predictor in self.predictors.items():
            background = solvent_log_probabilities(predictor)
            found.append(
                predictor.predict_residues(structure, residues, progress, disorder=disorder)
            )
            parts[task] = score_matrix(found[-1][0], background)
        # All networks predict the same residues.
        return *found[0], parts

    def mix(self, parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the weighted sum of the scores of the networks.

        Parameters
        ----------
        parts
            Task to the scores of its network, any shape, nats.
        """
        if self.mixture is None:
            (alone,) = parts.values()
            return alone
        weight = self.mixture.weight
        mixed: NDArray[np.float64] = (1 - weight) * parts[ENVIRONMENT]
        return mixed + weight * self.mixture.scale * parts[BACKBONE]

    def combine(
        self, parts: Mapping[str, NDArray[np.float64]], residues: ResidueTable
    ) -> NDArray[np.float64]:
        """Return the final scores.

        Parameters
        ----------
        parts
            Task to the scores of its network, ``residue 20``, nats.
        residues
            The residues.

        Returns
        -------
        ndarray
            ``residue 20`` float64, nats; 0 for the amino acids present.

        Notes
        -----
        With e and b the scores of the environment and the backbone network, w, s and l the
        weight, scale and level of the mixture, the combined score is
        ``m = (1 - w) e + w s b``, less l times the mean of m over all substitutions of the chain.
        """
        mixed = self.mix(parts)
        if self.mixture is None:
            return mixed
        wild_type = _wild_types(residues)
        combined: NDArray[np.float64] = mixed.copy()
        for chain in np.unique(residues.chain):
            rows = np.flatnonzero(residues.chain == chain)
            # The amino acids present score 0.
            mean = mixed[rows].sum() / (len(rows) * (mixed.shape[1] - 1))
            combined[rows] -= self.mixture.level * mean
        combined[np.arange(len(residues)), wild_type] = 0.0
        return combined


def scorer_names(networks: str, model: str | Path | None) -> dict[str, str | Path]:
    """Return which model scores for which task.

    Parameters
    ----------
    networks
        One of `Networks`.
    model
        A model to use in place of the released one for its task.

    Returns
    -------
    dict
        Task to the name of its model, the environment network first.

    Raises
    ------
    UsageError
        If ``networks`` is invalid (``usage.networks``).
    ModelError
        If there is no such model, or it is of another kind (``model.task``).
    """
    if networks not in get_args(Networks):
        known = ", ".join(get_args(Networks))
        raise fail("usage.networks", where=f"networks {networks}", networks=known)
    tasks = (ENVIRONMENT, BACKBONE) if networks == "both" else (networks,)
    names: dict[str, str | Path] = dict(zip(tasks, tasks, strict=True))
    if model is not None:
        task = installed.find(model).card.task
        # A model of any other kind is refused when it is loaded.
        names[task if task in (ENVIRONMENT, BACKBONE) else tasks[0]] = model
    if set(names) - set(tasks):
        raise fail("model.task", where=str(model), task=networks)
    return names


def load_scorers(networks: str, model: str | None, device: str) -> Scorers:
    """Load the networks that score mutations.

    Parameters
    ----------
    networks
        One of `Networks`.
    model
        A model to use in place of the released one for its task.
    device
        See `protvox.predict.device.choose_device`.

    Raises
    ------
    UsageError
        If ``networks`` is invalid (``usage.networks``).
    ModelError
        If a model is missing or damaged, of another kind (``model.task``), or does not say how
        to combine its scores (``model.mixture``).
    DeviceError
        If the device is missing.
    """
    names = scorer_names(networks, model)
    predictors = {task: load_residue_predictor(name, device) for task, name in names.items()}
    if networks != "both":
        return Scorers(predictors, None)
    card = predictors[BACKBONE].card
    if card.mixture is None:
        raise fail("model.mixture", where=card.reference)
    return Scorers(predictors, card.mixture)


def solvent_log_probabilities(predictor: ResiduePredictor) -> NDArray[np.float64]:
    """Return what `exposed_log_probabilities` returns, computed once per model.

    Parameters
    ----------
    predictor
        The model.
    """
    with _lock:
        if predictor not in _backgrounds:
            _backgrounds[predictor] = exposed_log_probabilities(predictor)
        return _backgrounds[predictor]


def score_matrix(residues: ResidueTable, background: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the score of every substitution by one network.

    Parameters
    ----------
    residues
        Probabilities.
    background
        ``20``, log probabilities of a residue in solvent, nats.

    Returns
    -------
    ndarray
        ``residue 20`` float64, nats, positive = predicted destabilising.
    """
    return log_odds(residues.probabilities, _wild_types(residues), background)


def log_odds(
    probabilities: NDArray[np.float32],
    wild_type: NDArray[np.int64],
    background: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log odds of the wild type over every amino acid, less those in solvent.

    Parameters
    ----------
    probabilities
        ``residue 20``.
    wild_type
        ``residue`` int64, index of the amino acid present.
    background
        ``20``, log probabilities of a residue in solvent, nats.

    Returns
    -------
    ndarray
        ``residue 20`` float64, nats.
    """
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.clip(probabilities, tiny, None).astype(np.float64)) - background
    matrix: NDArray[np.float64] = logs[np.arange(len(logs)), wild_type][:, None] - logs
    return matrix


def _wild_types(residues: ResidueTable) -> NDArray[np.int64]:
    return np.array(
        [AMINO_ACID_INDEX[name] for name in residues.wild_type.tolist()], dtype=np.int64
    )
