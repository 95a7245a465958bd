"""The models that a run uses."""

from __future__ import annotations

from protvox.batch.options import BatchOptions


def models_in_use(options: BatchOptions) -> dict[str, str]:
    """Return ``name@version`` of each model in use, and the SHA-256 of its weights.

    Parameters
    ----------
    options
        Options of the run.

    Raises
    ------
    ModelError
        If there is no such model, or it is for another task.
    """
    from protvox.predict.classify import model_names
    from protvox.registry.installed import find

    cards = [find(name).card for name in model_names(options.task, options.model).values()]
    return {card.reference: card.sha256 for card in cards}
