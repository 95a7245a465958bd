"""Principal axes of a structure."""

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
        ``3 3`` float32, rows are the unit axes of a right-handed frame. The first two axes
        point in the direction of positive third moment, so that the frame rotates with the
        structure; their signs are arbitrary only if the structure is symmetric about its
        centre.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 9]], dtype=np.float32)
    >>> bool(principal_axes(points)[0] @ [0, 0, 1] > 0.99)
    True
    """
    points = (coordinates - coordinates.mean(axis=0)).astype(np.float64)
    _, vectors = np.linalg.eigh(points.T @ points)
    axes = vectors.T[::-1].copy()
    for row in range(2):
        if ((points @ axes[row]) ** 3).sum() < 0:
            axes[row] = -axes[row]
    axes[2] = np.cross(axes[0], axes[1])
    return axes.astype(np.float32)
