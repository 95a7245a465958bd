"""Alignments of domains with their nearest known domains, computed once and kept on disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.search.features import nodes, read_features, read_known_traces
from protvox.predict.index.find_relatives import LOOKED_AT
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import FEATURES, choose_candidates, hit_features
from protvox.predict.index.superpose import ALIGNED, align_hit
from protvox.structure.alignment.domain_trace import DomainTrace


@dataclass(frozen=True)
class Domains:
    """Domains to align, or to align with.

    Attributes
    ----------
    names, codes
        ``domain``, CATH domain names and superfamilies.
    vectors
        ``domain axis`` float32, embeddings.
    traces
        ``domain``, CA atoms and sequences.
    """

    names: Sequence[str]
    codes: Sequence[str]
    vectors: NDArray[np.float32]
    traces: Sequence[DomainTrace]

    def take(self, rows: Sequence[int]) -> Domains:
        """Return some of the domains, in the order of ``rows``."""
        return Domains(
            [self.names[row] for row in rows],
            [self.codes[row] for row in rows],
            self.vectors[np.asarray(rows, dtype=np.int64)],
            [self.traces[row] for row in rows],
        )

    def __add__(self, other: Domains) -> Domains:
        """Return the domains of both."""
        return Domains(
            [*self.names, *other.names],
            [*self.codes, *other.codes],
            np.concatenate([self.vectors, other.vectors]),
            [*self.traces, *other.traces],
        )


def of_index(index: Index) -> Domains:
    """Return the domains of an index with traces."""
    if index.traces is None:
        raise SystemExit("the index holds no traces")
    rows = range(len(index))
    vectors = index.vectors(np.arange(len(index)))
    return Domains(index.domains, index.cath, vectors, [index.traces.domain(row) for row in rows])


def of_shards(
    model: Path, head: EmbeddingHead, shards: Path, cache: Path, sequences: Path
) -> Domains:
    """Return the domains of a folder of shards.

    Parameters
    ----------
    model, shards, cache
        See `experiments.search.features.read_features`.
    head
        Embedding of the model.
    sequences
        Table from ``experiments.search.sequences``.
    """
    data = read_features(model, shards, cache)
    table = pd.read_csv(sequences, dtype=str, keep_default_na=False)
    letters = dict(zip(table["domain"], table["sequence"], strict=True))
    traces = [
        DomainTrace(ca, text if len(text) == len(ca) else "")
        for ca, text in zip(
            read_known_traces(shards), (letters.get(n, "") for n in data.names), strict=True
        )
    ]
    return Domains(
        data.names.tolist(), data.codes.tolist(), head.embed(data.plain, data.traces), traces
    )


class Aligner:
    """Alignments of pairs, kept in a log from which a later run resumes.

    Parameters
    ----------
    log
        One line for each pair: names and TM-scores.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._known: dict[tuple[str, str], list[float]] = {}
        if log.exists():
            for line in log.read_text().splitlines():
                query, hit, values = json.loads(line)
                self._known[query, hit] = values

    def features(self, name: str, query: DomainTrace, known: Domains) -> NDArray[np.float64]:
        """Return the features of hits, ``hit feature``, see `hit_features`.

        Parameters
        ----------
        name, query
            The query.
        known
            Its candidates.
        """
        rows: list[list[float]] = []
        lines: list[str] = []
        for hit, trace in zip(known.names, known.traces, strict=True):
            if (name, hit) not in self._known:
                found = hit_features(align_hit(query, trace, fast=True))
                values = [round(value, 5) for value in found[1:]]
                self._known[name, hit] = values
                lines.append(json.dumps([name, hit, values]) + "\n")
            rows.append([1.0, *self._known[name, hit]])
        if lines:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a") as file:
                file.writelines(lines)
        return np.array(rows).reshape(len(rows), len(FEATURES))


@dataclass(frozen=True)
class Case:
    """A query with its aligned candidates.

    Attributes
    ----------
    name, code
        The query and its superfamily.
    codes
        ``candidate``, superfamilies.
    features
        ``candidate feature``, see `hit_features`.
    known, known_topology
        Whether its superfamily and its topology are among the domains searched.
    """

    name: str
    code: str
    codes: tuple[str, ...]
    features: NDArray[np.float64]
    known: bool
    known_topology: bool


def collect(
    queries: Domains, known: Domains, aligner: Aligner, *, hide_superfamily: bool, label: str
) -> list[Case]:
    """Search and align queries as `protvox.tasks.cath.predictor` does.

    Parameters
    ----------
    queries
        The queries.
    known
        The domains searched; a query does not find itself.
    aligner
        Alignments computed before.
    hide_superfamily
        Whether a query does not find its own superfamily.
    label
        For progress on stderr.
    """
    names, codes = np.array(known.names), np.array(known.codes)
    topologies = nodes(codes, 3)
    cases: list[Case] = []
    for row, (name, code) in enumerate(zip(queries.names, queries.codes, strict=True)):
        similarity = known.vectors @ queries.vectors[row]
        hidden = (codes == code) if hide_superfamily else (names == name)
        similarity[hidden] = -np.inf
        near = np.argsort(-similarity, kind="stable")[:LOOKED_AT]
        chosen = near[choose_candidates(codes[near].tolist(), ALIGNED)]
        candidates = known.take(chosen.tolist())
        features = aligner.features(name, queries.traces[row], candidates)
        others = codes[~hidden]
        topology = code.rpartition(".")[0]
        present = (code in others, topology in topologies[~hidden])
        cases.append(Case(name, code, tuple(candidates.codes), features, *present))
        if (row + 1) % 50 == 0:
            print(f"{label}: {row + 1} of {len(queries.names)}", file=sys.stderr, flush=True)
    return cases


def sample(codes: Sequence[str], size: int, most: int, seed: int) -> list[int]:
    """Choose queries at random, few of each superfamily.

    Parameters
    ----------
    codes
        ``domain``, superfamilies.
    size
        Number of queries, at most.
    most
        Number of one superfamily, at most.
    seed
        Decides which.
    """
    seen: dict[str, int] = {}
    chosen: list[int] = []
    for row in np.random.default_rng(seed).permutation(len(codes)).tolist():
        if seen.get(codes[row], 0) < most:
            seen[codes[row]] = seen.get(codes[row], 0) + 1
            chosen.append(row)
    return sorted(chosen[:size])


def count_cases(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the numbers of queries with and without a known superfamily, for the record."""
    known = sum(case.known for case in cases)
    return {"n": len(cases), "n_known": known, "n_new": len(cases) - known}
