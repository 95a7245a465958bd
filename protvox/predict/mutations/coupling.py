"""Several mutations at once: how far they are from the sum of the single ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.predict.mutations.locate import Located
from protvox.predict.mutations.mutant import mutate
from protvox.predict.mutations.networks import Scorers, score_matrix, solvent_log_probabilities
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import ProgressBar
from protvox.structure.disorder import DisorderOption
from protvox.structure.structure import Structure

REACH: Final = 25.0
"""Distance of CA atoms beyond which mutations do not affect each other, Å: farther than the
environment network sees, and than nearly all of the 32 neighbours of the backbone network."""


def couplings(
    scorers: Scorers,
    structure: Structure,
    residues: ResidueTable,
    parts: dict[str, NDArray[np.float64]],
    variants: Sequence[Located],
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
        Task to ``variant`` float64, nats; 0 for single mutations and for those out of reach of each
        other.

    Notes
    -----
    Each site is scored twice: among the wild-type residues, and with all other sites mutated, for
    which the environment network sees their backbones alone and the backbone network their new
    types. The score is the mean of both sums. For two sites this is the mean over the two orders
    in which they can be mutated.
    """
    found = {task: np.zeros(len(variants)) for task in parts}
    rows_of = _structure_rows(structure, residues)
    ca = structure.backbone()[rows_of, 1].astype(np.float64)
    several = [i for i, one in enumerate(variants) if len(one.targets) > 1]
    for done, index in enumerate(several):
        progress(done, len(several))
        targets = [t for t in variants[index].targets if _in_reach(t[0], variants[index], ca)]
        if not targets:
            continue
        rows = np.array([row for row, _ in targets])
        mutants = np.array([column for _, column in targets])
        wild = np.array([AMINO_ACID_INDEX[w] for w in residues.wild_type[rows].tolist()])
        changed = mutate(
            structure,
            {int(rows_of[row]): AMINO_ACIDS[column] for row, column in variants[index].targets},
        )
        wanted = np.zeros(structure.n_residues, dtype=np.bool_)
        wanted[rows_of[rows]] = True
        order = np.argsort(np.argsort(rows_of[rows]))
        for task, predictor in scorers.predictors.items():
            table, _ = predictor.predict_residues(changed, wanted, disorder=disorder)
            matrix = score_matrix(table, solvent_log_probabilities(predictor))[order]
            here = np.arange(len(rows))
            after = matrix[here, mutants] - matrix[here, wild]
            found[task][index] = 0.5 * (after - parts[task][rows, mutants]).sum()
    # What is left of mutations that do not affect each other is rounding of float32.
    return {task: np.round(values, 5) for task, values in found.items()}


def _structure_rows(structure: Structure, residues: ResidueTable) -> NDArray[np.int64]:
    """Return the row in the structure of each predicted residue, ``residue`` int64."""
    protein = np.flatnonzero(structure.is_protein)
    keys = zip(
        structure.chain[protein].tolist(),
        structure.number[protein].tolist(),
        structure.insertion_code[protein].tolist(),
        strict=True,
    )
    rows = dict(zip(keys, protein.tolist(), strict=True))
    wanted = zip(
        residues.chain.tolist(),
        residues.number.tolist(),
        residues.insertion_code.tolist(),
        strict=True,
    )
    return np.array([rows[key] for key in wanted], dtype=np.int64)


def _in_reach(row: int, variant: Located, ca: NDArray[np.float64]) -> bool:
    """Return whether another mutation of the variant is near a residue."""
    others = np.array([other for other, _ in variant.targets if other != row])
    return bool((np.linalg.norm(ca[others] - ca[row], axis=1) < REACH).any())
