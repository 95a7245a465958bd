"""Predictions as flat tables: one row per domain, one row per residue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.identical_rows import add_identical_rows
from protvox.predict.results.records import DomainPrediction, InputInfo
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.results.task_rows import TaskRows

_DOMAIN_COLUMNS = (
    "id",
    "domain",
    "chain",
    "chopping",
    "n_residues",
    "in_range",
    "flags",
    "model",
    "class",
    "class_name",
    "class_probability",
    "novel",
    "topology",
    "topology_name",
    "topology_probability",
    "superfamily",
    "superfamily_name",
    "superfamily_probability",
    "hit",
    "hit_tm_query",
    "hit_tm_hit",
    "hit_rmsd",
    "hit_identity",
    "hit_n_aligned",
    "nearest",
    "nearest_cath",
    "nearest_similarity",
    "architecture",
    "architecture_name",
    "architecture_probability",
)
_RESIDUE_COLUMNS = (
    "id",
    "chain",
    "number",
    "insertion_code",
    "wild_type",
    "predicted",
    "p_wild_type",
    "entropy",
    "domain",
)
_OF_DOMAIN = ("architecture", "architecture_name", "architecture_probability")


class Predicted(Protocol):
    """A `protvox.predict.results.prediction.Prediction`."""

    @property
    def input(self) -> InputInfo:
        """Return the record of the structure."""

    @property
    def domains(self) -> tuple[DomainPrediction, ...]:
        """Return the predictions of domains."""

    @property
    def residues(self) -> ResidueTable | None:
        """Return the predictions of residues."""

    @property
    def others(self) -> Mapping[str, TaskRows]:
        """Return the predictions of other tasks."""


def domain_frame(predictions: Sequence[Predicted]) -> pd.DataFrame:
    """Return one row per domain.

    Parameters
    ----------
    predictions
        Of one or several inputs.

    Returns
    -------
    pandas.DataFrame
        Key columns ``id`` (input name) and ``domain``; the class; the most probable
        architecture in ``architecture*``, the next ones in ``architecture_2*`` and so on. The
        columns ``nearest*`` are there if any row has a neighbour, those of the superfamily if known
        domains were aligned, and all if there are no rows. See
        `add_identical_rows` for chains that are identical to others.
    """
    rows = [row for prediction in predictions for row in domain_rows(prediction)]
    frame = pd.DataFrame(rows)
    frame = frame if rows else frame.reindex(columns=list(_DOMAIN_COLUMNS))
    return add_identical_rows(frame, [prediction.input for prediction in predictions])


def domain_rows(prediction: Predicted) -> list[dict[str, Any]]:
    """Return one row per domain, with the columns of `domain_frame`.

    Parameters
    ----------
    prediction
        Of one input.
    """
    return [_domain_row(prediction.input.name, domain) for domain in prediction.domains]


def task_frame(prediction: Predicted, task: str) -> pd.DataFrame:
    """Return the rows of a task other than the built-in ones.

    Parameters
    ----------
    prediction
        Of one input.
    task
        Name of the task.

    Returns
    -------
    pandas.DataFrame
        Key column ``id`` (input name); then the columns of the task. Values are not rounded.
    """
    rows = prediction.others[task].rows if task in prediction.others else ()
    return pd.DataFrame([{"id": prediction.input.name, **row} for row in rows])


def residue_frame(predictions: Sequence[Predicted]) -> pd.DataFrame:
    """Return one row per residue.

    Parameters
    ----------
    predictions
        Of one or several inputs.

    Returns
    -------
    pandas.DataFrame
        Key columns ``id`` (input name), ``chain``, ``number``, ``insertion_code``; then the
        answer, ``p_ALA`` ... ``p_VAL``, and the domain the residue lies in with its most
        probable architecture (empty where there is none). See `add_identical_rows` for chains
        that are identical to others.
    """
    frames = [_residue_rows(p) for p in predictions if p.residues is not None]
    if not frames:
        probabilities = [f"p_{name}" for name in AMINO_ACIDS]
        return pd.DataFrame(columns=[*_RESIDUE_COLUMNS, *_OF_DOMAIN, *probabilities])
    frame = pd.concat(frames, ignore_index=True)
    return add_identical_rows(frame, [prediction.input for prediction in predictions])


def _domain_row(name: str, domain: DomainPrediction) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": name,
        "domain": domain.id,
        "chain": domain.chain,
        "chopping": domain.chopping,
        "n_residues": domain.n_residues,
        "in_range": domain.in_range,
        "flags": " ".join(domain.flags),
        "model": domain.model,
        "class": domain.cath_class.label,
        "class_name": domain.cath_class.name,
        "class_probability": domain.cath_class.probability,
    }
    if domain.novel is not None:
        row |= _relative(domain)
    if domain.nearest:
        near = domain.nearest[0]
        row |= {
            "nearest": near.domain,
            "nearest_cath": near.cath,
            "nearest_similarity": near.similarity,
        }
    if domain.plddt is not None:
        row["plddt"] = domain.plddt
    for rank, label in enumerate(domain.architectures, start=1):
        key = "architecture" if rank == 1 else f"architecture_{rank}"
        row[key] = label.label
        row[f"{key}_name"] = label.name
        row[f"{key}_probability"] = label.probability
    return row


def _relative(domain: DomainPrediction) -> dict[str, Any]:
    """Return the most probable topology and superfamily, and the best hit of the latter."""
    row: dict[str, Any] = {"novel": domain.novel}
    for level, labels in (("topology", domain.topologies), ("superfamily", domain.superfamilies)):
        best = labels[0] if labels else None
        row[level] = best.label if best else ""
        row[f"{level}_name"] = best.name if best else ""
        row[f"{level}_probability"] = best.probability if best else np.nan
    found = domain.hits[0].alignment if domain.hits else None
    row["hit"] = domain.hits[0].domain if domain.hits else ""
    for name in ("tm_query", "tm_hit", "rmsd", "identity"):
        row[f"hit_{name}"] = getattr(found, name) if found else np.nan
    row["hit_n_aligned"] = float(found.n_aligned) if found else np.nan
    return row


def _residue_rows(prediction: Predicted) -> pd.DataFrame:
    table = prediction.residues
    if table is None:
        raise TypeError("a prediction without residues has no residue rows")
    member = table.domain if len(table.domain) else np.full(len(table), "", dtype="<U1")
    best = {d.id: d.architectures[0] for d in prediction.domains if d.architectures}
    frame = pd.DataFrame(
        {
            "id": prediction.input.name,
            "chain": table.chain,
            "number": table.number,
            "insertion_code": table.insertion_code,
            "wild_type": table.wild_type,
            "predicted": table.predicted,
            "p_wild_type": table.p_wild_type,
            "entropy": table.entropy,
            "domain": member,
            "architecture": [best[d].label if d in best else "" for d in member],
            "architecture_name": [best[d].name if d in best else "" for d in member],
            "architecture_probability": [
                best[d].probability if d in best else np.nan for d in member
            ],
        }
    )
    if table.plddt is not None:
        frame["plddt"], frame["disordered"] = table.plddt, table.disordered
    columns = [f"p_{name}" for name in AMINO_ACIDS]
    return frame.join(pd.DataFrame(table.probabilities, columns=columns))
