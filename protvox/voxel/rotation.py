"""Random rotations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_rotations(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return rotation matrices drawn uniformly from SO(3).

    Parameters
    ----------
    n
        Number of rotations.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        ``n 3 3`` float32.

    Notes
    -----
    Normalised 4-vectors of Gaussian numbers are uniform unit quaternions (Shoemake, "Uniform
    random rotations", Graphics Gems III, 1992).
    """
    q = rng.standard_normal((n, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0).astype(np.float32)


def small_rotations(n: int, sigma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return rotations about random axes by small random angles.

    Parameters
    ----------
    n
        Number of rotations.
    sigma
        Standard deviation of the rotation vector along each axis, radians.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        ``n 3 3`` float32, by the formula of Rodrigues.
    """
    vector = rng.normal(0, sigma, (n, 3))
    angle = np.linalg.norm(vector, axis=1)[:, None, None]
    x, y, z = (vector / np.maximum(angle[:, :, 0], 1e-12)).T
    zero = np.zeros(n)
    cross = np.moveaxis(np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]), 2, 0)
    turned = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    rotations: NDArray[np.float32] = turned.astype(np.float32)
    return rotations
