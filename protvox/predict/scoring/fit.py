"""How well a structure fits its sequence: one row per structure, to rank many of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.scoring.rows import NAME
from protvox.predict.scoring.task import Distribution, Ranking

TABLE: Final = "structures"
"""Name of the table with one row per structure."""

LENGTH: Final = 11
"""Residues of a stretch."""

STRETCHES: Final = 3
"""Stretches listed for each structure, none of which overlap."""

COLUMNS: Final = (
    ("n_residues", pa.int32()),
    ("log_likelihood", pa.float64()),
    ("recovered", pa.float64()),
    ("worst_stretch", NAME),
    ("worst_log_likelihood", pa.float64()),
    ("stretches", NAME),
)
"""Columns of `describe_fit`."""

HEADINGS: Final = {
    "n_residues": "residues",
    "log_likelihood": "mean log-likelihood",
    "recovered": "predicted right",
    "worst_stretch": "worst stretch",
    "worst_log_likelihood": "of the stretch",
}

VIEWS: Final = (
    Distribution(
        TABLE,
        "log_likelihood",
        "Mean log-likelihood",
        "One count per structure: the mean log probability of the amino acids present, nats. "
        "Well-refined structures are near -1.1.",
        -4.0,
        0.0,
    ),
    Distribution(
        TABLE,
        "recovered",
        "Share of residues predicted right",
        "One count per structure. Well-refined structures are near 0.6.",
        0.0,
        1.0,
    ),
)


class Stretch(NamedTuple):
    """Consecutive residues of a chain.

    Attributes
    ----------
    where
        Author numbers of its ends, ``A:22-32``.
    log_likelihood
        Mean log probability of its amino acids, nats.
    """

    where: str
    log_likelihood: float


def describe_fit(table: ResidueTable) -> dict[str, Any]:
    """Return the columns of `COLUMNS` for a structure.

    Parameters
    ----------
    table
        Probabilities at its residues, at least one.

    Returns
    -------
    dict
        ``log_likelihood`` is the mean log probability of the amino acids present (nats, higher is
        better), ``recovered`` the share of residues at which the most probable amino acid is the
        one present, ``worst_stretch`` the stretch with the lowest mean, and ``stretches`` the
        worst ones as text.
    """
    logs = _log_probabilities(table)
    worst = worst_stretches(table)
    return {
        "n_residues": len(table),
        "log_likelihood": float(logs.mean()),
        "recovered": float((table.predicted == table.wild_type).mean()),
        "worst_stretch": worst[0].where,
        "worst_log_likelihood": worst[0].log_likelihood,
        "stretches": "; ".join(f"{one.where} {one.log_likelihood:.2f}" for one in worst),
    }


def worst_stretches(
    table: ResidueTable, length: int = LENGTH, most: int = STRETCHES
) -> tuple[Stretch, ...]:
    """Return the stretches whose amino acids are the least probable, worst first.

    Parameters
    ----------
    table
        Probabilities at residues, in file order, at least one.
    length
        Residues of a stretch; of a shorter chain, all.
    most
        Most stretches; they do not overlap.
    """
    logs = _log_probabilities(table)
    chains = [np.flatnonzero(table.chain == name) for name in dict.fromkeys(table.chain.tolist())]
    found: list[tuple[float, int, int, int]] = []
    for chain, rows in enumerate(chains):
        size = min(length, len(rows))
        sums = np.concatenate([[0.0], np.cumsum(logs[rows])])
        means = (sums[size:] - sums[:-size]) / size
        found += [(mean, chain, at, at + size) for at, mean in enumerate(means.tolist())]
    used = [np.zeros(len(rows), dtype=bool) for rows in chains]
    worst: list[Stretch] = []
    for mean, chain, at, end in sorted(found):
        if len(worst) == most:
            break
        if not used[chain][at:end].any():
            used[chain][at:end] = True
            worst.append(Stretch(_where(table, chains[chain][at], chains[chain][end - 1]), mean))
    return tuple(worst)


def _where(table: ResidueTable, first: int, last: int) -> str:
    ends = [f"{table.number[row]}{table.insertion_code[row]}" for row in (first, last)]
    return f"{table.chain[first]}:{ends[0]}-{ends[1]}"


def _log_probabilities(table: ResidueTable) -> NDArray[np.float64]:
    """Return the log probability of each amino acid present, ``residue`` float64, nats."""
    tiny = np.finfo(np.float32).tiny
    logs: NDArray[np.float64] = np.log(np.clip(table.p_wild_type, tiny, None).astype(np.float64))
    return logs


def ranking(title: str, note: str, column: str, **more: str) -> Ranking:
    """Return the structures with the lowest values of a column, for a report.

    Parameters
    ----------
    title, note
        For people.
    column
        Column of the table of structures.
    more
        Further columns to their headings, shown before those of the fit.
    """
    return Ranking(TABLE, column, title, note, {**more, **HEADINGS})
