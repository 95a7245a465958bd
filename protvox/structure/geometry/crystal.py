"""Contacts with copies of a structure in its crystal, which are not in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.experiment import Experiment
from protvox.structure.structure import Structure

_MOST_IMAGES: Final = 1_000_000
"""Largest product of residues and operators."""


_LEAST_VOLUME: Final = 1.0
"""Å³."""

_ROUNDING: Final = 2e-5
"""1/Å; matrices in files have six decimals, and the last is not always right."""

_METRIC: Final = 0.01
"""Relative difference of lengths and angles of two descriptions of a cell."""

_SAME: Final = 1e-6
"""Fractions of the cell between positions that are the same."""


class CrystalNeighbours:
    """Measures distances to the copies of a structure by the symmetry of its crystal.

    Parameters
    ----------
    structure
        The structure, with unit cell and space group.

    Raises
    ------
    ValueError
        If there is no unit cell, or coordinates that are not in its frame, the space group is
        unknown, or the crystal is too large.
    """

    def __init__(self, structure: Structure) -> None:
        orthogonal, shift, rotations, translations = _symmetry(structure.experiment)
        if len(rotations) * structure.n_residues > _MOST_IMAGES:
            raise ValueError("the crystal is too large")
        fractional = structure.coordinates @ np.linalg.inv(orthogonal).T + shift
        self._orthogonal, self._fractional, self._rotations = orthogonal, fractional, rotations
        self._index = structure.residue_index
        self._starts = np.searchsorted(self._index, np.arange(structure.n_residues + 1))
        sizes = np.diff(self._starts)[:, None]
        self._centre = np.add.reduceat(fractional, self._starts[:-1]) / sizes
        apart = (fractional - self._centre[self._index]) @ orthogonal.T
        radius = np.linalg.norm(apart, axis=1)
        self._radius = np.maximum.reduceat(radius, self._starts[:-1])
        self._images = np.einsum("sij,rj->sri", rotations, self._centre) + translations[:, None]

    def nearest(self, row: int, most: float) -> tuple[float, int]:
        """Return the distance of a residue from the nearest copy, and the residue it is of.

        Parameters
        ----------
        row
            Row of the residue.
        most
            Distance up to which a copy counts, Å.

        Returns
        -------
        distance : float
            Å, between the closest atoms; infinite if no copy is that close.
        neighbour : int
            Row of the residue whose copy it is; -1 if there is none.
        """
        moved = self._images - self._centre[row]
        moved -= np.round(moved)
        distance = np.linalg.norm(moved @ self._orthogonal.T, axis=2)
        near = distance < self._radius[row] + self._radius + most
        # The first operator is the identity; without a translation, it makes no copy.
        same = np.abs(moved[0] - (self._centre - self._centre[row])).max(axis=1) < _SAME
        near[0] &= ~same
        own = (self._atoms(row) - self._centre[row]) @ self._orthogonal.T
        best, closest = np.inf, -1
        for operator, residue in np.argwhere(near).tolist():
            rotated = (self._atoms(residue) - self._centre[residue]) @ self._rotations[operator].T
            copy = (rotated + moved[operator, residue]) @ self._orthogonal.T
            gap = float(np.linalg.norm(own[:, None] - copy[None], axis=2).min())
            if gap < best:
                best, closest = gap, residue
        return (best, closest) if best <= most else (np.inf, -1)

    def _atoms(self, row: int) -> NDArray[np.float64]:
        """Return the fractional coordinates of the atoms of a residue."""
        atoms: NDArray[np.float64] = self._fractional[self._starts[row] : self._starts[row + 1]]
        return atoms


def _symmetry(experiment: Experiment) -> tuple[NDArray[np.float64], ...]:
    """Return the cell and the operators of a crystal.

    Returns
    -------
    axes : ndarray
        ``3 3``, Å.
    shift : ndarray
        ``3``, fractions of the origin of the coordinates.
    rotations, translations : ndarray
        ``operator 3 3`` and ``operator 3``, in fractions.
    """
    import gemmi

    if not experiment.cell:
        raise ValueError("there is no unit cell")
    alpha, _, gamma = experiment.cell[3:]
    group = gemmi.find_spacegroup_by_name(experiment.space_group, alpha, gamma)
    if group is None:
        raise ValueError(f"the space group {experiment.space_group!r} is unknown")
    orthogonal = np.array(gemmi.UnitCell(*experiment.cell).orth.mat.tolist())
    # The axes of a cell with impossible angles are not numbers.
    if not np.isfinite(orthogonal).all() or np.linalg.det(orthogonal) < _LEAST_VOLUME:
        raise ValueError("the unit cell has no volume")
    operators = list(group.operations())
    rotations = np.array([operator.rot for operator in operators]) / gemmi.Op.DEN
    translations = np.array([operator.tran for operator in operators]) / gemmi.Op.DEN
    return (*_frame(orthogonal, experiment.to_fractional), rotations, translations)


def _frame(
    standard: NDArray[np.float64], stated: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the axes of the cell in the frame of the coordinates, and the shift of their origin.

    Some old entries, such as 4hhb, have coordinates in the frame of the molecule.
    """
    none = np.zeros(3)
    if not stated:
        return standard, none
    scale = np.reshape(stated, (3, 4))
    usual = np.linalg.inv(standard)
    if np.abs(scale - np.column_stack([usual, none])).max() < _ROUNDING:
        return standard, none
    if np.abs(np.linalg.det(scale[:, :3])) < np.finfo(np.float64).tiny:
        raise ValueError("the coordinates are in an unknown frame")
    axes: NDArray[np.float64] = np.linalg.inv(scale[:, :3])
    # The same lengths and angles, in another orientation.
    metric = standard.T @ standard
    if np.abs(axes.T @ axes - metric).max() > _METRIC * np.abs(metric).max():
        raise ValueError("the coordinates are in a frame that contradicts the unit cell")
    return axes, scale[:, 3]
