"""Eight Tetris pieces of four cubes, drawn as smooth densities in any pose.

Every cube is one Gaussian. A piece is rotated by rotating the centres of its cubes before they
are drawn, so that no rotated grid is ever interpolated.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.voxel.grids.density import voxelize
from protvox.voxel.grids.grid import GridSpec

PIECES: Final = {
    "screw left": ((0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 1, 0)),
    "screw right": ((0, 0, 0), (0, 0, 1), (1, 0, 0), (1, -1, 0)),
    "square": ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)),
    "line": ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3)),
    "corner": ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "L": ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0)),
    "T": ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 1)),
    "zigzag": ((0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 1, 0)),
}
"""Corners of the cubes; the two screws are mirror images of each other."""

NAMES: Final = tuple(PIECES)

CUBE: Final = 4.0
"""Edge of a cube in voxels."""

GRID: Final = GridSpec(size=25, spacing=1.0, sigma=1.3)
"""Lengths in voxels."""


def cubes() -> NDArray[np.float64]:
    """Return the centres of the cubes, each piece about its centre of mass.

    Returns
    -------
    ndarray
        ``8 4 3`` float64, in voxels.
    """
    corners = CUBE * np.array(list(PIECES.values()), dtype=np.float64)
    return corners - corners.mean(axis=1, keepdims=True)


def draw(
    pieces: NDArray[np.int64],
    rotations: NDArray[np.floating] | None = None,
    shifts: NDArray[np.floating] | None = None,
) -> Tensor:
    """Draw pieces in their poses.

    Parameters
    ----------
    pieces
        ``sample`` int64, index into `NAMES`.
    rotations
        ``sample 3 3`` rotation matrices; None for the pose of `PIECES`.
    shifts
        ``sample 3`` in voxels; None for the centre of the grid.

    Returns
    -------
    Tensor
        ``sample 1 x y z`` float32.
    """
    centres = cubes()[pieces]
    if rotations is not None:
        centres = centres @ np.swapaxes(rotations, 1, 2)
    if shifts is not None:
        centres = centres + shifts[:, None, :]
    per_piece = centres.shape[1]
    offsets = np.arange(len(pieces) + 1, dtype=np.int64) * per_piece
    points = centres.reshape(-1, 3).astype(np.float32)
    channel = np.zeros(len(points), dtype=np.uint8)
    return torch.from_numpy(voxelize(points, channel, offsets, GRID, 1))
