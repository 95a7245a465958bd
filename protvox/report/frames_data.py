"""The residues of trajectories over time, gathered part by part."""

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
_MOST_COLUMNS: Final = 1000
_MOST_TRAJECTORIES: Final = 6


@dataclass(frozen=True, slots=True)
class Course:
    """One trajectory.

    Attributes
    ----------
    path
        The file.
    frames
        ``column``, number of each frame shown.
    times
        ``column``, ps, NaN where unknown.
    residues
        Place of each residue, ``A:45``, from top to bottom.
    probability
        ``residue column`` of the amino acid present, NaN where there is none.
    """

    path: str
    frames: NDArray[np.int64]
    times: NDArray[np.float64]
    residues: tuple[str, ...]
    probability: NDArray[np.float32]


def gather_courses(folder: Path) -> list[Course]:
    """Return the course of every trajectory in the output folder of a run.

    Parameters
    ----------
    folder
        From ``protvox score``.

    Returns
    -------
    list of Course
        At most six trajectories, each thinned evenly to at most 1,000 frames; empty if the run
        was about no trajectory.
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
    return [_gather(parts, path, known[path]) for path in sorted(known)[:_MOST_TRAJECTORIES]]


def _gather(parts: list[Path], path: str, counts: Counter[int]) -> Course:
    frames = np.array(sorted(counts), dtype=np.int64)
    frames = frames[:: -(-len(frames) // _MOST_COLUMNS)]
    column = {frame: i for i, frame in enumerate(frames.tolist())}
    wanted = pa.array(frames, pa.int32())
    times = np.full(len(frames), np.nan)
    places: dict[tuple[str, int, str], int] = {}
    values: list[tuple[int, int, float]] = []
    for part in parts:
        table = pq.ParquetFile(part).read(_COLUMNS)
        mine = pc.and_(pc.equal(table["path"], path), pc.is_in(table["frame"], wanted))
        for row in table.filter(mine).to_pylist():
            place = (row["chain"], row["number"], row["insertion_code"] or "")
            at = column[row["frame"]]
            values.append((places.setdefault(place, len(places)), at, row["p_wild_type"]))
            times[at] = np.nan if row["time_ps"] is None else row["time_ps"]
    matrix = np.full((len(places), len(frames)), np.nan, dtype=np.float32)
    for row_index, at, value in values:
        matrix[row_index, at] = np.nan if value is None else value
    names = tuple(f"{chain}:{number}{code}" for chain, number, code in places)
    return Course(path, frames, times, names, matrix)
