"""Scores of mutations: frozen records, their JSON form and their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS
from protvox.comparable import Comparable
from protvox.errors import fail
from protvox.messages import count
from protvox.predict.mutations.mutation_list import Failure
from protvox.predict.mutations.table import MutationTable
from protvox.predict.results.identical_rows import add_identical_rows
from protvox.predict.results.json_documents import (
    COMBINED,
    MEANING,
    FailedMutation,
    Mutations,
)
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.pictures import ResidueFigures
from protvox.predict.results.records import InputInfo
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.results.rows import mutation_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MutationScores(Comparable, ResidueFigures, JsonText):
    """Scores of the mutations of one structure.

    Attributes
    ----------
    input
        The structure that was read.
    models
        Task (``"environment"``, ``"backbone"``) to ``name@version`` of its model.
    residues
        Probabilities at every residue that could be predicted, by the first of the models.
    matrix
        ``residue 20`` float64, nats, the score of every substitution; 0 for what is present.
    table
        The requested mutations, or all.
    failures
        Requested mutations that have no score, with reasons.
    warnings
        Warnings, one sentence each.
    """

    input: InputInfo
    models: Mapping[str, str]
    residues: ResidueTable
    matrix: NDArray[np.float64]
    table: MutationTable
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line with the name and the numbers of scores and failures."""
        scored, failed = count(len(self.table), "mutation"), len(self.failures)
        return f"MutationScores({self.input.name!r}, {scored}, {failed} failed)"

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), self.ranked().to_pandas(), self.warnings)

    @property
    def model(self) -> str:
        """``name@version`` of the models, for titles."""
        return ", ".join(self.models.values())

    def ranked(self, by: Literal["score", "binding"] = "score") -> MutationScores:
        """Return the same in order of a score, the lowest first, failures last.

        Parameters
        ----------
        by
            ``"score"``, of stability; or ``"binding"``, rows without one last.

        Raises
        ------
        UsageError
            If binding was not scored (``usage.sort.binding``).
        """
        scores = self.table.score if by == "score" else self.table.binding
        if scores is None:
            raise fail("usage.sort.binding", where="sort")
        order = np.argsort(scores, kind="stable")
        table = self.table.take(order)
        failures = [replace(f, row=len(order) + i) for i, f in enumerate(self.failures)]
        return replace(self, table=table, failures=tuple(failures))

    def to_dict(self) -> dict[str, Any]:
        """Return the scores by the schema ``protvox.mutations/3``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats rounded to 6 significant digits.
        """
        names = tuple(FailedMutation.model_fields)
        document = Mutations.plain(
            input=self.input,
            models=self.models,
            score=COMBINED if len(self.models) > 1 else MEANING,
            mutations=[],
            failures=[],
            warnings=self.warnings,
        )
        document["mutations"] = mutation_rows(self.table)
        document["failures"] = [{name: getattr(f, name) for name in names} for f in self.failures]
        return document

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per mutation, with the columns of the table; values are not rounded.

        Mutations that could not be scored have rows without a score, in list order, with the
        reason in a last column ``note``.
        """
        import pandas as pd

        table = self.table
        names = table.columns
        frame = pd.DataFrame({name: getattr(table, name) for name in names}, index=table.row)
        if table.several.any() or self.failures:
            frame["number"] = frame["number"].astype("Int32").mask(table.several)
        if not self.failures:
            return add_identical_rows(frame.reset_index(drop=True), [self.input])
        failed = pd.DataFrame(
            [_failed_row(failure) for failure in self.failures],
            index=[failure.row for failure in self.failures],
        )
        frame["note"] = ""
        failed["number"] = failed["number"].astype("Int32")
        for name in ("binding", "coupling"):
            if name in frame:
                failed[name] = np.nan
        if "copies" in frame:
            failed["copies"] = ""
        if "disordered" in frame:
            frame["disordered"] = frame["disordered"].astype("boolean")
            failed["plddt"] = np.float32(np.nan)
            failed["disordered"] = pd.array([None] * len(failed), dtype="boolean")
        both = pd.concat([frame, failed]) if len(frame) else failed
        both = both.sort_index(kind="stable").reset_index(drop=True)[[*names, "note"]]
        return add_identical_rows(both, [self.input])


def substitutions(residues: ResidueTable) -> NDArray[np.bool_]:
    """Return which amino acids are not the one present.

    Parameters
    ----------
    residues
        Residues of standard amino acids.

    Returns
    -------
    ndarray
        ``residue 20`` bool, 19 True in every row.
    """
    other: NDArray[np.bool_] = residues.wild_type[:, None] != np.array(AMINO_ACIDS)
    return other


def _failed_row(failure: Failure) -> dict[str, Any]:
    given = failure.requested.mutations if failure.requested else ()
    only = given[0] if len(given) == 1 else None
    chains = {mutation.chain or "" for mutation in given}
    return {
        "chain": chains.pop() if len(chains) == 1 else "",
        "number": only.number if only else None,
        "insertion_code": only.insertion_code if only else "",
        "wild_type": only.wild_type if only else "",
        "mutant": only.mutant if only else "",
        "mutation": only.substitution if only else failure.mutation,
        "score": np.nan,
        "percentile": np.nan,
        "environment": np.nan,
        "backbone": np.nan,
        "ddg": np.nan,
        "ddg_low": np.nan,
        "ddg_high": np.nan,
        "p_destabilising": np.nan,
        "note": failure.why,
    }
