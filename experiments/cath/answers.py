"""The prediction of a released CATH model as a user gets it: the network and the vote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from protvox.networks.cath import CathNet
from protvox.tasks.cath.predictor import CathPredictor
from protvox.predict.index.released import ReleasedIndex
from protvox.registry.installed import load_folder
from protvox.train.evaluate import DomainAnswer


def released_answer(model: Path) -> DomainAnswer:
    """Return a function that predicts for a domain.

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
    card, network = load_folder(model)
    if not isinstance(network, CathNet):
        raise SystemExit(f"{model} is not a CATH model")
    released = ReleasedIndex(model, card)
    if card.vote is not None:
        released.index()
    predictor = CathPredictor(card, network, torch.device("cpu"), released)

    def answer(ca: NDArray[np.float32]) -> NDArray[np.float64]:
        return predictor.answer(ca)[0]

    return answer
