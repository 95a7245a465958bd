"""Superposition of the known domains that are nearest to a query."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.index.index import Index
from protvox.predict.results.neighbours import HitAlignment, Neighbour
from protvox.structure.alignment.align import SHORTEST, Alignment, align
from protvox.structure.alignment.domain_trace import DomainTrace

ALIGNED: Final = 30
"""Number of candidates that are aligned with a query, at most."""

SCREENED: Final = 60
"""Number of candidates that are aligned to find those with the best TM-scores."""

_LEAST: Final = 5
"""Number of candidates that are aligned with a query however long they are."""

_PAIRS: Final = 4_000_000
"""Residue pairs that are compared for a query, about, so that long ones do not take longer."""


@dataclass(frozen=True, eq=False)
class SuperposedHit:
    """A known domain that was aligned with a query.

    Attributes
    ----------
    trace
        The known domain, as the index holds it.
    alignment
        Moves it onto the query.
    """

    trace: DomainTrace
    alignment: Alignment


def align_nearest(
    query: DomainTrace,
    index: Index,
    rows: NDArray[np.int64],
    *,
    fast: bool = False,
    screen: bool = False,
) -> list[SuperposedHit | None]:
    """Align the nearest known domains with a query.

    Parameters
    ----------
    query
        The query.
    index
        The index that was searched.
    rows
        ``candidate`` int64, its domains, nearest first.
    fast
        See `protvox.structure.alignment.align.align`.
    screen
        Align the first `SCREENED`, those after the first `ALIGNED` fast, and then once more those
        of them that are among the `ALIGNED` with the best TM-scores.

    Returns
    -------
    list of SuperposedHit or None
        One per row. None for all after those that are aligned, fewer for a long query, and for
        domains whose trace is unknown.
    """
    found: list[SuperposedHit | None] = [None] * len(rows)
    if index.traces is None or len(query.ca) < SHORTEST:
        return found
    pairs, most = 0, SCREENED if screen else ALIGNED
    for rank, row in enumerate(rows[:most].tolist()):
        known = index.traces.domain(row)
        if len(known.ca) < SHORTEST:
            continue
        pairs += len(query.ca) * len(known.ca)
        if rank >= _LEAST and pairs > _PAIRS * most // ALIGNED:
            break
        quick = fast or rank >= ALIGNED
        found[rank] = SuperposedHit(known, align_hit(query, known, fast=quick))
    if screen and not fast:
        hits = [(rank, hit) for rank, hit in enumerate(found) if hit is not None]
        hits.sort(key=lambda item: -item[1].alignment.tm_mean)
        for rank, hit in hits[:ALIGNED]:
            if rank >= ALIGNED:
                found[rank] = SuperposedHit(hit.trace, align_hit(query, hit.trace))
    return found


def align_hit(query: DomainTrace, known: DomainTrace, *, fast: bool = False) -> Alignment:
    """Align a known domain with a query.

    Parameters
    ----------
    query, known
        At least `SHORTEST` residues each.
    fast
        See `protvox.structure.alignment.align.align`.

    Returns
    -------
    Alignment
        It moves the known domain onto the query; its query is the known domain.
    """
    return align(
        known.ca,
        query.ca,
        query_sse=known.sse,
        target_sse=query.sse,
        query_sequence=known.sequence or None,
        target_sequence=query.sequence or None,
        fast=fast,
    )


def with_alignment(near: Neighbour, hit: SuperposedHit | None) -> Neighbour:
    """Return a known domain with its alignment.

    Parameters
    ----------
    near
        The known domain.
    hit
        Its alignment with the query, None if there is none.
    """
    if hit is None:
        return near
    return replace(near, alignment=_describe(hit.alignment), trace=hit.trace)


def with_coordinates(near: Neighbour) -> Neighbour:
    """Return a known domain with its CA atoms moved onto the query in its alignment.

    Parameters
    ----------
    near
        The known domain; one that was not aligned stays as it is.
    """
    moved = near.superposed()
    if near.alignment is None or moved is None:
        return near
    ca = tuple(map(tuple, moved.tolist()))
    return replace(near, alignment=replace(near.alignment, ca=ca))


def _describe(found: Alignment) -> HitAlignment:
    hit_row, query_row = found.rows
    unknown = set(found.query_sequence) <= {"X"}
    return HitAlignment(
        tm_query=found.tm_target,
        tm_hit=found.tm_query,
        rmsd=found.rmsd,
        n_aligned=found.n_aligned,
        identity=math.nan if unknown or found.identity is None else found.identity,
        query_row=query_row,
        hit_row=hit_row,
        rotation=tuple(map(tuple, found.rotation.tolist())),
        translation=tuple(found.translation.tolist()),
    )
