"""Scores of mutations as a task that scores many structures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from protvox.messages import count
from protvox.predict.scoring import fit
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.rows import NAME, frame_rows
from protvox.predict.scoring.task import Distribution, Ranking, Scores, ScoringTask
from protvox.registry.tasks import ANALYSES
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.predict.mutations.mutation_list import MutationList
    from protvox.predict.mutations.scores import MutationScores

TABLE: Final = "mutations"

_COLUMNS: Final = (
    ("chain", NAME),
    ("number", pa.int32()),
    ("insertion_code", NAME),
    ("wild_type", NAME),
    ("mutant", NAME),
    ("mutation", NAME),
    ("score", pa.float64()),
    ("percentile", pa.float32()),
    ("environment", pa.float32()),
    ("backbone", pa.float32()),
    ("ddg", pa.float32()),
    ("ddg_low", pa.float32()),
    ("ddg_high", pa.float32()),
    ("p_destabilising", pa.float32()),
    ("coupling", pa.float32()),
    ("copies", NAME),
    ("plddt", pa.float32()),
    ("disordered", pa.bool_()),
    ("note", NAME),
)
_OF_MUTATIONS: Final = (
    ("n_mutations", pa.int32()),
    ("n_failed", pa.int32()),
    ("mean_score", pa.float64()),
    ("best_mutation", NAME),
    ("best_score", pa.float64()),
    ("best_ddg", pa.float64()),
)


class MutationTask(ScoringTask):
    """Score mutations: every substitution of each structure, or one list for all."""

    name = "mutations"
    title = ANALYSES["mutations"]
    options = frozenset(("mutations", "networks", "model", "plddt", "hide_disordered"))

    def models(self, options: ScoreOptions) -> tuple[str | Path, ...]:
        """Return the names of the models, see `ScoringTask.models`."""
        from protvox.predict.mutations.networks import scorer_names

        return tuple(scorer_names(options.networks, options.model).values())

    def schemas(self, options: ScoreOptions) -> dict[str, pa.Schema]:
        """Return one row per structure and one per mutation, see `ScoringTask.schemas`."""
        return {
            fit.TABLE: pa.schema([*fit.COLUMNS, *_OF_MUTATIONS]),
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

        from protvox.predict.mutations.score import score_mutations

        scores = score_mutations(
            structure,
            requested(options),
            chain=chain,
            device=device,
            networks=options.networks,
            model=options.model,
            disorder=options.disorder,
        )
        schemas = self.schemas(options)
        # Identical chains are named in the table of inputs, not by rows of their own.
        rows = scores.to_pandas().iloc[: len(scores.table) + len(scores.failures)]
        tables = {
            fit.TABLE: frame_rows(pd.DataFrame([_structure_row(scores)]), schemas[fit.TABLE]),
            TABLE: frame_rows(rows, schemas[TABLE]),
        }
        return Scores(scores.input, tables, (*scores.warnings, *_failure_warning(scores)))

    def views(self) -> Sequence[Ranking | Distribution]:
        """Return what a report shows, see `ScoringTask.views`."""
        shown = {
            "mutation": "mutation",
            "score": "score",
            "ddg": "ddG, kcal/mol",
            "p_destabilising": "p(destabilising)",
        }
        return (
            *fit.VIEWS,
            fit.ranking(
                "Structures with the lowest mean log-likelihood",
                "Lowest first. The table structures has all of them.",
                "log_likelihood",
                best_mutation="best mutation",
                best_score="its score",
            ),
            Ranking(
                TABLE,
                "score",
                "Mutations with the lowest scores",
                "Predicted to stabilise most, of all structures. Many of these residues are where "
                "they are for another reason than stability.",
                {"chain": "chain", **shown},
            ),
        )


def requested(options: ScoreOptions) -> MutationList | None:
    """Return the mutations to score in each structure; None for every substitution.

    Parameters
    ----------
    options
        Options of the run.

    Raises
    ------
    InputError
        If a list cannot be read, see `protvox.predict.mutations.list_files.parse_lines`.
    """
    from protvox.predict.mutations.list_files import parse_lines
    from protvox.predict.mutations.mutation_list import join_lists

    if not options.mutations:
        return None
    return join_lists(parse_lines(lines, where="mutations") for lines in options.mutations)


def _structure_row(scores: MutationScores) -> dict[str, Any]:
    table = scores.table
    best = int(table.score.argmin())
    chain = str(table.chain[best])
    return {
        **fit.describe_fit(scores.residues),
        "n_mutations": len(table),
        "n_failed": len(scores.failures),
        "mean_score": float(table.score.mean()),
        "best_mutation": f"{chain}:{table.mutation[best]}" if chain else str(table.mutation[best]),
        "best_score": float(table.score[best]),
        "best_ddg": float(table.ddg[best]),
    }


def _failure_warning(scores: MutationScores) -> list[str]:
    if not scores.failures:
        return []
    first, total = scores.failures[0], len(scores.table) + len(scores.failures)
    return [
        f"{len(scores.failures)} of {count(total, 'mutation')} have no score, the first is "
        f"{first.mutation} ({first.why}); see the column note."
    ]


TASK = MutationTask()
