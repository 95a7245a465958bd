"""Search for the known domains nearest to those of a structure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Final, Literal

from protvox.errors import fail
from protvox.predict.embedding.embed import embed_domains
from protvox.predict.index.find_relatives import (
    LOOKED_AT,
    find_relatives,
    with_probabilities,
)
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import RelativesModel
from protvox.predict.index.superpose import (
    ALIGNED,
    SCREENED,
    align_nearest,
    with_alignment,
    with_coordinates,
)
from protvox.predict.results.neighbours import Neighbour
from protvox.predict.results.records import DomainRecord, EmbeddedDomain, IndexInfo, SearchedDomain
from protvox.predict.search.results import SearchResult
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.domain_option import DomainOption
from protvox.structure.structure import Structure

Sort = Literal["similarity", "tm"]

SORTS: Final[tuple[Sort, ...]] = ("similarity", "tm")
"""Orders of the neighbours of a domain."""

_loaded: dict[tuple[Path, int, str], Index] = {}
_lock = threading.Lock()


def search(
    structure: Structure,
    *,
    index: Path | Index | None = None,
    top_k: int = 20,
    sort: Sort = "similarity",
    traces: bool = False,
    domains: DomainOption | None = None,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> SearchResult:
    """Find the known domains nearest to those of a structure.

    Safe to call from several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    index
        File from ``protvox index build``, or a loaded `Index`; by default the training domains
        of the released model.
    top_k
        Number of neighbours per domain, at least 1.
    sort
        ``"similarity"`` of the embeddings; or ``"tm"``: twice as many of the nearest by similarity
        are aligned, and come first, by the mean of both TM-scores.
    traces
        Whether the JSON form has the CA atoms of the aligned neighbours, moved onto the query.
    domains, chain, device, model, progress, disorder
        See `protvox.predict.embed`.

    Returns
    -------
    SearchResult
        In the JSON form ``protvox.search/1``.

    Raises
    ------
    UsageError
        If ``top_k`` is less than 1 (``usage.top``), or ``sort`` is invalid (``usage.sort``).
    InputError
        If there is no domain to search for.
    ModelError
        If the index cannot be used (``index.file``, ``index.hash``, ``index.model``,
        ``index.missing``), or a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    if top_k < 1:
        raise fail("usage.top", where=f"top {top_k}")
    if sort not in SORTS:
        raise fail("usage.sort", where=str(sort), names=", ".join(SORTS))
    embeddings, predictor = embed_domains(
        structure,
        domains=domains,
        chain=chain,
        device=device,
        model=model,
        progress=progress,
        disorder=disorder,
    )
    weights: RelativesModel | None = None
    if index is None:
        index, weights = predictor.released.index(), predictor.released.relatives()
    elif isinstance(index, Path):
        index = _load(index, predictor.released.head())
    return SearchResult(
        input=embeddings.input,
        index=IndexInfo(index.name, len(index)),
        domains=tuple(
            _search_domain(domain, index, top_k, sort, weights, traces)
            for domain in embeddings.domains
        ),
        models=embeddings.models,
        warnings=embeddings.warnings,
    )


def _search_domain(
    domain: EmbeddedDomain,
    index: Index,
    top_k: int,
    sort: Sort,
    weights: RelativesModel | None,
    traces: bool,
) -> SearchedDomain:
    facts = {field.name: getattr(domain, field.name) for field in fields(DomainRecord)}
    rows, similarities = index.nearest(domain.embedding, max(top_k, LOOKED_AT))
    screen = sort == "tm"
    count = max(top_k, SCREENED if screen else ALIGNED)
    found = list(map(index.neighbour, rows[:count].tolist(), similarities[:count].tolist()))
    if domain.trace is not None:
        aligned = align_nearest(domain.trace, index, rows[:count], screen=screen)
        found = list(map(with_alignment, found, aligned))
    if domain.trace is not None and weights is not None:
        relatives = find_relatives(
            domain.trace, index, rows[:LOOKED_AT], similarities[:LOOKED_AT], weights
        )
        if relatives is not None:
            found = [with_probabilities(near, relatives.probabilities) for near in found]
    if screen:
        found.sort(key=_tm_order)
    found = found[:top_k]
    if traces:
        found = list(map(with_coordinates, found))
    return SearchedDomain(**facts, nearest=tuple(found), trace=domain.trace)


def _tm_order(near: Neighbour) -> float:
    found = near.alignment
    return 0.0 if found is None else -(found.tm_query + found.tm_hit) / 2


def _load(path: Path, head: EmbeddingHead) -> Index:
    # Many inputs are searched against the same file.
    try:
        key = (path.resolve(), path.stat().st_mtime_ns, head.sha256)
    except OSError:
        return Index.load(path, head)  # raises the right error
    with _lock:
        if key not in _loaded:
            _loaded.clear()
            _loaded[key] = Index.load(path, head)
        return _loaded[key]
