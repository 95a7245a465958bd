"""Whole domains on grids: rotation, centring, and grids of the size of their bounding boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.voxel.grids.density import SKIP, voxelize
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.rotation import random_rotations

PAPER_GRID: Final = GridSpec(50, 2.0, 1.0)
"""The fixed grid of the CATH experiment of Weiler et al. (2018), used with the channels ``"ca"``
and ``normalize=True``."""


def domain_grid(
    coordinates: NDArray[np.float32],
    spacing: float,
    margin: float,
    multiple: int,
    *,
    sigma: float,
    maximum: int = 96,
    name: str = "domain",
) -> tuple[NDArray[np.float32], GridSpec]:
    """Centre one domain and choose the smallest grid that contains it.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å, in the pose to be drawn.
    spacing
        Edge of a voxel, Å.
    margin
        Least distance from an atom to the outer faces, Å.
    multiple
        Every size is a multiple of this number.
    sigma
        Standard deviation of an atom's Gaussian, Å.
    maximum
        Largest number of voxels along an axis.
    name
        Name of the domain in errors.

    Returns
    -------
    coordinates : ndarray
        ``atom 3`` float32, Å, the centre of the bounding box at the origin.
    spec : GridSpec
        The grid.

    Raises
    ------
    InputError
        If there is no atom (``domain.empty``) or the domain needs a grid larger than the
        maximum (``domain.too_large``).
    """
    grids = DomainGrids.from_domains(
        [(coordinates, np.zeros(len(coordinates), dtype=np.uint8))],
        spacing=spacing,
        sigma=sigma,
        margin=margin,
        multiple=multiple,
        maximum=maximum,
        names=(name,),
    ).centre()
    return grids.coordinates, grids.common_spec()


@dataclass(frozen=True, slots=True)
class DomainGrids:
    """Many domains, which can be rotated, sorted by grid shape and drawn.

    Attributes
    ----------
    coordinates
        ``atom 3`` float32, Å.
    channel
        ``atom`` uint8.
    offsets
        ``domain + 1`` int64; domain ``d`` has the atoms ``offsets[d]:offsets[d + 1]``.
    names
        ``domain`` names used in errors; if empty, domains are numbered.
    spacing
        Edge of a voxel, Å.
    sigma
        Standard deviation of an atom's Gaussian, Å.
    margin
        Least distance from an atom to the outer faces, Å.
    multiple
        Every size is a multiple of this number.
    maximum
        Largest number of voxels along an axis; a domain that needs more raises an error and is
        never cropped.
    """

    coordinates: NDArray[np.float32]
    channel: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    names: tuple[str, ...] = ()
    spacing: float = 2.0
    sigma: float = 1.0
    margin: float = 4.0
    multiple: int = 4
    maximum: int = 96

    @classmethod
    def from_domains(
        cls,
        domains: Iterable[tuple[NDArray[np.float32], NDArray[np.uint8]]],
        *,
        names: Sequence[str] = (),
        spacing: float = 2.0,
        sigma: float = 1.0,
        margin: float = 4.0,
        multiple: int = 4,
        maximum: int = 96,
    ) -> DomainGrids:
        """Collect domains, without the atoms whose channel is `SKIP`.

        Parameters
        ----------
        domains
            Coordinates (``atom 3``, Å) and channels (``atom``) of each domain.
        names, spacing, sigma, margin, multiple, maximum
            See the attributes.

        Raises
        ------
        InputError
            If no atom of a domain is drawn (``domain.empty``).
        """
        kept = [(xyz[drawn], kind[drawn]) for xyz, kind in domains for drawn in [kind != SKIP]]
        lengths = np.array([len(kind) for _, kind in kept], dtype=np.int64)
        for empty in np.flatnonzero(lengths == 0):
            where = names[int(empty)] if names else f"domain {empty + 1}"
            raise fail("domain.empty.atoms", where=where)
        return cls(
            np.concatenate([xyz for xyz, _ in kept]).astype(np.float32),
            np.concatenate([kind for _, kind in kept]).astype(np.uint8),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            tuple(names),
            spacing,
            sigma,
            margin,
            multiple,
            maximum,
        )

    def __len__(self) -> int:
        """Return the number of domains."""
        return len(self.offsets) - 1

    def take(self, domains: NDArray[np.int64]) -> DomainGrids:
        """Return some of the domains.

        Parameters
        ----------
        domains
            Indices of the domains, in the order to return them.
        """
        starts, lengths = self.offsets[:-1][domains], np.diff(self.offsets)[domains]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        atoms = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return replace(
            self,
            coordinates=self.coordinates[atoms],
            channel=self.channel[atoms],
            offsets=offsets,
            names=tuple(self.names[d] for d in domains) if self.names else (),
        )

    def rotate(self, rotations: NDArray[np.float32]) -> DomainGrids:
        """Rotate every domain about the origin by its own rotation.

        Parameters
        ----------
        rotations
            ``domain 3 3``, applied as ``rotation @ position``.
        """
        rotated = np.empty_like(self.coordinates)
        for domain, rotation in enumerate(rotations.astype(np.float32)):
            atoms = slice(self.offsets[domain], self.offsets[domain + 1])
            np.matmul(self.coordinates[atoms], rotation.T, out=rotated[atoms])
        return replace(self, coordinates=rotated)

    def centre(self, shifts: NDArray[np.float32] | None = None) -> DomainGrids:
        """Move the centre of every bounding box to the origin, or to a given position.

        Parameters
        ----------
        shifts
            ``domain 3``, positions of the centres, Å; None for the origin.
        """
        low, high = self._bounds()
        move = -0.5 * (low + high) if shifts is None else shifts - 0.5 * (low + high)
        moved = self.coordinates + np.repeat(move, np.diff(self.offsets), axis=0)
        return replace(self, coordinates=moved.astype(np.float32))

    def jitter(self, rng: np.random.Generator, shift: float = 0.0) -> DomainGrids:
        """Rotate every domain at random, and centre it up to a random shift.

        Parameters
        ----------
        rng
            Random number generator.
        shift
            Largest shift along each axis, Å.
        """
        shifts = rng.uniform(-shift, shift, (len(self), 3)).astype(np.float32)
        return self.rotate(random_rotations(len(self), rng)).centre(shifts)

    def shapes(self) -> NDArray[np.int64]:
        """Return the smallest grid around the origin that contains each domain.

        Returns
        -------
        ndarray
            ``domain 3`` int64, voxels along x, y and z, each a multiple of `multiple`.

        Raises
        ------
        InputError
            If a domain needs more voxels than `maximum` (``domain.too_large``).
        """
        low, high = self._bounds()
        extent = 2.0 * (np.maximum(-low, high).astype(np.float64) + self.margin)
        # Without the thousandth of a voxel, rounding in float32 could add a whole multiple.
        blocks = np.ceil((extent / self.spacing - 1e-3) / self.multiple)
        shapes = np.maximum(blocks, 1).astype(np.int64) * self.multiple
        self._check_sizes(shapes, (self.maximum,) * 3)
        return shapes

    def common_spec(self) -> GridSpec:
        """Return the smallest grid that contains every domain, for one batch of all."""
        x, y, z = self.shapes().max(axis=0).tolist()
        return GridSpec((x, y, z), self.spacing, self.sigma)

    def buckets(self) -> list[tuple[GridSpec, NDArray[np.int64]]]:
        """Return the domains sorted into grids of equal shape.

        Returns
        -------
        list of (GridSpec, ndarray)
            Each grid with the indices of its domains, ascending in volume.
        """
        unique, inverse = np.unique(self.shapes(), axis=0, return_inverse=True)
        order = np.argsort(unique.prod(axis=1), kind="stable")
        return [
            (
                GridSpec((int(x), int(y), int(z)), self.spacing, self.sigma),
                np.flatnonzero(inverse.ravel() == bucket).astype(np.int64),
            )
            for bucket, (x, y, z) in zip(order, unique[order], strict=True)
        ]

    def voxelize(
        self,
        spec: GridSpec,
        n_channels: int,
        *,
        normalize: bool = False,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Draw every domain on the same grid, see `protvox.voxel.grids.density.voxelize`.

        Parameters
        ----------
        spec
            A grid that contains them all, from `common_spec` or `buckets`, or a fixed one.
        n_channels
            Number of channels.
        normalize, out
            As in `protvox.voxel.grids.density.voxelize`.

        Returns
        -------
        ndarray
            ``domain channel x y z`` float32.

        Raises
        ------
        InputError
            If an atom lies outside the grid (``domain.too_large``).
        """
        low, high = self._bounds()
        reach = 2.0 * np.maximum(-low, high).astype(np.float64) / spec.spacing
        self._check_sizes(np.ceil(reach - 1e-3).astype(np.int64), spec.shape)
        return voxelize(
            self.coordinates,
            self.channel,
            self.offsets,
            spec,
            n_channels,
            normalize=normalize,
            out=out,
        )

    def _bounds(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        starts = self.offsets[:-1]
        low = np.minimum.reduceat(self.coordinates, starts, axis=0)
        return low, np.maximum.reduceat(self.coordinates, starts, axis=0)

    def _check_sizes(self, shapes: NDArray[np.int64], limit: tuple[int, int, int]) -> None:
        for domain in np.flatnonzero(np.any(shapes > np.array(limit), axis=1)):
            needed, largest = (" x ".join(map(str, s)) for s in (shapes[domain], limit))
            raise fail(
                "domain.too_large.grid",
                where=self.names[domain] if self.names else f"domain {domain + 1}",
                needed=needed,
                spacing=self.spacing,
                largest=largest,
            )
