"""Warnings about CATH predictions."""

from __future__ import annotations

from collections.abc import Sequence

from protvox.messages import chain_label
from protvox.predict.results.records import DomainPrediction, DomainRecord
from protvox.registry.card import Card
from protvox.tasks.cath.applicability import explain_flag


def range_warning(prediction: DomainRecord, card: Card) -> str | None:
    """Warn of a domain unlike those the model was trained on.

    Parameters
    ----------
    prediction
        The domain, with its flags.
    card
        Card of the model.

    Returns
    -------
    str or None
        One sentence, None if the domain is ordinary.
    """
    if prediction.in_range:
        return None
    label = prediction.id if prediction.chopping else chain_label(prediction.chain)
    reasons = " and ".join(explain_flag(flag) for flag in prediction.flags)
    if card.n_residues is not None and {"too_long", "too_short"} & set(prediction.flags):
        low, high = card.n_residues
        return (
            f"{label} has {prediction.n_residues} residues, the domains the model was "
            f"trained on have {low} to {high}: {reasons}."
        )
    return f"{label} is unlike the domains the model was trained on: {reasons}."


def vote_warning(predictions: Sequence[DomainPrediction], card: Card) -> str | None:
    """Warn of predictions made without the nearest known domains, where the card wants them.

    Parameters
    ----------
    predictions
        Those for the domains of a structure.
    card
        Card of the model.

    Returns
    -------
    str or None
        One sentence, None if the predictions are made as the card says.
    """
    if card.vote is None or all(one.embedding is not None for one in predictions):
        return None
    return (
        f"{card.reference} predicts with its network alone: the index of known domains, which "
        "contributes to its predictions, is missing or belongs to other weights. Expect more "
        "errors than its card says, or install protvox again."
    )
