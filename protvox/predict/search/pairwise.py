"""Alignment of two structures as a result, with its JSON form and table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from protvox.comparable import Comparable
from protvox.predict.results.alignment_document import AlignedPart, PairwiseAlignment
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.records import InputInfo

if TYPE_CHECKING:
    import pandas as pd

    from protvox.structure.alignment.structures import StructureAlignment

COLUMNS: Final = (
    "id",
    "target",
    "n_residues",
    "n_target",
    "tm_score",
    "tm_score_target",
    "rmsd",
    "n_aligned",
    "identity",
    "alignment",
    "alignment_target",
)
"""Columns of the table."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlignmentResult(Comparable, JsonText):
    """An alignment of parts of two structures.

    Attributes
    ----------
    found
        The alignment.
    """

    found: StructureAlignment

    def __repr__(self) -> str:
        """Return one line with the names and the scores."""
        query, target = self.found.query.name, self.found.target.name
        alignment = self.found.alignment
        return (
            f"AlignmentResult({query!r}, {target!r}, TM-score {alignment.tm_query:.3f}, "
            f"RMSD {alignment.rmsd:.2f} Å)"
        )

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), self.to_pandas(), ())

    @property
    def inputs(self) -> tuple[InputInfo, InputInfo]:
        """Query and target as they were read."""
        return InputInfo.of(self.found.query), InputInfo.of(self.found.target)

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the JSON form ``protvox.align/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats have 6 significant digits.
        """
        found, alignment = self.found, self.found.alignment
        rows = alignment.rows
        query, target = self.inputs
        pairs = [
            (
                found.query.where(int(found.query_residues[a])),
                found.target.where(int(found.target_residues[b])),
            )
            for a, b in alignment.pairs.tolist()
        ]
        return PairwiseAlignment.plain(
            query=AlignedPart(query, len(found.query_residues), alignment.tm_query, rows[0]),
            target=AlignedPart(target, len(found.target_residues), alignment.tm_target, rows[1]),
            n_aligned=alignment.n_aligned,
            rmsd=alignment.rmsd,
            identity=alignment.identity,
            rotation=tuple(map(tuple, alignment.rotation.tolist())),
            translation=tuple(alignment.translation.tolist()),
            pairs=tuple(pairs),
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return one row, with the columns of `COLUMNS`."""
        import pandas as pd

        found, alignment = self.found, self.found.alignment
        query, target = self.inputs
        row = (
            query.name,
            target.name,
            len(found.query_residues),
            len(found.target_residues),
            alignment.tm_query,
            alignment.tm_target,
            alignment.rmsd,
            alignment.n_aligned,
            alignment.identity,
            *alignment.rows,
        )
        return pd.DataFrame([row], columns=list(COLUMNS))
