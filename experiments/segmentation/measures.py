"""How well domains agree with those of CATH."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

REPEATS: Final = 1000

NEAR: Final = 8
"""Residues; a boundary within this distance counts as found."""

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One chain.

    Attributes
    ----------
    n_true, n_found
        Numbers of domains.
    iou
        See `intersection_over_union`.
    boundary_errors
        For every boundary in CATH the distance to the nearest one found, residues; empty if
        none was found.
    n_boundaries
        Boundaries in CATH.
    found_near
        Number of them with a predicted boundary within `NEAR`.
    """

    n_true: int
    n_found: int
    iou: float
    boundary_errors: tuple[int, ...]
    n_boundaries: int
    found_near: int


def compare(true: Labels, found: Labels) -> Agreement:
    """Compare the domains of a chain.

    Parameters
    ----------
    true
        ``residue``, CATH domain from 1, 0 for none.
    found
        ``residue``, predicted domain from 0, -1 for none.
    """
    wanted, cuts = boundaries(true), boundaries(found + 1)
    errors = tuple(int(np.abs(cuts - boundary).min()) for boundary in wanted) if len(cuts) else ()
    return Agreement(
        n_true=len(np.unique(true[true > 0])),
        n_found=len(np.unique(found[found >= 0])),
        iou=intersection_over_union(true, found),
        boundary_errors=errors,
        n_boundaries=len(wanted),
        found_near=sum(error <= NEAR for error in errors),
    )


def intersection_over_union(true: Labels, found: Labels) -> float:
    """Return how well the domains of a chain overlap.

    CATH domains and those found are paired one to one so that the sum of their intersections
    over unions is the highest; one without partner has 0. The mean over the CATH domains is
    weighted by their residues. Residues outside all CATH domains count in the unions.
    """
    ours, theirs = np.unique(true[true > 0]), np.unique(found[found >= 0])
    table = np.array(
        [
            [
                ((true == a) & (found == b)).sum() / ((true == a) | (found == b)).sum()
                for b in theirs
            ]
            for a in ours
        ]
    )
    rows, columns = linear_sum_assignment(-table)
    value = np.zeros(len(ours))
    value[rows] = table[rows, columns]
    return float(np.average(value, weights=[(true == a).sum() for a in ours]))


def boundaries(labels: Labels) -> NDArray[np.int64]:
    """Return the rows where one domain follows another, also across residues in none.

    Parameters
    ----------
    labels
        ``residue``, 0 for none.

    Returns
    -------
    ndarray
        Row of the first residue after the middle of each boundary.
    """
    rows = np.flatnonzero(labels > 0)
    change = np.flatnonzero(np.diff(labels[rows])) + 1
    return (rows[change - 1] + rows[change] + 1) // 2


def summarise(agreements: list[Agreement], groups: list[NDArray[np.int64]]) -> dict[str, Any]:
    """Return every measure, 95 % intervals from resampling whole groups.

    Parameters
    ----------
    agreements
        One per chain.
    groups
        Chains of one file; they are not independent.
    """
    table = columns(agreements)
    weights = np.ones(len(agreements))
    rng = np.random.default_rng(0)
    draws: dict[str, list[float]] = {name: [] for name in measures(table, weights)}
    for _ in range(REPEATS):
        times = np.bincount(rng.integers(0, len(groups), len(groups)), minlength=len(groups))
        for group, count in zip(groups, times, strict=True):
            weights[group] = count
        for name, value in measures(table, weights).items():
            draws[name].append(value)
    multi = table["n_true"] > 1
    return {
        "n": len(agreements),
        "n_files": len(groups),
        "n_multi": int(multi.sum()),
        **measures(table, np.ones(len(agreements))),
        "intervals": {
            name: np.nanquantile(values, (0.025, 0.975)).tolist()
            for name, values in draws.items()
            if np.isfinite(values).any()
        },
        "domains_true_found": {
            f"{true} as {found}": int(
                ((table["n_true"] == true) & (table["n_found"] == found)).sum()
            )
            for true, found in sorted({(a.n_true, a.n_found) for a in agreements})
        },
    }


def columns(agreements: list[Agreement]) -> dict[str, NDArray[Any]]:
    """Return what `measures` needs of every chain."""
    return {
        "n_true": np.array([a.n_true for a in agreements]),
        "n_found": np.array([a.n_found for a in agreements]),
        "iou": np.array([a.iou for a in agreements]),
        "error": np.array([sum(a.boundary_errors) for a in agreements], dtype=float),
        "errors": np.array([len(a.boundary_errors) for a in agreements]),
        "boundaries": np.array([a.n_boundaries for a in agreements]),
        "near": np.array([a.found_near for a in agreements]),
    }


def measures(columns: dict[str, NDArray[Any]], weights: NDArray[np.float64]) -> dict[str, float]:
    """Return the measures of a weighted sample.

    Parameters
    ----------
    columns
        One value per chain each.
    weights
        How often each chain counts.

    Returns
    -------
    dict
        ``right_count``: share of chains with the right number of domains, of all, of those of
        one, and of those of several; ``iou`` likewise; ``boundary_error``: mean distance from
        a CATH boundary to the nearest one found in the same chain, residues, over chains where
        one was found; ``boundaries_found``: share of the CATH boundaries with one found
        within `NEAR` residues.
    """
    multi = columns["n_true"] > 1
    right = columns["n_true"] == columns["n_found"]

    def mean(values: NDArray[Any], among: NDArray[np.bool_]) -> float:
        total = float(weights[among].sum())
        return float((weights * values)[among].sum() / total) if total else float("nan")

    everything = np.ones_like(multi)
    errors, passages = weights @ columns["errors"], weights @ columns["boundaries"]
    return {
        "right_count": mean(right, everything),
        "right_count_single": mean(right, ~multi),
        "right_count_multi": mean(right, multi),
        "iou": mean(columns["iou"], everything),
        "iou_multi": mean(columns["iou"], multi),
        "boundary_error": float(weights @ columns["error"] / errors) if errors else float("nan"),
        "boundaries_found": float(weights @ columns["near"] / passages)
        if passages
        else float("nan"),
    }
