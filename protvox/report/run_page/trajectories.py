"""Residues of trajectories over time, collected part by part."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

_COLUMNS: Final = ["path", "frame", "time_ps", "chain", "number", "insertion_code", "p_wild_type"]
_MAX_COLUMNS: Final = 1000
_MAX_TRAJECTORIES: Final = 6


@dataclass(frozen=True, slots=True)
class TrajectoryMap:
    """Data of the heat map of a trajectory.

    Attributes
    ----------
    path
        Path of the trajectory.
    frames
        ``column``, number of each frame shown.
    times
        ``column``, time in ps, NaN where unknown.
    residues
        Label of each residue, e.g. ``A:45``, from top to bottom.
    probability
        ``residue column``, probability of the amino acid present, NaN where there is none.
    """

    path: str
    frames: NDArray[np.int64]
    times: NDArray[np.float64]
    residues: tuple[str, ...]
    probability: NDArray[np.float32]


def gather_trajectories(folder: Path) -> list[TrajectoryMap]:
    """Return the heat map data of every trajectory in the output folder of a run.

    Parameters
    ----------
    folder
        Output folder of ``protvox score``.

    Returns
    -------
    list of TrajectoryMap
        At most six trajectories, each thinned evenly to at most 1,000 frames; empty if the
        inputs of the run were not trajectories.
    """
    parts = sorted((folder / "residues").glob("part-*.parquet"))
    if not parts or "frame" not in pq.read_schema(parts[0]).names:
        return []
    known: dict[str, Counter[int]] = defaultdict(Counter)
    for part in parts:
        table = pq.ParquetFile(part).read(["path", "frame"])
        counts = table.group_by(["path", "frame"]).aggregate([("path", "count")]).to_pylist()
        for row in counts:
            known[row["path"]][row["frame"]] += row["path_count"]
    return [_gather(parts, path, known[path]) for path in sorted(known)[:_MAX_TRAJECTORIES]]


def _gather(parts: list[Path], path: str, counts: Counter[int]) -> TrajectoryMap:
    frames = np.array(sorted(counts), dtype=np.int64)
    frames = frames[:: -(-len(frames) // _MAX_COLUMNS)]
    column = {frame: i for i, frame in enumerate(frames.tolist())}
    wanted = pa.array(frames, pa.int32())
    times = np.full(len(frames), np.nan)
    row_of: dict[tuple[str, int, str], int] = {}
    values: list[tuple[int, int, float]] = []
    for part in parts:
        table = pq.ParquetFile(part).read(_COLUMNS)
        selected = pc.and_(pc.equal(table["path"], path), pc.is_in(table["frame"], wanted))
        for row in table.filter(selected).to_pylist():
            residue = (row["chain"], row["number"], row["insertion_code"] or "")
            j = column[row["frame"]]
            values.append((row_of.setdefault(residue, len(row_of)), j, row["p_wild_type"]))
            times[j] = np.nan if row["time_ps"] is None else row["time_ps"]
    matrix = np.full((len(row_of), len(frames)), np.nan, dtype=np.float32)
    for i, j, value in values:
        matrix[i, j] = np.nan if value is None else value
    labels = tuple(f"{chain}:{number}{code}" for chain, number, code in row_of)
    return TrajectoryMap(path, frames, times, labels, matrix)
