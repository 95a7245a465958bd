"""How probable it is that a cut separates domains: a small model in plain numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

_FILE = "cut_model.json"
_LIMIT = 4.0
_MOST = 30.0


@dataclass(frozen=True, slots=True)
class CutModel:
    """Scores cuts by their features.

    The score of a cut is its logarithm of odds against leaving the piece whole, so among the
    cuts of a piece, and none, probabilities are a softmax with 0 for none.

    Attributes
    ----------
    features
        Names, see `protvox.structure.splitting.features.FEATURES`.
    mean, scale
        ``feature``, of the training cuts.
    linear
        ``feature``, and `bias`, for the features in units of their scale.
    bias
        Of the score.
    hidden, hidden_bias, output
        ``unit feature``, ``unit``, ``unit``: corrections by hyperbolic tangents.
    threshold
        Least probability that a piece is to be cut at all.
    """

    features: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    linear: NDArray[np.float64]
    bias: float
    hidden: NDArray[np.float64]
    hidden_bias: NDArray[np.float64]
    output: NDArray[np.float64]
    threshold: float

    def score(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of cuts.

        Parameters
        ----------
        features
            ``cut feature``; values beyond four times the scale count as these.
        """
        x = np.clip((features - self.mean) / self.scale, -_LIMIT, _LIMIT)
        bent = np.tanh(x @ self.hidden.T + self.hidden_bias) @ self.output
        scores: NDArray[np.float64] = x @ self.linear + bent + self.bias
        return scores

    def choose(self, features: NDArray[np.float64]) -> int | None:
        """Return the row of the cut to make, None to leave the piece whole.

        Parameters
        ----------
        features
            ``cut feature``.
        """
        if self.probability(features) <= self.threshold:
            return None
        return int(self.score(features).argmax())

    def probability(self, features: NDArray[np.float64]) -> float:
        """Return how probable it is that a piece is to be cut at all, by one cut or another.

        Parameters
        ----------
        features
            ``cut feature``; 0 without any.
        """
        odds = float(np.exp(np.minimum(self.score(features), _MOST)).sum())
        return odds / (1 + odds)


@lru_cache(maxsize=1)
def load_cut_model() -> CutModel:
    """Return the model that comes with the program."""
    text = files("protvox.structure.splitting").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_cut_model(text)


def parse_cut_model(text: str) -> CutModel:
    """Read a model.

    Parameters
    ----------
    text
        JSON, one key an attribute of `CutModel`; other keys say where it comes from.
    """
    values = json.loads(text)
    array = {
        name: np.array(values[name], dtype=np.float64)
        for name in ("mean", "scale", "linear", "hidden_bias", "output")
    }
    return CutModel(
        features=tuple(values["features"]),
        bias=float(values["bias"]),
        hidden=np.array(values["hidden"], dtype=np.float64).reshape(-1, len(values["features"])),
        threshold=float(values["threshold"]),
        **array,
    )
