"""Checks of models as a task that scores many structures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from protvox.predict.scoring import fit
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.rows import NAME, frame_rows
from protvox.predict.scoring.task import Distribution, Ranking, Scores, ScoringTask
from protvox.registry.tasks import ANALYSES
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.predict.check.results import CheckResult

TABLE: Final = "findings"

_COLUMNS: Final = (
    ("kind", NAME),
    ("chain", NAME),
    ("first", NAME),
    ("last", NAME),
    ("shift", pa.int32()),
    ("log_odds", pa.float64()),
    ("p_value", pa.float64()),
    ("suggestion", NAME),
)
_OVERALL: Final = (
    ("percentile", pa.float64()),
    ("reference", NAME),
    ("method", NAME),
    ("resolution", pa.float64()),
    ("n_segments", pa.int32()),
    ("n_suspicious", pa.int32()),
    ("n_unexplained", pa.int32()),
    ("smallest_p_value", pa.float64()),
    ("segments", NAME),
)


class CheckTask(ScoringTask):
    """Find what may be wrong with models."""

    name = "check"
    title = ANALYSES["check"]
    options = frozenset(("sequences",))

    def models(self, options: ScoreOptions) -> tuple[str | Path, ...]:
        """Return the name of the model, see `ScoringTask.models`."""
        from protvox.predict.check.check import MODEL

        return (MODEL,)

    def schemas(self, options: ScoreOptions) -> dict[str, pa.Schema]:
        """Return one row per structure and one per finding, see `ScoringTask.schemas`."""
        return {
            fit.TABLE: pa.schema([*fit.COLUMNS, *_OVERALL]),
            TABLE: pa.schema(_COLUMNS),
        }

    def score(
        self,
        structure: Structure,
        options: ScoreOptions,
        *,
        chain: str | None = None,
        chopping: str = "",
        device: str = "auto",
    ) -> Scores:
        """Score a structure, see `ScoringTask.score`; whole chains only."""
        import pandas as pd

        from protvox.predict.check.check import check

        result = check(structure, sequences=options.sequences, chain=chain, device=device)
        schemas = self.schemas(options)
        tables = {
            fit.TABLE: frame_rows(pd.DataFrame([_structure_row(result)]), schemas[fit.TABLE]),
            TABLE: frame_rows(result.to_pandas(), schemas[TABLE]),
        }
        return Scores(result.input, tables, result.warnings)

    def views(self) -> Sequence[Ranking | Distribution]:
        """Return what a report shows, see `ScoringTask.views`."""
        return (
            Distribution(
                fit.TABLE,
                "percentile",
                "Percentile among structures of the same kind",
                "One count per structure. Structures of the PDB are spread evenly.",
                0.0,
                100.0,
            ),
            fit.VIEWS[0],
            Ranking(
                TABLE,
                "log_odds",
                "Segments that may be wrong",
                "Those that fit the suggestion best, and single residues.",
                {
                    "kind": "kind",
                    "chain": "chain",
                    "first": "first",
                    "last": "last",
                    "p_value": "p",
                    "suggestion": "suggestion",
                },
                highest=True,
            ),
            fit.ranking(
                "Structures with the lowest percentile",
                "Lowest first. The table structures has all of them.",
                "percentile",
                percentile="percentile",
                n_segments="segments",
                n_suspicious="suspicious residues",
            ),
        )


def _structure_row(result: CheckResult) -> dict[str, Any]:
    overall = result.overall
    segments = result.segments
    return {
        **fit.describe_fit(result.table),
        # Without residues of a low pLDDT, as in the percentile.
        "n_residues": overall.n_residues,
        "log_likelihood": overall.log_likelihood,
        "percentile": overall.percentile,
        "reference": overall.reference,
        "method": overall.method,
        "resolution": overall.resolution,
        "n_segments": len(segments),
        "n_suspicious": len(result.residues),
        "n_unexplained": sum(not residue.reasons for residue in result.residues),
        "smallest_p_value": min((one.p_value for one in segments), default=None),
        "segments": "; ".join(f"{one.kind} {one.chain}:{one.first}-{one.last}" for one in segments),
    }


TASK = CheckTask()
