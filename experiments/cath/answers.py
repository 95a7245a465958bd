"""Predictions of a released CATH model as a user gets them: the network and the vote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protvox.predict.index.released import ReleasedIndex
from protvox.predict.model_cache import load_predictor
from protvox.registry.card import read_card
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.tasks.cath.data import DomainData
from protvox.train.evaluate import SamplePredictor


def released_predictions(model: Path) -> SamplePredictor:
    """Return a function that predicts the architectures of domains.

    Parameters
    ----------
    model
        Folder of a CATH model, beside its embedding and index.

    Raises
    ------
    SystemExit
        If the model has another task.
    ModelError
        If its card asks for a vote and there is no index for its weights.
    """
    card = read_card(model)
    if card.task != "cath":
        raise SystemExit(f"{model} is not a CATH model")
    if card.vote is not None:
        ReleasedIndex(model, card).index()
    predictor = load_predictor(model, "cpu")

    def final(data: DomainData, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        found = [predictor.predict_trace(DomainTrace(data.ca(row))) for row in rows.tolist()]
        labels = predictor.config.labels
        return np.array([[one.architectures[label] for label in labels] for one in found])

    return final
