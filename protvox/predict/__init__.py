"""Predictions: from a structure to probabilities.

Importing the package is cheap: torch comes in with its functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protvox.predict.embedding import embed
    from protvox.predict.index_search import search
    from protvox.predict.mutations import score_mutations
    from protvox.predict.predictor import classify, load_predictor

__all__ = ["classify", "embed", "load_predictor", "score_mutations", "search"]

_HOMES = {"embed": "embedding", "score_mutations": "mutations", "search": "index_search"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = _HOMES.get(name, "predictor")
        return getattr(import_module(f"protvox.predict.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
