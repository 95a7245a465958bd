"""Several mutations at once: how far they are from the sum of the single ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.predict.mutations.networks import Scorers, log_odds, solvent_log_probabilities
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import ProgressBar
from protvox.structure.disorder import DisorderOption
from protvox.structure.structure import Structure

Target = tuple[int, int, float]
"""Row of the predicted residues, index of the new amino acid, and weight; the copies of a residue
in identical chains share a weight of 1."""

_AT_ONCE: Final = 190
"""Variants predicted together; all mutants of ten residues."""


def couplings(
    scorers: Scorers,
    structure: Structure,
    residues: ResidueTable,
    parts: dict[str, NDArray[np.float64]],
    variants: Sequence[Sequence[Target]],
    progress: ProgressBar,
    disorder: DisorderOption,
) -> dict[str, NDArray[np.float64]]:
    """Return what mutations made at once score beyond the sum of the single ones.

    Parameters
    ----------
    scorers
        The networks.
    structure
        The whole structure.
    residues
        Its predicted residues.
    parts
        Task to the scores of single mutations, ``residue 20``, nats.
    variants
        What to score.
    progress
        Called with the number of variants done and in all.
    disorder
        See `protvox.predict.mutations.score.score_mutations`.

    Returns
    -------
    dict
        Task to ``variant`` float64, nats; 0 for single mutations and for those that do not see
        each other. Copies in identical chains count by their weights.

    Notes
    -----
    Each site is scored twice: among the wild-type residues, and with all other sites mutated, for
    which the environment network sees their backbones alone and the backbone network their new
    types. The score is the mean of both sums. For two sites this is the mean over the two orders
    in which they can be mutated.
    """
    found = {task: np.zeros(len(variants)) for task in parts}
    rows_of = structure_rows(structure, residues)
    wild = np.array([AMINO_ACID_INDEX[w] for w in residues.wild_type.tolist()], dtype=np.int64)
    several = [i for i, one in enumerate(variants) if len(one) > 1]
    for start in range(0, len(several), _AT_ONCE):
        progress(start, len(several))
        here = several[start : start + _AT_ONCE]
        together = [variants[i] for i in here]
        changed = [{int(rows_of[row]): AMINO_ACIDS[m] for row, m, _ in one} for one in together]
        for task, predictor in scorers.predictors.items():
            solvent = solvent_log_probabilities(predictor)
            among = predictor.predict_mutants(structure, changed, disorder=disorder)
            for index, targets, probabilities in zip(here, together, among, strict=True):
                rows, mutants, weights = (np.array(column) for column in zip(*targets, strict=True))
                odds = log_odds(probabilities, wild[rows], solvent)
                beyond = odds[np.arange(len(rows)), mutants] - parts[task][rows, mutants]
                found[task][index] = 0.5 * (weights * np.nan_to_num(beyond)).sum()
    # What is left of mutations that do not affect each other is rounding of float32.
    return {task: np.round(values, 5) for task, values in found.items()}


def structure_rows(structure: Structure, residues: ResidueTable) -> NDArray[np.int64]:
    """Return the row in the structure of each predicted residue.

    Parameters
    ----------
    structure
        The whole structure.
    residues
        Its predicted residues.

    Returns
    -------
    ndarray
        ``residue`` int64.
    """
    protein = np.flatnonzero(structure.is_protein)
    keys = zip(
        structure.chain[protein].tolist(),
        structure.number[protein].tolist(),
        structure.insertion_code[protein].tolist(),
        strict=True,
    )
    row_of = dict(zip(keys, protein.tolist(), strict=True))
    wanted = zip(
        residues.chain.tolist(),
        residues.number.tolist(),
        residues.insertion_code.tolist(),
        strict=True,
    )
    return np.array([row_of[key] for key in wanted], dtype=np.int64)
