"""How well a whole model fits its sequence, compared with structures of the PDB."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from protvox.predict.results.findings import Overall
from protvox.predict.results.residue_table import ResidueTable

REFERENCE_FILE: Final = Path(__file__).parent / "reference.json"


def log_likelihood(table: ResidueTable) -> float:
    """Return the mean log probability of the modelled amino acids, nats.

    Parameters
    ----------
    table
        Probabilities, at least one residue.
    """
    tiny = np.finfo(np.float32).tiny
    return float(np.log(np.clip(table.p_wild_type, tiny, None), dtype=np.float64).mean())


def compare_overall(table: ResidueTable) -> Overall:
    """Compare a model with the reference structures.

    Parameters
    ----------
    table
        Probabilities, from surroundings with side chains; at least one residue.

    Returns
    -------
    Overall
        The percentile is interpolated between the quantiles of the reference.
    """
    value = log_likelihood(table)
    reference = _reference()
    quantiles = np.array(reference["quantiles"])
    percentile = np.interp(value, quantiles, np.linspace(0, 100, len(quantiles)))
    return Overall(len(table), value, float(percentile), str(reference["name"]))


@lru_cache(maxsize=1)
def _reference() -> dict[str, Any]:
    reference: dict[str, Any] = json.loads(REFERENCE_FILE.read_text(encoding="utf-8"))
    return reference
