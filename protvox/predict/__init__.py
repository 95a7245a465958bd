"""Predictions: from a structure to probabilities.

Importing the package is cheap: torch comes in with `classify` and `load_predictor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protvox.predict.predictor import classify, load_predictor

__all__ = ["classify", "load_predictor"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from protvox.predict import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
