"""What a network predicts for labelled samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Answers:
    """Predictions for labelled samples.

    Attributes
    ----------
    logits
        ``sample class`` float32, before any temperature.
    labels
        ``sample`` int64.
    groups
        ``sample`` int64, samples of one group are not independent of each other.
    classes
        Names of the classes.
    rows
        ``sample`` int64, the residue or domain of the joined shards that a sample is.
    n_unknown
        Samples skipped because their label is not one of the classes.
    probabilities
        ``sample class`` float64, the final probabilities where they are not just the calibrated
        ones of the network; None otherwise.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    n_unknown: int = 0
    probabilities: NDArray[np.float64] | None = None
