"""A small model of the probability that a cut separates two domains."""

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

    The score of a cut is the log odds of making it against leaving the piece whole. The
    probabilities of all cuts of a piece, and of no cut, are a softmax over the scores and 0.

    Attributes
    ----------
    features
        Names, see `protvox.structure.splitting.features.FEATURES`.
    mean, scale
        ``feature``, mean and standard deviation over the training cuts.
    linear
        ``feature``, weights of the standardised features.
    bias
        Constant term of the score.
    hidden, hidden_bias, output
        ``unit feature``, ``unit``, ``unit``: a layer of hyperbolic tangents that corrects the
        linear score.
    threshold
        A piece is cut if the probability of any cut is above this, unless known domains say more.
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
            ``cut feature``; standardised values are clipped to -4 and 4.
        """
        x = np.clip((features - self.mean) / self.scale, -_LIMIT, _LIMIT)
        correction = np.tanh(x @ self.hidden.T + self.hidden_bias) @ self.output
        scores: NDArray[np.float64] = x @ self.linear + correction + self.bias
        return scores

    def probability(self, features: NDArray[np.float64]) -> float:
        """Return the probability that a piece should be cut, by any of its cuts.

        Parameters
        ----------
        features
            ``cut feature``; with no cuts the probability is 0.
        """
        odds = float(np.exp(np.minimum(self.score(features), _MOST)).sum())
        return odds / (1 + odds)


@lru_cache(maxsize=1)
def load_cut_model() -> CutModel:
    """Return the model shipped with protvox."""
    text = files("protvox.structure.splitting").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_cut_model(text)


def parse_cut_model(text: str) -> CutModel:
    """Read a model from JSON.

    Parameters
    ----------
    text
        JSON with one key per attribute of `CutModel`; other keys (provenance) are ignored.
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
