"""Structural alignment of two CA traces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import count
from protvox.structure.alignment.align_loops import Effort, align_points, gather_pairs
from protvox.structure.alignment.rotation_loops import accumulate, climb, search_rotation
from protvox.structure.alignment.superpose_loops import N_SUMS, fit_rotation
from protvox.structure.geometry.secondary_structure import secondary_structure

SHORTEST: Final = 3
"""Residues of the shortest trace that can be aligned."""

THOROUGH: Final = Effort(
    tries=1000, fragments=96, settled=24, refined=7, rounds=10, step=40, last_step=16
)
"""Effort of `align`."""

FAST: Final = Effort(tries=300, fragments=24, settled=8, refined=1, rounds=4, step=80, last_step=16)
"""Effort of ``align(fast=True)``."""

_FRAGMENTS: Final = ((20, 3), (100, 2))
"""Residues of the fragments that are superposed: at most so many, and a part of the chain."""

_CHAIN: Final = 150
"""Residues of the chains for which the effort is stated."""

_MOST: Final = 4.0
"""The effort for short chains is at most so many times as high."""


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """A structural alignment of two CA traces, with the superposition.

    Attributes
    ----------
    tm_query, tm_target
        TM-score normalised by the number of residues of the query and of the target, 0 to 1.
        Each is the highest that was found for the pairs; see `d0`.
    rmsd
        Root-mean-square distance of the aligned CA atoms after their least-squares
        superposition, Å.
    pairs
        ``pair 2`` int32, indices of aligned residues in query and target, ascending.
    rotation
        ``3 3``, of the superposition with the highest TM-score normalised by the shorter trace.
    translation
        ``3``, Å; ``points @ rotation.T + translation`` moves the query onto the target.
    query_sequence, target_sequence
        One-letter sequences; ``X`` for every residue if they were not given.
    identity
        Fraction of the aligned pairs with the same amino acid; ``None`` without sequences.
    """

    tm_query: float
    tm_target: float
    rmsd: float
    pairs: NDArray[np.int32]
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    query_sequence: str
    target_sequence: str
    identity: float | None

    def __repr__(self) -> str:
        """Return one line with the scores and the number of aligned residues."""
        return (
            f"Alignment(tm_query={self.tm_query:.3f}, tm_target={self.tm_target:.3f}, "
            f"rmsd={self.rmsd:.2f}, n_aligned={self.n_aligned})"
        )

    @property
    def n_aligned(self) -> int:
        """Number of aligned residues."""
        return len(self.pairs)

    @property
    def tm_mean(self) -> float:
        """Mean of both TM-scores."""
        return (self.tm_query + self.tm_target) / 2

    @cached_property
    def rows(self) -> tuple[str, str]:
        """The alignment as two strings of equal length, with ``-`` for gaps."""
        query, target = [], []
        i = j = 0
        ends = (len(self.query_sequence), len(self.target_sequence))
        for a, b in [*self.pairs.tolist(), ends]:
            query += [self.query_sequence[i:a], "-" * (b - j), self.query_sequence[a : a + 1]]
            target += ["-" * (a - i), self.target_sequence[j:b], self.target_sequence[b : b + 1]]
            i, j = a + 1, b + 1
        return "".join(query), "".join(target)

    def move(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return points of the query's structure, superposed on the target.

        Parameters
        ----------
        points
            ``... 3``, Å.
        """
        moved: NDArray[np.float64] = points @ self.rotation.T + self.translation
        return moved

    def swapped(self) -> Alignment:
        """Return the same alignment with query and target exchanged."""
        return Alignment(
            self.tm_target,
            self.tm_query,
            self.rmsd,
            np.ascontiguousarray(self.pairs[:, ::-1]),
            self.rotation.T.copy(),
            -self.translation @ self.rotation,
            self.target_sequence,
            self.query_sequence,
            self.identity,
        )


