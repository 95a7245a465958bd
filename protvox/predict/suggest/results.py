"""Suggested mutations, their JSON form and their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from protvox.comparable import Comparable
from protvox.messages import count
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.records import InputInfo
from protvox.predict.results.suggestion_document import Suggestion, Suggestions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SuggestionResult(Comparable, JsonText):
    """Mutations of one structure that may stabilise it.

    Attributes
    ----------
    input
        The structure that was read.
    models
        Task to ``name@version`` of its model.
    suggestions
        Best first, one per residue.
    warnings
        One sentence each.
    """

    input: InputInfo
    models: Mapping[str, str]
    suggestions: tuple[Suggestion, ...]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line with the name and the number of suggestions."""
        return (
            f"SuggestionResult({self.input.name!r}, {count(len(self.suggestions), 'suggestion')})"
        )

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), self.to_pandas(), self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestions by the schema ``protvox.suggest/1``."""
        return Suggestions.plain(
            input=self.input,
            models=self.models,
            suggestions=self.suggestions,
            warnings=self.warnings,
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per suggestion; lists are joined by blanks, and values not rounded."""
        import pandas as pd

        names = [field.name for field in fields(Suggestion)]
        rows = [[getattr(one, name) for name in names] for one in self.suggestions]
        frame = pd.DataFrame(rows, columns=names)
        for name in ("flags", "alternatives", "copies"):
            frame[name] = frame[name].map(" ".join)
        return frame
