"""Poses of whole domains: principal axes and the box around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def principal_axes(coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the principal axes of a set of points, longest first.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å.

    Returns
    -------
    ndarray
        ``3 3`` float32, rows are unit axes of a right-handed frame. The sign of the first
        two axes is that of the third moment along them, so that the frame turns with the
        structure; it is arbitrary only for a structure symmetric about its centre.

    Notes
    -----
    A box along these axes is about a third smaller than one in a random pose, and so is the
    work of a network that reads it.
    """
    points = (coordinates - coordinates.mean(axis=0)).astype(np.float64)
    _, vectors = np.linalg.eigh(points.T @ points)
    axes = vectors.T[::-1].copy()
    for row in range(2):
        if ((points @ axes[row]) ** 3).sum() < 0:
            axes[row] = -axes[row]
    axes[2] = np.cross(axes[0], axes[1])
    return axes.astype(np.float32)


def bounding_box(
    coordinates: NDArray[np.float32], axes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the box around a set of points along given axes.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å.
    axes
        ``3 3`` float32, rows are the unit axes.

    Returns
    -------
    centre : ndarray
        ``3`` float32, in the frame of the coordinates, Å.
    extent : ndarray
        ``3`` float32, edge lengths along the axes, Å.
    """
    turned = coordinates @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = ((low + high) / 2) @ axes
    return centre.astype(np.float32), (high - low).astype(np.float32)
