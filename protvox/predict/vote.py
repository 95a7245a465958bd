"""The known superfamilies nearest to a domain have a say in its architecture.

A network that learned two thousand superfamilies extends to a new one by what its features share
with them; the embedding, which also reads the course of the chain, finds by which. The two err
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.results.prediction import Neighbour
from protvox.registry.card import Vote

LOOKED_AT: Final = 400
"""Nearest domains among which the superfamilies are looked for."""

_DOUBT: Final = 0.01
"""Share of the vote that goes to all labels alike, so that none is impossible."""


def cast_votes(
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    nearest: Sequence[Neighbour],
    vote: Vote,
) -> NDArray[np.float64]:
    """Mix the answer of a network with the architectures of the nearest superfamilies.

    Parameters
    ----------
    probabilities
        ``label`` float64, of the network.
    labels
        Architectures, e.g. ``"3.40"``.
    nearest
        Known domains, nearest first; those of other architectures, or of none, are passed over.
    vote
        How many superfamilies vote, and with what weight. Of each its nearest domain votes, so
        that a large superfamily has one voice, in proportion to
        ``exp(similarity / temperature)``.

    Returns
    -------
    ndarray
        ``label`` float64 with the sum of ``probabilities``; these themselves if nobody votes.
    """
    place = {label: row for row, label in enumerate(labels)}
    rows: dict[str, int] = {}
    weights: list[float] = []
    for one in nearest:
        row = place.get(".".join(one.cath.split(".")[:2]))
        if row is None or one.cath in rows:
            continue
        rows[one.cath] = row
        weights.append(one.similarity / vote.temperature)
        if len(rows) == vote.superfamilies:
            break
    if not rows:
        return probabilities
    voices = np.exp(np.array(weights) - max(weights))
    shares = np.full(len(labels), _DOUBT / len(labels))
    np.add.at(shares, list(rows.values()), (1 - _DOUBT) * voices / voices.sum())
    mixed: NDArray[np.float64] = (1 - vote.weight) * probabilities + vote.weight * shares
    return mixed
