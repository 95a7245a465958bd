"""Scores of mutations for binding: the complex less its partners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import chain_label, listing
from protvox.predict.mutations.coupling import Target, couplings, structure_rows
from protvox.predict.mutations.networks import Scorers
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.task import ProgressBar
from protvox.structure.disorder import DisorderOption
from protvox.structure.structure import Structure

Partners = tuple[tuple[str, ...], ...]
"""Chains of each partner."""


def parse_partners(text: str, structure: Structure) -> Partners:
    """Read which chains bind which.

    Parameters
    ----------
    text
        ``"A,B|C"``: chains A and B together bind chain C. More than two partners may be named.
    structure
        The structure that has them.

    Raises
    ------
    UsageError
        ``usage.binding`` if it is not of this form, ``usage.binding.twice`` if a chain is named
        twice.
    InputError
        ``mutation.chain.unknown`` if the structure has no such protein chain.
    """
    partners = tuple(
        tuple(name.strip() for name in part.split(",") if name.strip()) for part in text.split("|")
    )
    if len(partners) < 2 or not all(partners):
        raise fail("usage.binding", where=f"binding {text}")
    names = [name for partner in partners for name in partner]
    for name in names:
        if names.count(name) > 1:
            raise fail("usage.binding.twice", where=f"binding {text}", chain=name)
        if name not in structure.protein_chains:
            raise fail(
                "mutation.chain.unknown",
                where=f"binding {text}",
                chain=chain_label(name),
                chains=listing(structure.protein_chains, most=30),
            )
    return partners


def binding_scores(
    scorers: Scorers,
    structure: Structure,
    residues: ResidueTable,
    partners: Partners,
    variants: Sequence[Sequence[Target]],
    progress: ProgressBar,
    disorder: DisorderOption,
) -> NDArray[np.float64]:
    """Return the scores of mutations in a complex, less those in its separated partners.

    Parameters
    ----------
    scorers
        The networks.
    structure
        The whole structure.
    residues
        Its predicted residues.
    partners
        Chains of each partner. The complex is all of them; other chains are not seen.
    variants
        What to score.
    progress, disorder
        See `protvox.predict.mutations.score.score_mutations`.

    Returns
    -------
    ndarray
        ``variant`` float64, nats, positive = predicted to weaken the complex; NaN if a residue
        is in none of the partners.

    Notes
    -----
    The mean of a chain is not subtracted: it would not be the same in both states. The partners
    keep the backbone that they have in the complex.
    """
    chains = [name for partner in partners for name in partner]
    of_complex = np.isin(residues.chain, chains)
    bound = _scores(scorers, structure, residues, chains, variants, progress, disorder)
    for partner in partners:
        bound -= _scores(scorers, structure, residues, partner, variants, progress, disorder)
    outside = [not all(of_complex[row] for row, *_ in one) for one in variants]
    return np.where(outside, np.nan, np.round(bound, 5))


def _scores(
    scorers: Scorers,
    structure: Structure,
    residues: ResidueTable,
    chains: Sequence[str],
    variants: Sequence[Sequence[Target]],
    progress: ProgressBar,
    disorder: DisorderOption,
) -> NDArray[np.float64]:
    """Return the scores of the mutations in some chains, where these are alone."""
    own = np.isin(residues.chain, chains)
    here = [[target for target in one if own[target[0]]] for one in variants]
    rows = np.array(sorted({row for one in here for row, *_ in one}), dtype=np.int64)
    scores = np.zeros(len(variants))
    if not len(rows):
        return scores
    kept = np.isin(structure.chain, chains)
    wanted = np.zeros(structure.n_residues, dtype=np.bool_)
    wanted[structure_rows(structure, residues)[rows]] = True
    alone = structure.select(kept)
    table, _, parts = scorers.predict(alone, wanted[kept], progress, disorder=disorder)
    row_of = {row: i for i, row in enumerate(rows.tolist())}
    moved = [[(row_of[row], mutant, weight) for row, mutant, weight in one] for one in here]
    beyond = couplings(scorers, alone, table, parts, moved, progress, disorder)
    mixed = scorers.mix(parts)
    for i, one in enumerate(moved):
        scores[i] = sum(weight * mixed[row, mutant] for row, mutant, weight in one)
    total: NDArray[np.float64] = scores + scorers.mix(beyond)
    return total