def d0(length: int) -> float:
    """Return the distance at which an aligned pair scores one half, Å.

    Parameters
    ----------
    length
        Number of residues by which the TM-score is normalised.

    Returns
    -------
    float
        ``1.24 (length - 15)^(1/3) - 1.8``, and 0.5 Å for up to 21 residues (Zhang and Skolnick
        2004; the value for short chains is that of the program TM-align).

    Examples
    --------
    >>> round(d0(150), 2), d0(10)
    (4.56, 0.5)
    """
    return 0.5 if length <= 21 else max(1.24 * float(np.cbrt(length - 15)) - 1.8, 0.5)


def align(
    query_ca: NDArray[np.floating],
    target_ca: NDArray[np.floating],
    *,
    query_sse: NDArray[np.uint8] | None = None,
    target_sse: NDArray[np.uint8] | None = None,
    query_sequence: str | None = None,
    target_sequence: str | None = None,
    fast: bool = False,
) -> Alignment:
    """Align two CA traces by structure, and superpose them.

    Safe to call from several threads at once. The order of the arguments does not matter, and
    the same traces always give the same alignment.

    Parameters
    ----------
    query_ca, target_ca
        ``residue 3``, Å, in chain order.
    query_sse, target_sse
        ``residue`` uint8, `SecondaryStructure`; by default assigned by `secondary_structure`.
    query_sequence, target_sequence
        One-letter sequences, for the identity and the rows of the alignment. They do not change
        the alignment.
    fast
        Search fewer starting points. The scores are those of a valid alignment, and so never
        higher than the best possible ones, but may be lower than without.

    Returns
    -------
    Alignment
        Pairs of residues further apart than ``1.5 n^0.3 + 3.5`` Å after the superposition, with
        n the number of residues of the shorter trace, are not aligned.

    Raises
    ------
    InputError
        If a trace has fewer than 3 residues (``input.trace``), is not ``residue 3``, has
        coordinates that are not finite, or a sequence or secondary structure has another length.

    Notes
    -----
    The method is that of TM-align (Zhang and Skolnick, Nucleic Acids Res. 33, 2302, 2005): from
    several starting points, a superposition gives a score of every pair of residues, dynamic
    programming the best path of pairs, and a search (Zhang and Skolnick, Proteins 57, 702, 2004)
    the superposition with their highest TM-score, until the score stays the same. Starting
    points are a gapless threading, an alignment of secondary structures, one of both secondary
    structure and distances, and superpositions of fragments, which are ranked by how close they
    bring the two traces. TM-align differs in how fragments are chosen and ranked, in how gaps at
    the ends are scored, and assigns secondary structure by other rules.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(40, 3))
    >>> walk = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    >>> found = align(walk[5:35], walk + 10)
    >>> round(found.tm_query, 3), round(found.tm_target, 3), found.pairs[0].tolist()
    (1.0, 0.75, [0, 5])
    """
    query = _check_trace(query_ca, query_sequence, query_sse, "query")
    target = _check_trace(target_ca, target_sequence, target_sse, "target")
    states = [
        secondary_structure(trace) if state is None else np.ascontiguousarray(state, dtype=np.uint8)
        for trace, state in ((query, query_sse), (target, target_sse))
    ]
    # One order for both orders of the arguments.
    swap = len(query) > len(target)
    if len(query) == len(target):
        swap = _extent(query) > _extent(target)
    if swap:
        query, target, states = target, query, states[::-1]
    pairs, rotation, translation, scores, rmsd = _align(
        query, target, states[0], states[1], FAST if fast else THOROUGH
    )
    sequences = [query_sequence or "X" * len(query_ca), target_sequence or "X" * len(target_ca)]
    if swap:
        sequences.reverse()
    identity = None
    if query_sequence and target_sequence:
        same = sum(sequences[0][a] == sequences[1][b] for a, b in pairs.tolist())
        identity = same / len(pairs)
    found = Alignment(
        *scores, rmsd, pairs, rotation, translation, sequences[0], sequences[1], identity
    )
    return found.swapped() if swap else found


