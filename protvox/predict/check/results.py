"""Result of a check, with its JSON form and table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from protvox.comparable import Comparable
from protvox.messages import count
from protvox.predict.results.findings import CheckedResidue, Overall, Segment
from protvox.predict.results.json_documents import Check
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.pictures import ResidueFigures
from protvox.predict.results.records import InputInfo

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.results.residue_table import ResidueTable


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CheckResult(Comparable, ResidueFigures, JsonText):
    """What may be wrong with a model.

    Attributes
    ----------
    input
        The structure that was read.
    model
        ``name@version`` of the model that predicted the amino acids.
    overall
        How well the whole model fits its sequence.
    segments
        Stretches that may be wrong, in file order.
    residues
        Residues whose surroundings strongly favour another amino acid, in file order.
    table
        Probabilities at every residue, from surroundings with side chains. Not part of the JSON
        form.
    warnings
        Warnings, one sentence each.
    """

    input: InputInfo
    model: str
    overall: Overall
    segments: tuple[Segment, ...]
    residues: tuple[CheckedResidue, ...]
    table: ResidueTable
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line with the name and the numbers of segments and residues."""
        found = count(len(self.segments), "segment"), count(len(self.residues), "residue")
        return f"CheckResult({self.input.name!r}, {found[0]}, {found[1]})"

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), self.to_pandas(), self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the JSON form ``protvox.check/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats have 6 significant digits.
        """
        return Check.plain(
            input=self.input,
            model=self.model,
            overall=self.overall,
            segments=self.segments,
            residues=self.residues,
            warnings=self.warnings,
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per finding: segments, then residues.

        Returns
        -------
        pandas.DataFrame
            Columns ``input`` and those of `Segment`. A residue has the kind ``residue``, the
            logarithm of its odds, and its reasons after the suggestion.
        """
        import pandas as pd

        names = [field.name for field in fields(Segment)]
        rows = [[getattr(segment, name) for name in names] for segment in self.segments]
        rows += [_residue_row(residue) for residue in self.residues]
        frame = pd.DataFrame(rows, columns=names)
        frame["shift"] = frame["shift"].astype("Int64")
        frame.insert(0, "input", self.input.name)
        return frame


def _residue_row(residue: CheckedResidue) -> list[Any]:
    number = f"{residue.number}{residue.insertion_code}"
    text = f"The surroundings favour {residue.predicted} over {residue.wild_type}"
    if residue.reasons:
        text += f" ({'; '.join(residue.reasons)})"
    odds = float(np.log(residue.odds))
    return ["residue", residue.chain, number, number, None, odds, float("nan"), text]
