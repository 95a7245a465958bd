"""The training domain most similar to a query by TM-score."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tmtools import tm_align

from experiments.cath.paper_domains import Traces

STEPS = (3, 5, 9)
"""Sequence separations whose distances make up a signature, besides those of all pairs."""

LONGEST_RATIO = 2.0
"""Domains more than so many times longer or shorter than the query are not aligned."""


@dataclass(frozen=True)
class Hit:
    """The nearest training domain of a query.

    Attributes
    ----------
    row
        Row of the training domain; -1 if none was comparable.
    score
        TM-score, normalised by the length of the query.
    alignments
        Number of alignments computed.
    seconds
        CPU time of the alignments.
    """

    row: int
    score: float
    alignments: int
    seconds: float


def signature(trace: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe a trace without aligning it: histograms of distances between CA atoms.

    Distances between residues a few positions apart distinguish helix from strand, those of
    all pairs reflect size and shape (the D2 distribution of Osada et al. 2002).

    Parameters
    ----------
    trace
        ``residue 3``, Å.

    Returns
    -------
    ndarray
        ``value`` float32; every histogram sums to 1, or 0 where the trace is too short.
    """
    parts = []
    for step in STEPS:
        apart = np.linalg.norm(trace[step:] - trace[:-step], axis=1)
        parts.append(np.histogram(apart, bins=12, range=(3.0, 3.0 + 3.0 * step))[0])
    first, second = np.triu_indices(len(trace), k=3)
    pairs = np.linalg.norm(trace[first] - trace[second], axis=1)
    parts.append(np.histogram(pairs, bins=40, range=(0.0, 80.0))[0])
    return np.concatenate([part / max(part.sum(), 1) for part in parts]).astype(np.float32)


class Library:
    """Training domains to search in.

    Parameters
    ----------
    traces
        The domains.
    keep
        Domains to align with a query, those with the most similar `signature`; None for all.
    """

    def __init__(self, traces: Traces, keep: int | None) -> None:
        self.traces = traces
        self.keep = keep
        self._lengths = np.array([len(trace) for trace in traces.coordinates])
        self._signatures = np.stack([signature(trace) for trace in traces.coordinates])

    def candidates(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the domains to align with a query, the most similar signature first."""
        ratio = self._lengths / len(query)
        comparable = np.flatnonzero((ratio <= LONGEST_RATIO) & (ratio >= 1 / LONGEST_RATIO))
        unlike = np.abs(self._signatures[comparable] - signature(query)).sum(axis=1)
        return comparable[np.argsort(unlike, kind="stable")[: self.keep]]

    def nearest(self, query: NDArray[np.float32]) -> Hit:
        """Return the domain whose alignment with a query has the highest TM-score.

        The TM-score normalised by the query cannot exceed the share of the query that the
        shorter of the two covers. Domains that cannot win are not aligned.
        """
        started = time.process_time()
        points = query.astype(np.float64)
        row, score, alignments = -1, 0.0, 0
        for candidate in self.candidates(query).tolist():
            target = self.traces.coordinates[candidate].astype(np.float64)
            if len(target) <= score * len(points):
                continue
            # The sequences only label the alignment; they do not change it.
            found = tm_align(points, target, "A" * len(points), "A" * len(target))
            alignments += 1
            if found.tm_norm_chain1 > score:
                row, score = candidate, float(found.tm_norm_chain1)
        return Hit(row, score, alignments, time.process_time() - started)
