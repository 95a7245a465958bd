"""What to know before believing an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import BACKBONE_ATOMS
from protvox.messages import chain_label
from protvox.predict.applicability import explain_flag
from protvox.predict.results.prediction import DomainPrediction
from protvox.predict.results.records import DomainRecord
from protvox.registry.card import Card
from protvox.structure.structure import Structure

_BARE_ATOMS: Final = (*BACKBONE_ATOMS, "CB", "OXT")
_SMALL: Final = ("GLY", "ALA", "")


def range_advice(answer: DomainRecord, card: Card) -> str | None:
    """Warn of a domain unlike those the model was trained on.

    Parameters
    ----------
    answer
        The answer for the domain.
    card
        Of the model that gave it.

    Returns
    -------
    str or None
        One sentence, None if the domain is ordinary.
    """
    if answer.in_range:
        return None
    place = answer.id if answer.chopping else chain_label(answer.chain)
    reasons = " and ".join(explain_flag(doubt) for doubt in answer.flags)
    if card.n_residues is not None and {"too_long", "too_short"} & set(answer.flags):
        low, high = card.n_residues
        return (
            f"{place} has {answer.n_residues} residues, the domains the model was "
            f"trained on have {low} to {high}: {reasons}."
        )
    return f"{place} is unlike the domains the model was trained on: {reasons}."


def vote_advice(answers: Sequence[DomainPrediction], card: Card) -> str | None:
    """Warn of answers that the nearest known domains should have had a say in, and had not.

    Parameters
    ----------
    answers
        Those for the domains of a structure.
    card
        Of the model that gave them.

    Returns
    -------
    str or None
        One sentence, None if all is as the card says, which may leave it to the network.
    """
    if card.vote is None or all(answer.embedding is not None for answer in answers):
        return None
    return (
        f"{card.reference} answers by its network alone: the index of known domains, which has a "
        "say in its answers, is not beside it or belongs to other weights. Expect more errors "
        "than its card says, or install protvox again."
    )


def side_chain_advice(structure: Structure, residues: NDArray[np.bool_], what: str) -> str | None:
    """Warn of residues that mostly have no side chains, which the environment model reads.

    Parameters
    ----------
    structure
        The structure.
    residues
        ``residue`` mask of those that an answer rests on.
    what
        The answer, for the sentence.

    Returns
    -------
    str or None
        One sentence, None if at least half of the residues that should have side-chain atoms
        beyond CB have some.
    """
    due = residues & structure.is_protein & ~np.isin(structure.parent, _SMALL)
    beyond = structure.residue_index[~np.isin(structure.atom_name, _BARE_ATOMS)]
    has = np.zeros(structure.n_residues, dtype=np.bool_)
    has[beyond] = True
    if not due.any() or 2 * int((due & has).sum()) >= int(due.sum()):
        return None
    return (
        f"{what}: {int((due & ~has).sum())} of {int(due.sum())} residues lack their side "
        "chains, which the model reads; the answer is worth less than its probability says."
    )