def _align(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    query_state: NDArray[np.uint8],
    target_state: NDArray[np.uint8],
    effort: Effort,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], tuple[float, float], float]:
    n = len(query)  # the shorter
    centres = query.mean(axis=0), target.mean(axis=0)
    points = [
        np.ascontiguousarray((trace - centre).T)
        for trace, centre in zip((query, target), centres, strict=True)
    ]
    # Wider than the d0 of the scores, as in the program TM-align, so that a rough superposition
    # already attracts the right pairs.
    wide = (0.168 if n <= 19 else 1.24 * float(np.cbrt(n - 15)) - 1.8) + 0.8
    limit = 1.5 * n**0.3 + 3.5
    lengths = tuple(min(length, max(n // part, 4), n) for length, part in _FRAGMENTS)
    # Short chains have few fragments, and each costs little.
    room = min(max(_CHAIN**2 / (n * len(target)), 1.0), _MOST)
    stride = max(1, round((2 * n * len(target) / (effort.tries * room)) ** 0.5))
    effort = effort._replace(
        fragments=round(effort.fragments * room),
        settled=round(effort.settled * room),
        refined=round(effort.refined * room),
    )
    path, move = np.empty((n, 2), dtype=np.int32), np.empty(12)
    size = align_points(
        *points,
        query_state,
        target_state,
        (wide, _radius(wide), limit),
        (d0(n), d0(len(target))),
        lengths,
        stride,
        effort,
        path,
        move,
    )
    coordinates = np.empty((6, n))
    gather_pairs(*points, path, size, coordinates)
    near = np.linalg.norm(_moved(coordinates[:3, :size], move) - coordinates[3:, :size], axis=0)
    kept = near <= limit
    if kept.sum() < SHORTEST:
        kept[:] = True
    pairs = path[:size][kept]
    close = np.ascontiguousarray(coordinates[:, :size][:, kept])
    scores = []
    for length in (len(target), n):
        d_0 = d0(length)
        step = max(1, round(effort.last_step * n / _CHAIN))
        search_rotation(close, len(pairs), d_0, _radius(d_0), np.inf, step, move)
        scores.append(climb(close, len(pairs), d_0, move) / length)
    rotation = move[:9].reshape(3, 3).copy()
    translation = move[9:] + centres[1] - rotation @ centres[0]
    return pairs, rotation, translation, (scores[1], scores[0]), least_rmsd(close)


def least_rmsd(pairs: NDArray[np.float64]) -> float:
    """Return the root-mean-square distance of paired points after least-squares superposition.

    Parameters
    ----------
    pairs
        ``6 n``, Å: coordinates of the first points, then of the second.
    """
    totals = np.empty((pairs.shape[1] + 1, N_SUMS))
    accumulate(pairs, pairs.shape[1], totals)
    move = np.empty(12)
    fit_rotation(totals[-1], move)
    gaps = _moved(pairs[:3], move) - pairs[3:]
    return float(np.sqrt((gaps**2).sum() / pairs.shape[1]))


def _moved(points: NDArray[np.float64], move: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = move[:9].reshape(3, 3) @ points + move[9:, None]
    return moved


def _radius(d_0: float) -> float:
    return min(max(d_0, 4.5), 8.0)


def _extent(trace: NDArray[np.float64]) -> float:
    # Rounded, because a rotation changes the last digits.
    return round(float(np.linalg.norm(trace - trace.mean(axis=0))), 3)


def _check_trace(
    ca: NDArray[np.floating],
    sequence: str | None,
    state: NDArray[np.uint8] | None,
    name: str,
) -> NDArray[np.float64]:
    trace = np.ascontiguousarray(ca, dtype=np.float64)
    if trace.ndim != 2 or trace.shape[1] != 3:
        raise fail("input.trace.shape", where=name, shape=trace.shape)
    if len(trace) < SHORTEST:
        raise fail("input.trace.short", where=name, residues=count(len(trace), "residue"))
    if not np.isfinite(trace).all():
        row = int(np.flatnonzero(~np.isfinite(trace).all(axis=1))[0])
        raise fail("input.trace.finite", where=name, row=row)
    for kind, values in (("sequence", sequence), ("secondary structure", state)):
        if values is not None and len(values) != len(trace):
            raise fail(
                "input.trace.length",
                where=name,
                kind=kind,
                found=len(values),
                residues=count(len(trace), "residue"),
            )
    return trace
