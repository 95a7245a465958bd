"""Summary of a run: counts and extremes, collected part by part."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.manifest import find_manifest
from protvox.parquet import FILES, damage_reported, decode_table, is_sealed, unseal, verify_file
from protvox.predict.scoring.fit import TABLE
from protvox.report.run_page.domain_cards import COLUMNS as CARD_COLUMNS
from protvox.report.run_page.domain_cards import Cards
from protvox.report.run_page.trajectories import TrajectoryMap, gather_trajectories
from protvox.report.run_page.views import Counts, RankedRows, gather_views

BINS: Final = 20
"""Number of bins of a histogram of probabilities."""

_MAX_SUSPECTS: Final = 25
_WORST_PER_STRUCTURE: Final = 3
_FAILURES_SHOWN: Final = 200
_MAX_EMBEDDED: Final = 4000
_MIN_ODDS: Final = 10.0
_KNOWN: Final = {"inputs", "domains", "residues", "failures", TABLE}


class Suspect(NamedTuple):
    """A residue whose surroundings favour another amino acid."""

    odds: float
    id: str
    residue: str
    wild_type: str
    p_wild_type: float
    predicted: str
    p_predicted: float


class Scored(NamedTuple):
    """A structure: number of residues, and the fraction that match the prediction."""

    id: str
    residues: int
    recovered: float


@dataclass(slots=True)
class Summary:
    """Summary of a run.

    Attributes
    ----------
    name
        Name of the output folder.
    models, options, version
        Models, options and protvox version from the manifest.
    n_scored, n_failed, n_domains, n_residues
        Counts.
    within
        Folder common to the names of all inputs, such as ``"models/"``; ``""`` if there is none.
        Names in this summary are relative to it.
    in_range
        Number of domains similar to those the model was trained on.
    probability, confidence
        ``bin`` counts of the probability of the amino acid present, and of the probability of the
        most probable architecture, from 0 to 1.
    structures
        Structures with environments, lowest fraction of matching residues first.
    suspects
        Suspicious residues, worst first, at most three per structure.
    architectures
        Label, name and number of domains of each architecture, most frequent first.
    cards
        Known relatives of the domains.
    failures
        Id, code, what and remedy of the first 200 failures.
    failure_counts
        Number of failures by code.
    trajectories
        Heat map data of trajectories.
    rows
        Number of rows of the tables that only this task has.
    views
        What the task shows.
    embeddings, embedded_as
        ``domain feature``, and the name and architecture of each domain; empty if the run stored
        no embeddings.
    """

    name: str
    models: dict[str, str]
    options: dict[str, Any]
    version: str
    within: str = ""
    n_scored: int = 0
    n_failed: int = 0
    n_domains: int = 0
    n_residues: int = 0
    in_range: int = 0
    probability: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    confidence: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    structures: list[Scored] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)
    architectures: list[tuple[str, str, int]] = field(default_factory=list)
    cards: Cards = field(default_factory=Cards)
    failures: list[tuple[str, str, str, str]] = field(default_factory=list)
    failure_counts: dict[str, int] = field(default_factory=dict)
    trajectories: list[TrajectoryMap] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    views: list[RankedRows | Counts] = field(default_factory=list)
    embeddings: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    embedded_as: list[tuple[str, str]] = field(default_factory=list)

    @property
    def recovered(self) -> float:
        """Fraction of all residues that match the prediction; NaN without residues."""
        total = sum(one.residues for one in self.structures)
        matching = sum(one.residues * one.recovered for one in self.structures)
        return matching / total if total else float("nan")


def summarize(folder: Path) -> Summary:
    """Summarise the output folder of a run.

    Parameters
    ----------
    folder
        Output folder of ``protvox score``. It is read part by part.

    Raises
    ------
    UsageError
        If it holds no results (``batch.no_results``), or its manifest or a part is
        damaged (``batch.damaged``).
    """
    manifest = find_manifest(lambda name: (folder / name).read_bytes(), str(folder))
    if manifest is None:
        raise fail("batch.no_results", where=str(folder))
    summary = Summary(
        folder.resolve().name, manifest["models"], manifest["options"], manifest["protvox"]
    )
    with damage_reported(str(folder)):
        _check_files(folder)
        _count_inputs(folder, summary)
        _count_domains(folder, summary)
        _count_residues(folder, summary)
        _collect_failures(folder, summary)
        summary.trajectories = gather_trajectories(folder)
        for name in set(manifest.get("tables", ())) - _KNOWN:
            summary.rows[name] = sum(map(len, _parts(folder, name, ["id"])))
        task = summary.options.get("task", "all")
        summary.views = gather_views(task, partial(_parts, folder), summary.within)
    return summary


def _check_files(folder: Path) -> None:
    """Check that all files of all parts are there, as they were written."""
    for ledger in sorted((folder / "inputs").glob("part-*.parquet")):
        with ledger.open("rb") as file:
            table = decode_table(file, str(ledger))
        if not is_sealed(table):
            continue  # written by an older version
        record = unseal(table, str(ledger))
        for name, digest in record[FILES].items():
            path = folder / name / ledger.name
            try:
                with path.open("rb") as file:
                    verify_file(file, digest, str(path))
            except FileNotFoundError as error:
                raise fail("batch.damaged", where=str(path), reason="it is missing") from error


def _parts(folder: Path, table: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    for path in sorted((folder / table).glob("part-*.parquet")):
        with path.open("rb") as file:
            yield decode_table(file, str(path), columns)


def _count_inputs(folder: Path, summary: Summary) -> None:
    shared: list[str] | None = None
    for table in _parts(folder, "inputs", ["id", "status"]):
        for name in table["id"].to_pylist():
            folders = name.split("/")[:-1]
            shared = folders if shared is None else _common_prefix(shared, folders)
        counts = Counter(table["status"].to_pylist())
        summary.n_scored += counts["done"]
        summary.n_failed += counts["failed"]
    summary.within = "".join(f"{name}/" for name in shared or ())


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the longest common prefix of two lists."""
    return [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))]


