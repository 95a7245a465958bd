"""The shape, spacing and smoothing of a voxel grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail

MAX_SIZE = 1024
"""Largest number of voxels along an axis; anything larger is an error in units."""


@dataclass(frozen=True, slots=True)
class GridSpec:
    """A grid centred on the origin, and the width of the Gaussians drawn on it.

    Attributes
    ----------
    size
        Voxels along x, y and z; one number means a cube.
    spacing
        Edge of a voxel, Å.
    sigma
        Standard deviation of an atom's Gaussian, Å.

    Raises
    ------
    ModelError
        If a size is not between 1 and `MAX_SIZE`, spacing or sigma is not a positive finite
        number, or sigma is not between 1/4 and 8 voxels (``grid.invalid``).

    Examples
    --------
    >>> GridSpec(20, spacing=1.0, sigma=1.0).origin
    (-9.5, -9.5, -9.5)
    """

    size: int | tuple[int, int, int]
    spacing: float
    sigma: float

    def __post_init__(self) -> None:
        """Check the values."""
        sizes = self.size if isinstance(self.size, tuple) else (self.size,) * 3
        if len(sizes) != 3 or not all(_is_size(n) for n in sizes):
            raise fail("grid.invalid.size", where="grid size", size=self.size, most=MAX_SIZE)
        for name, value in (("spacing", self.spacing), ("sigma", self.sigma)):
            if not (math.isfinite(value) and value > 0):
                raise fail("grid.invalid.length", where=f"grid {name}", name=name, value=value)
        if not 0.25 <= self.sigma / self.spacing <= 8:
            raise fail(
                "grid.invalid.sigma", where="grid sigma", sigma=self.sigma, spacing=self.spacing
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y and z."""
        if isinstance(self.size, tuple):
            return self.size
        return (self.size, self.size, self.size)

    @property
    def extent(self) -> tuple[float, float, float]:
        """Edges of the grid along x, y and z, Å, from outer face to outer face."""
        x, y, z = self.shape
        return (x * self.spacing, y * self.spacing, z * self.spacing)

    def centres(self, axis: int = 0) -> NDArray[np.float64]:
        """Return the voxel-centre coordinates along one axis.

        Parameters
        ----------
        axis
            0, 1 or 2 for x, y or z.

        Returns
        -------
        ndarray
            ``voxel`` float64, Å, ascending, symmetric about 0.
        """
        n = self.shape[axis]
        return (np.arange(n, dtype=np.float64) - 0.5 * (n - 1)) * self.spacing

    @property
    def origin(self) -> tuple[float, float, float]:
        """Coordinates of the centre of the first voxel, Å."""
        x, y, z = (-0.5 * (n - 1) * self.spacing for n in self.shape)
        return (x, y, z)


def _is_size(n: object) -> bool:
    return isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MAX_SIZE
