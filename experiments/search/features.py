"""Features of labelled domains, computed once for each model and kept on disk."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.networks.cath import CathNet, DomainBatch, featurize_domain
from protvox.networks.poses import domain_features
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.registry.installed import load_folder
from protvox.structure.geometry.ca_trace import Trace
from protvox.tasks.cath.augment import augment_domain
from protvox.tasks.cath.data import DomainData
from protvox.train.shard import read_shards

CHUNK = 8
"""Number of domains computed together."""

CPU = torch.device("cpu")


@dataclass(frozen=True)
class LabelledFeatures:
    """Domains of one split as a network reads them.

    Attributes
    ----------
    names
        ``domain``, CATH domain names.
    codes
        ``domain``, CATH superfamilies, e.g. ``"3.40.50.300"``.
    plain
        ``domain feature`` float32, averaged over the four poses, as a user's domain is embedded.
    varied
        ``copy domain feature`` float32, of domains augmented as in training, in one pose.
    logits
        ``domain label`` float32, logits of the classifier for ``plain``.
    traces, varied_traces
        ``domain number`` and ``copy domain number`` float32, the course of the chains, see
        `protvox.predict.index.trace_descriptor.describe_trace`; the copies are the same as of
        features.
    """

    names: NDArray[np.str_]
    codes: NDArray[np.str_]
    plain: NDArray[np.float32]
    varied: NDArray[np.float32]
    logits: NDArray[np.float32]
    traces: NDArray[np.float32]
    varied_traces: NDArray[np.float32]

    def level(self, parts: int) -> NDArray[np.int64]:
        """Return the number of each domain's CATH node, ``domain`` int64.

        Parameters
        ----------
        parts
            Number of parts of the code: 2 architecture, 3 topology, 4 superfamily.
        """
        return np.unique(nodes(self.codes, parts), return_inverse=True)[1].astype(np.int64)


def nodes(codes: NDArray[np.str_], parts: int) -> NDArray[np.str_]:
    """Return the CATH nodes above superfamilies, ``"3.40"`` of ``"3.40.50.300"``."""
    return np.array([".".join(code.split(".")[:parts]) for code in codes.tolist()], dtype=np.str_)


def read_features(model: Path, shards: Path, cache: Path, *, copies: int = 0) -> LabelledFeatures:
    """Return the features of the domains of a folder of shards.

    Parameters
    ----------
    model
        Folder of the network.
    shards
        Folder of labelled single domains.
    cache
        Folder for the features, which later calls with the same weights reuse.
    copies
        Number of augmented copies of every domain.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    InputError
        If a shard cannot be used.
    """
    card, network = load_folder(model)
    if card.task != "cath":
        raise SystemExit(f"{model} is not a CATH model")
    shard = read_shards(sorted(shards.glob("*.npz")))
    data = DomainData(shard, network.config)
    rows = np.array([row for row in range(shard.n_structures) if len(data.ca(row))])
    cache.mkdir(parents=True, exist_ok=True)
    stem = f"{shards.name}-{card.sha256[:12]}"

    def plain() -> dict[str, NDArray[np.float32]]:
        parts = [
            domain_features(network, [data.ca(row) for row in chunk], CPU)
            for chunk in _chunks(rows, f"{stem} plain")
        ]
        features, logits = zip(*parts, strict=True)
        return {"features": torch.cat(features).numpy(), "logits": torch.cat(logits).numpy()}

    def varied(copy: int) -> dict[str, NDArray[np.float32]]:
        parts = [_varied(network, data, chunk, copy) for chunk in _chunks(rows, f"{stem} {copy}")]
        return {"features": torch.cat(parts).numpy()}

    def traces(copy: int | None) -> dict[str, NDArray[np.float32]]:
        chains = (
            data.ca(row) if copy is None else _vary(data, row, copy)[0].coordinates
            for row in rows.tolist()
        )
        return {"traces": np.stack([describe_trace(chain) for chain in chains])}

    first = _kept(cache / f"{stem}.npz", plain)
    course = _kept(cache / f"{shards.name}-traces.npz", partial(traces, None))["traces"]
    others, courses = [], []
    for copy in range(copies):
        one = _kept(cache / f"{stem}-{copy}.npz", partial(varied, copy))
        course_of_one = _kept(cache / f"{shards.name}-traces-{copy}.npz", partial(traces, copy))
        others.append(one["features"])
        courses.append(course_of_one["traces"])
    return LabelledFeatures(
        shard.name[rows],
        shard.structure_label[rows],
        first["features"],
        _stack(others, first["features"]),
        first["logits"],
        course,
        _stack(courses, course),
    )


def read_known_traces(shards: Path) -> list[NDArray[np.float32]]:
    """Return the CA atoms of the domains of a folder of shards, as `read_features` orders them.

    Parameters
    ----------
    shards
        Folder of labelled single domains.

    Returns
    -------
    list of ndarray
        ``residue 3`` each, Å.
    """
    shard = read_shards(sorted(shards.glob("*.npz")))
    positions, bounds = shard.positions(), shard.residue_start[shard.structure_start]
    is_ca = shard.atom_type == ATOM_TYPE_INDEX["backbone_CA"]
    traces = (positions[a:b][is_ca[a:b]] for a, b in pairwise(bounds.tolist()))
    return [trace for trace in traces if len(trace)]


def _stack(copies: list[NDArray[np.float32]], like: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack(copies) if copies else np.empty((0, *like.shape), dtype=np.float32)


def _vary(data: DomainData, row: int, copy: int) -> tuple[Trace, NDArray[np.float64]]:
    rng = np.random.default_rng([copy, row])
    return augment_domain(data.ca(row), rng), rng.uniform(-0.5, 0.5, 3)


def _varied(network: CathNet, data: DomainData, rows: list[int], copy: int) -> torch.Tensor:
    drawn = [featurize_domain(*_vary(data, row, copy), network.config) for row in rows]
    with torch.inference_mode():
        return network.embed(DomainBatch.join(drawn)).float()


def _chunks(rows: NDArray[np.int64], label: str) -> Iterator[list[int]]:
    started = time.monotonic()
    print(f"{label}: {len(rows)} domains", file=sys.stderr)
    for first in range(0, len(rows), CHUNK):
        if first and first % 800 == 0:
            print(f"{label}: {first}, {time.monotonic() - started:.0f} s", file=sys.stderr)
        yield rows[first : first + CHUNK].tolist()


def _kept(
    path: Path, compute: Callable[[], dict[str, NDArray[np.float32]]]
) -> dict[str, NDArray[np.float32]]:
    if not path.exists():
        arrays = compute()
        temporary = path.with_suffix(".part.npz")
        np.savez(temporary, **arrays)
        temporary.replace(path)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
