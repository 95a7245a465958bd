"""How good the ten best suggestions for a protein are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from protvox.predict.mutations.stability import Change

TOP: Final = 10
_REPEATS: Final = 500
_STABILISING: Final = -0.5
"""kcal/mol; a change below it is beyond the error of the measurements."""

_KEYS: Final = ["file", "number", "wild_type", "mutant"]


def best_ten(rows: pd.DataFrame, change: Change, peer: Path | None) -> dict[str, Any]:
    """Return how good the ten best suggestions for each protein of Megascale are.

    As in `protvox suggest`, one mutation per residue. All lists choose among the same mutations:
    those that were measured and that every program scored.

    Parameters
    ----------
    rows
        Measured mutations with scores, ``both``.
    change
        Their estimated changes, by the constants of other proteins.
    peer
        Scores by ProteinMPNN, see `experiments.mutations.proteinmpnn`; None for none.

    Returns
    -------
    dict
        For each list, means over proteins of the shares of measured changes below 0 and below
        -0.5 kcal/mol and of the changes, with 95 % intervals from resampling proteins, and the
        differences of the list by ``ddg`` from the others.
    """
    table = rows.assign(estimate=change.ddg)[rows["table"] == "Megascale"]
    columns = {"ddg": "estimate", "score": "both"}
    if peer is not None:
        scores = pd.read_csv(peer)
        scores["file"] = "stability/structures/" + scores["file"]
        table = table.merge(scores[[*_KEYS, "proteinmpnn"]], on=_KEYS)
        columns["proteinmpnn"] = "proteinmpnn"
    found: dict[str, list[list[float]]] = {name: [] for name in (*columns, "random")}
    for _, protein in table.groupby("protein"):
        for name, column in columns.items():
            best = protein.loc[protein.groupby("number")[column].idxmin()]
            found[name].append(_measures(best.nsmallest(TOP, column)["ddg"]))
        found["random"].append(_measures(protein["ddg"]))
    n = len(found["ddg"])
    again = np.random.default_rng(0).integers(0, n, (_REPEATS, n))
    result: dict[str, Any] = {"top": TOP, "n": len(table), "n_proteins": n}
    for name, values in found.items():
        array, best = np.array(values), np.array(found["ddg"])
        result[name] = {
            measure: {
                **_interval(array[:, i], again),
                "minus": _interval(best[:, i] - array[:, i], again),
            }
            for i, measure in enumerate(("stabilising", "clearly", "ddg"))
        }
    return result


def _measures(changes: pd.Series) -> list[float]:
    return [
        float((changes < 0).mean()),
        float((changes < _STABILISING).mean()),
        float(changes.mean()),
    ]


def _interval(values: np.ndarray, again: np.ndarray) -> dict[str, Any]:
    ends = np.percentile(values[again].mean(axis=1), [2.5, 97.5])
    return {"mean": float(values.mean()), "interval": ends.tolist()}
