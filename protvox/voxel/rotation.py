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
        Random number generator.

    Returns
    -------
    ndarray
        ``n 3 3`` float32.

    Notes
    -----
    Normalised 4-vectors of Gaussian random numbers are uniform unit quaternions (Shoemake,
    "Uniform random rotations", Graphics Gems III, 1992).

    Examples
    --------
    >>> random_rotations(2, np.random.default_rng(0)).shape
    (2, 3, 3)
    """
    q = rng.standard_normal((n, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0).astype(np.float32)