def _count_domains(folder: Path, summary: Summary) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    vectors: list[NDArray[np.float32]] = []
    columns = [
        "id",
        "domain",
        "in_range",
        "architecture",
        "architecture_name",
        "architecture_probability",
        "embedding",
        *CARD_COLUMNS[1:],
    ]
    for table in _parts(folder, "domains", columns):
        summary.n_domains += len(table)
        summary.cards.add(table)
        summary.in_range += sum(map(bool, table["in_range"].to_pylist()))
        labels = table["architecture"].to_pylist()
        counts.update(zip(labels, table["architecture_name"].to_pylist(), strict=True))
        summary.confidence += _histogram(table["architecture_probability"].to_numpy())
        room = _MAX_EMBEDDED - len(summary.embedded_as)
        if "embedding" in table.column_names and room > 0 and len(table):
            flat = table["embedding"].combine_chunks().values.to_numpy(zero_copy_only=False)
            vectors.append(flat.reshape(len(table), -1)[:room])
            keys = zip(table["id"].to_pylist(), table["domain"].to_pylist(), strict=True)
            names = [f"{one.removeprefix(summary.within)} {part}" for one, part in keys]
            summary.embedded_as += list(zip(names, labels, strict=True))[:room]
    summary.architectures = [(label, name, n) for (label, name), n in counts.most_common()]
    if vectors:
        summary.embeddings = np.concatenate(vectors)


def _count_residues(folder: Path, summary: Summary) -> None:
    probabilities = [f"p_{name}" for name in AMINO_ACIDS]
    columns = ["id", "chain", "number", "insertion_code", "wild_type", "predicted", "p_wild_type"]
    found: dict[str, list[int]] = {}
    heap: list[Suspect] = []
    for table in _parts(folder, "residues", [*columns, *probabilities]):
        if not len(table):
            continue
        summary.n_residues += len(table)
        present = table["p_wild_type"].to_numpy()
        summary.probability += _histogram(present)
        names = table["id"].to_numpy()
        matches = table["wild_type"].to_numpy() == table["predicted"].to_numpy()
        for name in dict.fromkeys(names.tolist()):
            rows = names == name
            counts = found.setdefault(name, [0, 0])
            counts[0] += int(rows.sum())
            counts[1] += int(matches[rows].sum())
        best = np.max([table[name].to_numpy() for name in probabilities], axis=0)
        odds = best / np.clip(present, np.finfo(np.float32).tiny, None)
        heap = _worst([*heap, *_suspects(table, odds, best)])
    summary.suspects = [one._replace(id=one.id.removeprefix(summary.within)) for one in heap]
    scored = (Scored(name.removeprefix(summary.within), n, k / n) for name, (n, k) in found.items())
    summary.structures = sorted(scored, key=lambda one: (one.recovered, one.id))


def _suspects(
    table: pa.Table, odds: NDArray[np.float32], best: NDArray[np.float32]
) -> list[Suspect]:
    worst = np.argsort(-odds, kind="stable")
    # Enough to leave three per structure even if a bad structure has very many.
    worst = worst[odds[worst] >= _MIN_ODDS][: 40 * _MAX_SUSPECTS]
    rows = table.take(pa.array(worst)).to_pylist()
    return [
        Suspect(
            float(odds[i]),
            row["id"],
            f"{row['chain']}:{row['number']}{row['insertion_code']}",
            row["wild_type"],
            row["p_wild_type"],
            row["predicted"],
            float(best[i]),
        )
        for i, row in zip(worst.tolist(), rows, strict=True)
    ]


def _worst(suspects: Sequence[Suspect]) -> list[Suspect]:
    kept: list[Suspect] = []
    counts: Counter[str] = Counter()
    for one in heapq.nlargest(len(suspects), suspects):
        if counts[one.id] < _WORST_PER_STRUCTURE and len(kept) < _MAX_SUSPECTS:
            counts[one.id] += 1
            kept.append(one)
    return kept


def _collect_failures(folder: Path, summary: Summary) -> None:
    counts: Counter[str] = Counter()
    for table in _parts(folder, "failures", ["id", "code", "what", "remedy"]):
        counts.update(table["code"].to_pylist())
        room = _FAILURES_SHOWN - len(summary.failures)
        for row in table.slice(0, room).to_pylist():
            name = row["id"].removeprefix(summary.within)
            summary.failures.append((name, row["code"], row["what"], row["remedy"]))
    summary.failure_counts = dict(counts.most_common())


def _histogram(values: NDArray[np.floating]) -> NDArray[np.int64]:
    finite = values[np.isfinite(values)]
    return np.histogram(finite, bins=BINS, range=(0.0, 1.0))[0].astype(np.int64)
