"""The models that a run uses."""

from __future__ import annotations

from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions


def models_in_use(options: ScoreOptions) -> dict[str, str]:
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
    from protvox.registry.installed import find

    cards = [find(name).card for name in scoring_task(options.task).models(options)]
    return {card.reference: card.sha256 for card in cards}
