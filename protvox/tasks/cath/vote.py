"""The known superfamilies nearest to a domain vote on its architecture.

The network generalises to a new superfamily by features it shares with the two thousand of the
training set. The embedding, which also reads the path of the chain, finds the known domains that
are nearest. The errors of the two are largely independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.results.neighbours import Neighbour
from protvox.registry.card import Vote

_UNIFORM: Final = 0.01
"""Share of the vote spread over all labels, so that none is impossible."""


def cast_votes(
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    nearest: Iterable[Neighbour],
    vote: Vote,
) -> NDArray[np.float64]:
    """Mix the probabilities of a network with the architectures of the nearest superfamilies.

    Parameters
    ----------
    probabilities
        ``label`` float64, of the network.
    labels
        Architectures, e.g. ``"3.40"``.
    nearest
        Known domains, nearest first; those without one of the labels are ignored.
    vote
        How many superfamilies vote, and with what weight. Each is represented by its nearest
        domain, so that a large superfamily has one vote, in proportion to
        ``exp(similarity / temperature)``.

    Returns
    -------
    ndarray
        ``label`` float64 with the sum of ``probabilities``; unchanged if there is no vote.
    """
    position = {label: row for row, label in enumerate(labels)}
    rows: dict[str, int] = {}
    weights: list[float] = []
    for one in nearest:
        row = position.get(".".join(one.cath.split(".")[:2]))
        if row is None or one.cath in rows:
            continue
        rows[one.cath] = row
        weights.append(one.similarity / vote.temperature)
        if len(rows) == vote.superfamilies:
            break
    if not rows:
        return probabilities
    votes = np.exp(np.array(weights) - max(weights))
    shares = np.full(len(labels), _UNIFORM / len(labels))
    np.add.at(shares, list(rows.values()), (1 - _UNIFORM) * votes / votes.sum())
    mixed: NDArray[np.float64] = (1 - vote.weight) * probabilities + vote.weight * shares
    return mixed
