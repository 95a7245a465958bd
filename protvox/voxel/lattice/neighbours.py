"""Which sites of a lattice lie next to which: the tables that convolutions on sites read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = np.array(
    [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], dtype=np.int64
)
"""``27 3``, the steps to a point's neighbours, in the order of a kernel of 3^3 voxels."""


def neighbours(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the neighbours of every site.

    Parameters
    ----------
    index
        ``site 3`` int64, places on the lattice, from 0.

    Returns
    -------
    ndarray
        ``site 27`` int64, rows of `index`, or -1 where there is no site.
    """
    return _look_up(_grid(index), index)


def coarsen(
    index: NDArray[np.int64], min_neighbours: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every other point of the lattice that lies among sites.

    Parameters
    ----------
    index
        ``site 3`` int64, places on the lattice, from 0.
    min_neighbours
        Least number of sites among a point and its 26 neighbours; fewer if no point has so
        many.

    Returns
    -------
    coarse : ndarray
        ``point 3`` int64, places on the lattice of twice the edge; the point ``(i, j, k)``
        lies on the site ``(2 i, 2 j, 2 k)``.
    children : ndarray
        ``point 27`` int64, the sites around each point, -1 where there is none.
    """
    grid = _grid(index)
    shape = index.max(axis=0) // 2 + 2
    points = np.indices(shape).reshape(3, -1).T
    children = _look_up(grid, 2 * points)
    found = (children >= 0).sum(axis=1)
    kept = found >= min(min_neighbours, int(found.max()))
    return points[kept], children[kept]


def _grid(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of every lattice point, -1 where there is none, with a wide margin."""
    grid = np.full(index.max(axis=0) + 5, -1, dtype=np.int64)
    grid[tuple((index + 1).T)] = np.arange(len(index))
    return grid


def _look_up(grid: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.int64]:
    around = points[:, None, :] + STEPS + 1
    found: NDArray[np.int64] = grid[tuple(around.transpose(2, 0, 1))]
    return found
