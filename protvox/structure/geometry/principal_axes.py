"""Poses of whole domains: their principal axes."""

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
    """
    points = (coordinates - coordinates.mean(axis=0)).astype(np.float64)
    _, vectors = np.linalg.eigh(points.T @ points)
    axes = vectors.T[::-1].copy()
    for row in range(2):
        if ((points @ axes[row]) ** 3).sum() < 0:
            axes[row] = -axes[row]
    axes[2] = np.cross(axes[0], axes[1])
    return axes.astype(np.float32)
