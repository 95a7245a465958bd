"""The known superfamilies that a domain probably belongs to, by its nearest known domains."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import (
    RelativeProbabilities,
    RelativesModel,
    choose_candidates,
    hit_features,
)
from protvox.predict.index.superpose import ALIGNED, SuperposedHit, align_hit, with_alignment
from protvox.predict.results.neighbours import Neighbour
from protvox.structure.alignment.align import SHORTEST
from protvox.structure.alignment.domain_trace import DomainTrace

LOOKED_AT: Final = 400
"""Number of nearest domains among which candidates are chosen."""

SHOWN: Final = 3
"""Number of superfamilies whose best hit is reported."""

SURE: Final = 0.998
"""No more candidates are aligned when a superfamily has this probability."""

CERTAIN: Final = 0.99
"""The same, after every fifth candidate."""

_LIKE: Final = 0.75
"""Similarity to the nearest domain below which a chain is hardly ever a known domain."""

_BLOCK: Final = 5
_EVIDENCE: Final = math.log(CERTAIN / (1 - CERTAIN))
_PAIRS: Final = 4_000_000
_WORTH: Final = 0.01


@dataclass(frozen=True, eq=False)
class Relatives:
    """Known relatives of a domain.

    Attributes
    ----------
    probabilities
        Of superfamilies and topologies.
    hits
        The best hit of each of the most probable superfamilies, aligned, most probable first.
    """

    probabilities: RelativeProbabilities
    hits: tuple[Neighbour, ...]


def find_relatives(
    query: DomainTrace,
    index: Index,
    rows: NDArray[np.int64],
    similarities: NDArray[np.float32],
    model: RelativesModel,
) -> Relatives | None:
    """Align candidates with a domain and weigh them.

    Parameters
    ----------
    query
        The domain.
    index
        The index that was searched.
    rows, similarities
        The nearest domains, `LOOKED_AT` or fewer, see `Index.nearest`.
    model
        Weights of the evidence.

    Returns
    -------
    Relatives or None
        None if nothing could be aligned, because the index holds no traces or the domain is too
        short.
    """
    if index.traces is None or len(query.ca) < SHORTEST:
        return None
    codes = [index.cath[row] for row in rows.tolist()]
    chosen = choose_candidates(codes, ALIGNED)
    aligned: list[int] = []
    features: list[tuple[float, ...]] = []
    evidence = np.empty(0)
    pairs = 0
    for position in chosen:
        checkpoint()
        known = index.traces.domain(int(rows[position]))
        if len(known.ca) < SHORTEST:
            continue
        aligned.append(position)
        features.append(hit_features(align_hit(query, known, fast=True)))
        pairs += len(query.ca) * len(known.ca)
        evidence = model.evidence(np.array(features))
        if len(aligned) % _BLOCK == 0 and pairs > _PAIRS:
            break
        # Without competitors, its evidence alone would give the best hit this probability.
        if evidence.max() < _EVIDENCE:
            continue
        probabilities = model.probabilities(np.array(features), [codes[p] for p in aligned])
        if is_decided(probabilities, len(aligned)):
            break
    if not aligned:
        return None
    probabilities = model.probabilities(np.array(features), [codes[p] for p in aligned])
    best: dict[str, int] = {}
    for rank in np.argsort(-evidence, kind="stable").tolist():
        best.setdefault(codes[aligned[rank]], aligned[rank])
    ranked = sorted(best, key=lambda code: -probabilities.superfamilies.get(code, 0.0))
    hits: list[Neighbour] = []
    for code in ranked[:SHOWN]:
        if hits and probabilities.superfamilies.get(code, 0.0) < _WORTH:
            break
        position = best[code]
        known = index.traces.domain(int(rows[position]))
        near = index.neighbour(int(rows[position]), float(similarities[position]))
        hit = with_alignment(near, SuperposedHit(known, align_hit(query, known)))
        hits.append(with_probabilities(hit, probabilities))
    return Relatives(probabilities, tuple(hits))


def known_probability(
    query: DomainTrace,
    index: Index,
    rows: NDArray[np.int64],
    similarities: NDArray[np.float32],
    model: RelativesModel,
) -> float:
    """Return the probability that a part of a chain is one domain of a known superfamily.

    Only the nearest candidates are aligned, and fast: this is asked of every part that a chain may
    be cut into, most of which are no domains.

    Parameters
    ----------
    query
        The part.
    index, rows, similarities, model
        See `find_relatives`.

    Returns
    -------
    float
        Of the most probable superfamily; 0 if the nearest domain is not like it.
    """
    if index.traces is None or len(query.ca) < SHORTEST or similarities[0] < _LIKE:
        return 0.0
    codes = [index.cath[row] for row in rows.tolist()]
    chosen = [p for p in choose_candidates(codes, _BLOCK) if similarities[p] >= _LIKE]
    aligned: list[str] = []
    features: list[tuple[float, ...]] = []
    for position in chosen:
        checkpoint()
        known = index.traces.domain(int(rows[position]))
        if len(known.ca) >= SHORTEST:
            aligned.append(codes[position])
            features.append(hit_features(align_hit(query, known, fast=True)))
    if not aligned:
        return 0.0
    superfamilies = model.probabilities(np.array(features), aligned).superfamilies
    return max(superfamilies.values(), default=0.0)


def is_decided(found: RelativeProbabilities, number: int) -> bool:
    """Return whether no more candidates need to be aligned.

    Parameters
    ----------
    found
        Probabilities by the candidates aligned so far.
    number
        Number of these.
    """
    best = max(found.superfamilies.values(), default=0.0)
    return best >= SURE or (number % _BLOCK == 0 and best >= CERTAIN)


def with_probabilities(near: Neighbour, found: RelativeProbabilities) -> Neighbour:
    """Return a known domain with the probability of its superfamily and of its topology.

    Parameters
    ----------
    near
        The known domain.
    found
        Probabilities for the query; a superfamily without an aligned domain has none.
    """
    if near.cath not in found.superfamilies:
        return near
    topology = near.cath.rpartition(".")[0]
    return replace(
        near,
        p_superfamily=found.superfamilies[near.cath],
        p_topology=found.topologies().get(topology, 0.0),
    )
