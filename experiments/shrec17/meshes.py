"""From meshes to points on their surfaces, kept in a cache, and from points to grids.

Meshes of ShapeNet are triangle soups: open, self-intersecting, with double faces, so that
inside and outside mean little. Only the surface is reliable. Points spread evenly over
it are drawn as Gaussians; a rotation acts on the points, and the grid of a rotated model is
drawn, not interpolated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.shrec17.dataset import Model
from experiments.shrec17.evaluator import Labels
from protvox.errors import InputError
from protvox.voxel.grids.density import voxelize
from protvox.voxel.grids.grid import GridSpec

CHUNK: Final = 500
"""Models in one file of the cache."""

MARGIN: Final = 2.0
"""Widths of the Gaussians between the ball that holds a model and the faces of the grid."""

SCALE: Final = 32767
"""Points of the unit ball are kept as 16-bit numbers."""


@dataclass(frozen=True)
class Clouds:
    """Points on the surfaces of models.

    Attributes
    ----------
    names, labels
        Of the models.
    points
        ``model point 3`` int16, 1/32767 of the radius; the centre of the surface is the
        origin, and the point farthest from it lies on the unit sphere.
    broken
        Models that could not be read, and why.
    """

    names: tuple[str, ...]
    labels: tuple[Labels, ...]
    points: NDArray[np.int16]
    broken: dict[str, str]


def sample_surface(path: Path, count: int, seed: int) -> NDArray[np.float32]:
    """Spread points over the surface of a mesh.

    Parameters
    ----------
    path
        OBJ file.
    count
        Number of points.
    seed
        Seed of the points.

    Returns
    -------
    ndarray
        ``point 3`` float32, within the unit ball.

    Raises
    ------
    InputError
        If there is no file, or no surface in it (``shrec17.mesh``).
    """
    import trimesh

    if not path.is_file():
        raise _broken(path, "there is no such file")
    try:
        mesh = trimesh.load_mesh(path, process=False, skip_materials=True)
    # Mesh parsers raise many kinds of exceptions on broken files.
    except Exception as error:
        raise _broken(path, f"it cannot be read ({type(error).__name__}: {error})") from error
    faces = getattr(mesh, "faces", ())
    if not len(faces) or not np.isfinite(mesh.vertices).all() or not mesh.area > 0:
        raise _broken(path, "it has no surface")
    # On one scale first: areas of models a micrometre wide vanish in single precision.
    mesh.vertices = (mesh.vertices - mesh.vertices.mean(axis=0)) / max(mesh.scale, 1e-30)
    points = np.asarray(trimesh.sample.sample_surface(mesh, count, seed=seed)[0])
    points = points - points.mean(axis=0)
    radius = np.linalg.norm(points, axis=1).max()
    if not radius > 0:
        raise _broken(path, "all of its surface is one point")
    return (points / radius).astype(np.float32)


def read_clouds(
    models: Sequence[Model], count: int, cache: Path | None, report: Callable[[int, int], None]
) -> Clouds:
    """Sample the surfaces of models, or take them from the cache.

    Parameters
    ----------
    models
        Models to read.
    count
        Points per model.
    cache
        Folder of this list of models; None for no cache. An interrupted reading resumes
        where it stopped, in steps of `CHUNK` models.
    report
        Called with the number of models done and in all.

    Returns
    -------
    Clouds
        Without the broken meshes, which are listed separately.
    """
    chunks = []
    for start in range(0, len(models), CHUNK):
        part = models[start : start + CHUNK]
        path = None if cache is None else cache / f"{start:06d}.npz"
        chunks.append(_read_chunk(part, count, path))
        report(start + len(part), len(models))
    labels = {model.name: model.labels for model in models}
    broken = {name: why for _, _, failures in chunks for name, why in failures.items()}
    names = tuple(name for kept, _, _ in chunks for name in kept)
    points = np.concatenate([points for _, points, _ in chunks])
    return Clouds(names, tuple(labels[name] for name in names), points, broken)


def draw(
    points: NDArray[np.int16],
    size: int,
    rotations: NDArray[np.floating] | None = None,
    sigma: float = 1.0,
) -> Tensor:
    """Draw models as smooth densities of their surfaces.

    Parameters
    ----------
    points
        ``model point 3`` int16, from `Clouds`.
    size
        Edge of the grid, voxels.
    rotations
        ``model 3 3``, rotations of the models; None for none.
    sigma
        Width of the Gaussian of a point, voxels.

    Returns
    -------
    Tensor
        ``model 1 x y z`` float32, about 1 on the surface of a ball that fills the grid.
    """
    n_models, count = points.shape[:2]
    radius = size / 2 - MARGIN * sigma
    positions = points.astype(np.float32) * np.float32(radius / SCALE)
    if rotations is not None:
        positions = positions @ np.swapaxes(rotations, 1, 2).astype(np.float32)
    spec = GridSpec(size=size, spacing=1.0, sigma=sigma)
    offsets = np.arange(n_models + 1, dtype=np.int64) * count
    channel = np.zeros(n_models * count, dtype=np.uint8)
    grid = voxelize(positions.reshape(-1, 3), channel, offsets, spec, 1)
    # A point carries its share of the surface of a ball; 2 pi sigma^2 is the Gaussian's.
    grid *= np.float32(4 * np.pi * radius**2 / (2 * np.pi * sigma**2 * count))
    return torch.from_numpy(grid)


def _read_chunk(
    models: Sequence[Model], count: int, path: Path | None
) -> tuple[list[str], NDArray[np.int16], dict[str, str]]:
    request = json.dumps([count, *(f"{model.path}" for model in models)])
    if path is not None and path.exists():
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["request"]) == request:
                return kept["names"].tolist(), kept["points"], json.loads(str(kept["broken"]))
    names, clouds, broken = [], [], {}
    for model in models:
        try:
            cloud = sample_surface(model.path, count, zlib.crc32(model.name.encode()))
        except InputError as error:
            broken[model.name] = error.what
            continue
        names.append(model.name)
        clouds.append(np.round(cloud * SCALE).astype(np.int16))
    points = np.stack(clouds) if clouds else np.zeros((0, count, 3), dtype=np.int16)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".tmp.npz")
        np.savez(
            half,
            request=request,
            names=np.array(names, dtype=np.str_),
            points=points,
            broken=json.dumps(broken),
        )
        half.replace(path)
    return names, points, broken


def _broken(path: Path, what: str) -> InputError:
    return InputError(what, where=str(path), code="shrec17.mesh")
