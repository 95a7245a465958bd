"""One posterior: what a domain is by its known relatives, and by the network where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from protvox.cath_names import CATH_NAMES
from protvox.predict.index.find_relatives import SHOWN, Relatives
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import RelativeProbabilities
from protvox.predict.index.released import NearestKnown
from protvox.predict.results.records import DomainPrediction, RankedLabel

_NOVEL: Final = 0.5


@dataclass(frozen=True, eq=False)
class TracePrediction:
    """Prediction for the CA trace of a domain.

    Attributes
    ----------
    architectures
        Architecture to its probability; those of the network first.
    known
        Its embedding and the nearest known domains; None for a model without an index.
    relatives
        Known relatives; None if none could be weighed.
    """

    architectures: Mapping[str, float]
    known: NearestKnown | None
    relatives: Relatives | None


def combine(network: Mapping[str, float], relatives: RelativeProbabilities) -> dict[str, float]:
    """Return the probabilities of architectures.

    Parameters
    ----------
    network
        Architecture to its probability by the network.
    relatives
        Probabilities of known superfamilies and topologies; each has one architecture.

    Returns
    -------
    dict
        Architecture to its probability: that of its superfamilies and topologies, and the network's
        in proportion to the probability that the domain belongs to none of them. The sum is that of
        ``network``, 1.

    Examples
    --------
    >>> relatives = RelativeProbabilities({"3.40.50.300": 0.75})
    >>> combine({"1.10": 0.5, "3.40": 0.5}, relatives)
    {'1.10': 0.125, '3.40': 0.875}
    """
    found = {label: relatives.unknown * p for label, p in network.items()}
    for label, p in relatives.nodes(2).items():
        found[label] = found.get(label, 0.0) + p
    return found


def describe_relatives(
    domain: DomainPrediction, found: Relatives, index: Index
) -> DomainPrediction:
    """Return a prediction with the probable superfamilies and topologies.

    Parameters
    ----------
    domain
        Prediction of the architecture.
    found
        Known relatives.
    index
        The index with their names.
    """
    probabilities = found.probabilities
    superfamilies = _rank(probabilities.superfamilies, index)
    topologies = _rank(probabilities.topologies(), index)
    novel: Literal["", "superfamily", "topology"] = ""
    if not superfamilies or superfamilies[0].probability < _NOVEL:
        novel = "superfamily"
    if not topologies or topologies[0].probability < _NOVEL:
        novel = "topology"
    return replace(
        domain,
        topologies=topologies,
        superfamilies=superfamilies[: len(found.hits)],
        novel=novel,
        hits=found.hits,
    )


def _rank(probabilities: Mapping[str, float], index: Index) -> tuple[RankedLabel, ...]:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])[:SHOWN]
    return tuple(
        RankedLabel(code, index.name_of(code) or CATH_NAMES.get(code, ""), p) for code, p in ranked
    )
