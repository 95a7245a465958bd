"""How well a whole model fits its sequence, compared with structures of similar kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.check.residues import LOW_PLDDT, rows_of
from protvox.predict.results.findings import Overall
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.structure import Structure

REFERENCE_FILE: Final = Path(__file__).parent / "reference.json"

NEAREST: Final = 40
"""Number of X-ray structures, those nearest in resolution, that a structure is compared with."""

PREDICTED: Final = "predicted"
POOR: Final = 2.5
"""Percentile below which a model is probably wrong."""

_LEAST: Final = 30
"""Residues below which a mean scatters too much to be compared."""

_FINE: Final = 2.0
"""Resolution up to which X-ray structures are compared with predicted models, Å."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Structures that models are compared with, from ``experiments.check.reference``.

    Attributes
    ----------
    resolution, xray
        ``structure`` float64, resolution (Å, increasing) and log likelihood (nats) of X-ray
        structures.
    nmr
        ``structure`` float64, log likelihood of NMR structures.
    """

    resolution: NDArray[np.float64]
    xray: NDArray[np.float64]
    nmr: NDArray[np.float64]

    def like(self, method: str, resolution: float | None) -> tuple[NDArray[np.float64], str]:
        """Return the log likelihoods of the structures of the same kind, and their description.

        Parameters
        ----------
        method
            See `Overall`.
        resolution
            Å; None if unknown.
        """
        if method == "NMR":
            return self.nmr, f"{len(self.nmr)} NMR structures"
        if method == PREDICTED:
            fine = self.resolution <= _FINE
            name = f"{int(fine.sum())} X-ray structures of up to {_FINE:.1f} Å"
            return self.xray[fine], f"{name} (there are no predicted models among them)"
        if resolution is None:
            every = np.concatenate([self.xray, self.nmr])
            return every, f"{len(every)} X-ray and NMR structures"
        distance = np.abs(self.resolution - resolution)
        near = np.sort(np.argsort(distance, kind="stable")[:NEAREST])
        ends = self.resolution[near[0]], self.resolution[near[-1]]
        name = f"{len(near)} X-ray structures of {ends[0]:.1f} to {ends[1]:.1f} Å"
        if method not in ("", "X-ray"):
            name += f" (there are no {method} structures among them)"
        return self.xray[near], name


def log_likelihood(p_wild_type: NDArray[np.floating]) -> float:
    """Return the mean log probability of the modelled amino acids, nats.

    Parameters
    ----------
    p_wild_type
        ``residue``, probability of the modelled amino acid; at least one residue.
    """
    tiny = np.finfo(np.float32).tiny
    return float(np.log(np.clip(p_wild_type, tiny, None), dtype=np.float64).mean())


def compare_overall(structure: Structure, table: ResidueTable) -> Overall:
    """Compare a model with structures of similar kind.

    Parameters
    ----------
    structure
        The structure, with the method and the resolution that its file states.
    table
        Probabilities, from surroundings with side chains; at least one residue. Of predicted
        models, only residues with a pLDDT of at least `LOW_PLDDT` are compared, if there are any.
    """
    p_wild_type = table.p_wild_type
    if structure.plddt is not None:
        reliable = ~(structure.plddt[rows_of(structure, table)] < LOW_PLDDT)
        p_wild_type = p_wild_type[reliable] if reliable.any() else p_wild_type
    value = log_likelihood(p_wild_type)
    experiment = structure.experiment
    method = PREDICTED if structure.plddt is not None else str(experiment.method)
    values, name = released_reference().like(method, experiment.resolution)
    return Overall(
        n_residues=len(p_wild_type),
        log_likelihood=value,
        percentile=float(100 * np.mean(values < value)),
        reference=name,
        method=method,
        resolution=float("nan") if experiment.resolution is None else experiment.resolution,
    )


def poor_fit_warning(structure: Structure, table: ResidueTable) -> str | None:
    """Warn of a model whose sequence hardly fits it, before something else is predicted from it.

    Parameters
    ----------
    structure, table
        See `compare_overall`; from the model that the reference was made with.

    Returns
    -------
    str or None
        One sentence; None if the percentile is at least `POOR`, or there are too few residues.
    """
    overall = compare_overall(structure, table)
    if overall.percentile >= POOR or overall.n_residues < _LEAST:
        return None
    return (
        "The sequence fits this model worse than in "
        f"{100 - overall.percentile:.0f} % of {overall.reference}, so the model may be wrong; "
        "check it first (protvox check), because mutations suggested for a wrong model "
        "repair the model and not the protein."
    )


@lru_cache(maxsize=1)
def released_reference() -> Reference:
    """Return the reference of the released environment model."""
    found = json.loads(REFERENCE_FILE.read_text(encoding="utf-8"))
    xray = np.array(found["xray"], dtype=np.float64)
    return Reference(xray[:, 0], xray[:, 1], np.array(found["nmr"], dtype=np.float64))
