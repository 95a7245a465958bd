"""ModelNet10 as clouds of points in one compressed file, with its official split."""

from __future__ import annotations

import csv
import lzma
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from experiments.shrec17.evaluator import Labels
from experiments.shrec17.meshes import SCALE, Clouds
from protvox.errors import InputError

LAYOUT: Final = """the folder must hold

  models.csv         columns model, class, split ("train" or "test"), points
  points.u16.xz      uint16, model 3 point; sorted by x, and x as differences

The models are those of Princeton ModelNet10, https://modelnet.cs.princeton.edu, for research"""


def read_clouds(folder: Path) -> dict[str, Clouds]:
    """Read all models.

    Parameters
    ----------
    folder
        Of the data set, see `LAYOUT`.

    Returns
    -------
    dict
        The models of ``"train"`` and ``"test"``, centred on the mean of their points, the
        farthest point at a radius of 1.

    Raises
    ------
    InputError
        If the folder has another layout, or the file does not hold the points of the table
        (``modelnet10.layout``, ``modelnet10.points``).
    """
    table, file = folder / "models.csv", folder / "points.u16.xz"
    for path in (table, file):
        if not path.is_file():
            what = f"there is no {path.name}; {LAYOUT}"
            raise InputError(what, where=str(folder), code="modelnet10.layout")
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = {"model", "class", "split", "points"}
    if not rows or not columns <= set(rows[0]) or not rows[0]["points"].isdigit():
        raise InputError(f"wrong table; {LAYOUT}", where=str(table), code="modelnet10.layout")
    points = _decode(file, len(rows), int(rows[0]["points"]))
    split = np.array([row["split"] for row in rows])
    found = {}
    for name in ("train", "test"):
        chosen = np.flatnonzero(split == name)
        names = tuple(rows[row]["model"] for row in chosen)
        labels = tuple(Labels(rows[row]["class"]) for row in chosen)
        found[name] = Clouds(names, labels, _to_ball(points[chosen]), {})
    return found


def hold_out(clouds: Clouds, share: float, seed: int) -> tuple[Clouds, Clouds]:
    """Split off models for validation, the same share of every class.

    Parameters
    ----------
    clouds
        The models.
    share
        Share to split off, 0 to 1; at least one model of every class.
    seed
        Decides which.

    Returns
    -------
    rest, held : Clouds
        Both in the order of ``clouds``.
    """
    rng = np.random.default_rng(seed)
    category = np.array([labels.category for labels in clouds.labels])
    held = np.zeros(len(category), dtype=bool)
    for name in np.unique(category):
        rows = np.flatnonzero(category == name)
        held[rng.permutation(rows)[: max(round(share * len(rows)), 1)]] = True
    return _take(clouds, np.flatnonzero(~held)), _take(clouds, np.flatnonzero(held))


def rotate(clouds: Clouds, rotations: NDArray[np.floating]) -> Clouds:
    """Rotate every model about its centre.

    Parameters
    ----------
    clouds
        The models.
    rotations
        ``model 3 3``.
    """
    moved = np.round(clouds.points.astype(np.float64) @ np.swapaxes(rotations, 1, 2))
    points = moved.clip(-SCALE, SCALE).astype(np.int16)
    return Clouds(clouds.names, clouds.labels, points, clouds.broken)


def _decode(file: Path, models: int, count: int) -> NDArray[np.float64]:
    """Return the points, ``model point 3``, in units of 1/2047 of the largest extent."""
    try:
        numbers = np.frombuffer(lzma.decompress(file.read_bytes()), dtype="<u2")
        coded = numbers.reshape(models, 3, count).copy()
    except (lzma.LZMAError, ValueError) as error:
        raise InputError(
            f"it does not hold {count} points of {models} models ({error})",
            where=str(file),
            remedy="Restore the file; its models are those of models.csv, in the same order",
            code="modelnet10.points",
        ) from error
    coded[:, 0] = np.cumsum(coded[:, 0], axis=1)
    return np.swapaxes(coded, 1, 2).astype(np.float64)


def _to_ball(points: NDArray[np.float64]) -> NDArray[np.int16]:
    centred = points - points.mean(axis=1, keepdims=True)
    radius = np.linalg.norm(centred, axis=2).max(axis=1)
    scaled = centred * (SCALE / np.maximum(radius, 1e-9))[:, None, None]
    return np.round(scaled).astype(np.int16)


def _take(clouds: Clouds, rows: NDArray[np.int64]) -> Clouds:
    names, labels = ([part[row] for row in rows] for part in (clouds.names, clouds.labels))
    return Clouds(tuple(names), tuple(labels), clouds.points[rows], {})
