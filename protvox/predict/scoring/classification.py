"""Predictions of models as rows of tables: domains, residues, and those of other tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.rows import NAME, frame_rows, value_schema
from protvox.predict.scoring.task import Scores, ScoringTask
from protvox.registry.tasks import BUILT_IN
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.predict.results.prediction import Prediction

DOMAINS: Final = "domains"
RESIDUES: Final = "residues"
_TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN: Final = ("inputs", "failures", DOMAINS, RESIDUES)


class Classification(ScoringTask):
    """What ``protvox classify`` predicts, for one task or both built-in ones.

    Parameters
    ----------
    name
        ``"all"``, or the name of a task that predicts.
    """

    options = frozenset(("top_k", "model", "domains", "embeddings", "plddt", "hide_disordered"))

    def __init__(self, name: str) -> None:
        self._name = name
        self._types: Mapping[str, type] = {}
        self._table = name
        if name != "all" and name not in BUILT_IN:
            from protvox.predict.task import prediction_task

            task = prediction_task(name)
            self._types, self._table = task.row_types, task.table
            if not self._types:
                raise fail("model.task.score", where=name)
            if not _TABLE_NAME.fullmatch(task.table) or task.table in _TAKEN:
                raise fail("model.task.table", where=name, table=task.table)

    def models(self, options: ScoreOptions) -> tuple[str | Path, ...]:
        """Return the names of the models, see `ScoringTask.models`."""
        from protvox.predict.classify import model_names

        return tuple(model_names(self._name, options.model).values())

    def schemas(self, options: ScoreOptions) -> dict[str, pa.Schema]:
        """Return the tables, see `ScoringTask.schemas`.

        ``domains`` and ``residues`` have the columns of `protvox.predict.results.tables`.
        """
        if self._types:
            return {self._table: value_schema(self._types)}
        embedding = [("embedding", pa.list_(pa.float32()))] if options.embeddings else []
        return {
            DOMAINS: pa.schema([*_DOMAINS, *_architectures(options.top_k), *embedding]),
            RESIDUES: pa.schema([*_RESIDUES, *_PROBABILITIES]),
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
        """Score a structure, see `ScoringTask.score`."""
        from protvox.predict.classify import classify
        from protvox.structure.selection import parse_selection

        prediction = classify(
            structure,
            task=self._name,
            domains=[parse_selection(chopping)] if chopping else options.domains,
            chain=chain,
            top_k=options.top_k,
            device=device,
            model=options.model,
            disorder=options.disorder,
        )
        return Scores(prediction.input, self._tables(prediction, options), prediction.warnings)

    def _tables(self, prediction: Prediction, options: ScoreOptions) -> dict[str, pa.Table]:
        schemas = self.schemas(options)
        if self._types:
            ((table, schema),) = schemas.items()
            rows = [dict(row) for row in prediction.others[self._name].rows]
            return {table: _checked_rows(rows, schema, self._name)}
        tables = {DOMAINS: _domain_rows(prediction, schemas[DOMAINS])}
        if prediction.residues is not None:
            from protvox.predict.results.tables import residue_frame

            # Identical chains are named in the table of inputs, not by rows of their own.
            frame = residue_frame([prediction]).iloc[: len(prediction.residues)]
            tables[RESIDUES] = frame_rows(frame, schemas[RESIDUES])
        return tables


def _domain_rows(prediction: Prediction, schema: pa.Schema) -> pa.Table:
    """Return the domains in the schema of their table, without a slower data frame."""
    from protvox.predict.results.tables import domain_rows

    rows = domain_rows(prediction)
    if "embedding" in schema.names:
        for row, domain in zip(rows, prediction.domains, strict=True):
            row["embedding"] = domain.embedding
    return pa.Table.from_pylist(rows, schema)


def _checked_rows(rows: list[dict[str, Any]], schema: pa.Schema, task: str) -> pa.Table:
    """Return the rows of a task of another package, which must be those that it declares."""
    unknown = {key for row in rows for key in row} - set(schema.names)
    try:
        if unknown:
            raise ValueError(f"undeclared columns: {', '.join(sorted(unknown))}")
        return pa.Table.from_pylist(rows, schema)
    except (ValueError, pa.ArrowException) as error:
        raise fail("model.task.rows", where=task, reason=error) from error


def _architectures(top_k: int) -> list[tuple[str, pa.DataType]]:
    columns: list[tuple[str, pa.DataType]] = []
    for rank in range(1, top_k + 1):
        key = "architecture" if rank == 1 else f"architecture_{rank}"
        columns += [(key, NAME), (f"{key}_name", NAME), (f"{key}_probability", pa.float64())]
    return columns


_DOMAINS: Final = [
    ("domain", NAME),
    ("chain", NAME),
    ("chopping", NAME),
    ("n_residues", pa.int64()),
    ("in_range", pa.bool_()),
    ("flags", NAME),
    ("model", NAME),
    ("class", NAME),
    ("class_name", NAME),
    ("class_probability", pa.float64()),
    ("novel", NAME),
    ("topology", NAME),
    ("topology_name", NAME),
    ("topology_probability", pa.float64()),
    ("superfamily", NAME),
    ("superfamily_name", NAME),
    ("superfamily_probability", pa.float64()),
    ("hit", NAME),
    ("hit_tm_query", pa.float64()),
    ("hit_tm_hit", pa.float64()),
    ("hit_rmsd", pa.float64()),
    ("hit_identity", pa.float64()),
    ("hit_n_aligned", pa.float64()),
    ("nearest", NAME),
    ("nearest_cath", NAME),
    ("nearest_similarity", pa.float64()),
    ("plddt", pa.float64()),
]
_RESIDUES: Final = [
    ("chain", NAME),
    ("number", pa.int32()),
    ("insertion_code", NAME),
    ("wild_type", NAME),
    ("predicted", NAME),
    ("p_wild_type", pa.float32()),
    ("entropy", pa.float32()),
    ("domain", NAME),
    ("architecture", NAME),
    ("architecture_name", NAME),
    ("architecture_probability", pa.float64()),
    ("plddt", pa.float32()),
    ("disordered", pa.bool_()),
]
_PROBABILITIES: Final = [(f"p_{name}", pa.float32()) for name in AMINO_ACIDS]
