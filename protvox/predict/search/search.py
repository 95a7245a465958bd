"""Which known domains are nearest to those of a structure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from protvox.errors import UsageError
from protvox.predict.embedding.embed import embed_domains
from protvox.predict.embedding.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.results.prediction import DomainPrediction
from protvox.predict.search.results import IndexInfo, SearchResult
from protvox.structure.domain_option import DomainOption
from protvox.structure.structure import Structure

_held: dict[tuple[Path, int, str], Index] = {}
_door = threading.Lock()


def search(
    structure: Structure,
    *,
    index: Path | Index | None = None,
    top: int = 20,
    domains: DomainOption | None = None,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SearchResult:
    """Find the known domains nearest to those of a structure that has been read.

    May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    index
        Where to search: a file from ``protvox index build``, or what `Index` holds; the
        training domains of the released model by default.
    top
        Neighbours of each domain, at least 1.
    domains, chain, device, model, progress
        See `protvox.predict.embed`.

    Returns
    -------
    SearchResult
        By the schema ``protvox.search/1``.

    Raises
    ------
    UsageError
        If ``top`` cannot be meant (``usage.top``).
    InputError
        If there is no domain to search for.
    ModelError
        If the index cannot be used (``index.file``, ``index.hash``, ``index.model``,
        ``index.missing``), or a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    if top < 1:
        raise UsageError(
            "at least one neighbour must be asked for",
            where=f"top {top}",
            remedy="Give 1 or more",
            code="usage.top",
        )
    prediction, predictor = embed_domains(
        structure, domains=domains, chain=chain, device=device, model=model, progress=progress
    )
    if index is None:
        index = predictor.released.index()
    elif isinstance(index, Path):
        index = _load(index, predictor.released.head())
    return SearchResult(
        input=prediction.input,
        index=IndexInfo(index.name, len(index)),
        domains=tuple(_neighbours(domain, index, top) for domain in prediction.domains),
        models=prediction.models,
        warnings=prediction.warnings,
    )


def _neighbours(domain: DomainPrediction, index: Index, top: int) -> DomainPrediction:
    if domain.embedding is None:
        raise TypeError("a model with an embedding embeds every domain")
    return replace(domain, nearest=index.search(domain.embedding, top))


def _load(path: Path, head: EmbeddingHead) -> Index:
    # Several inputs, and a notebook, search the same file again and again.
    try:
        key = (path.resolve(), path.stat().st_mtime_ns, head.sha256)
    except OSError:
        return Index.load(path, head)  # which tells what is wrong
    with _door:
        if key not in _held:
            _held.clear()
            _held[key] = Index.load(path, head)
        return _held[key]
