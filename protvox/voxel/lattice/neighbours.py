"""Neighbour tables of lattice points, which sparse convolutions read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = np.array(
    [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], dtype=np.int64
)
"""``27 3``, steps to the neighbours of a point, in the order of a kernel of 3^3 voxels."""


def neighbours(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the neighbours of every point.

    Parameters
    ----------
    index
        ``point 3`` int64, lattice coordinates of the active points, from 0.

    Returns
    -------
    ndarray
        ``point 27`` int64, rows of `index`, or -1 where there is no active point.

    Examples
    --------
    >>> neighbours(np.array([[0, 0, 0], [0, 0, 1]]))[:, 12:15].tolist()
    [[-1, 0, 1], [0, 1, -1]]
    """
    return _look_up(_grid(index), index)


def coarsen(
    index: NDArray[np.int64], min_neighbours: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the active points of the lattice with twice the spacing.

    Parameters
    ----------
    index
        ``point 3`` int64, lattice coordinates of the active points, from 0.
    min_neighbours
        Least number of active points among a coarse point and its 26 neighbours, or the largest
        number that occurs if that is lower.

    Returns
    -------
    coarse : ndarray
        ``coarse 3`` int64, coordinates on the coarse lattice; ``(i, j, k)`` is the point
        ``(2 i, 2 j, 2 k)`` of the fine lattice.
    children : ndarray
        ``coarse 27`` int64, rows of the fine points around each coarse point, or -1.
    """
    grid = _grid(index)
    shape = index.max(axis=0) // 2 + 2
    points = np.indices(shape).reshape(3, -1).T
    children = _look_up(grid, 2 * points)
    found = (children >= 0).sum(axis=1)
    kept = found >= min(min_neighbours, int(found.max()))
    return points[kept], children[kept]


def _grid(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of every lattice point or -1, on a box with a margin."""
    grid = np.full(index.max(axis=0) + 5, -1, dtype=np.int64)
    grid[tuple((index + 1).T)] = np.arange(len(index))
    return grid


def _look_up(grid: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.int64]:
    around = points[:, None, :] + STEPS + 1
    found: NDArray[np.int64] = grid[tuple(around.transpose(2, 0, 1))]
    return found
