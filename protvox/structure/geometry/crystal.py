"""Contacts with copies of a structure in its crystal, which are not in the file."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.experiment import Experiment
from protvox.structure.structure import Structure

_MOST_IMAGES: Final = 3_000_000
"""Largest product of atoms and operators; only viruses and the like have more."""


class CrystalNeighbours:
    """Measures distances to the copies of a structure by the symmetry of its crystal.

    Parameters
    ----------
    structure
        The structure, with unit cell and space group.

    Raises
    ------
    ValueError
        If there is no unit cell, the space group is unknown, or the crystal is too large.
    """

    def __init__(self, structure: Structure) -> None:
        orthogonal, rotations, translations = _symmetry(structure.experiment)
        if len(rotations) * structure.n_atoms > _MOST_IMAGES:
            raise ValueError("the crystal is too large")
        self._structure = structure
        self._orthogonal = orthogonal
        self._fractional = structure.coordinates @ np.linalg.inv(orthogonal).T
        self._rotations, self._translations = rotations, translations
        self._starts = np.searchsorted(structure.residue_index, np.arange(structure.n_residues + 1))

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
        own = self._fractional[self._starts[row] : self._starts[row + 1]]
        centre = own.mean(axis=0)
        radius = float(np.linalg.norm((own - centre) @ self._orthogonal.T, axis=1).max())
        images = np.einsum("sij,aj->sai", self._rotations, self._fractional)
        images += self._translations[:, None] - centre
        moved = np.round(images)
        images -= moved
        distance = np.linalg.norm(images @ self._orthogonal.T, axis=2)
        # The first operator is the identity; without a translation, it makes no copy.
        distance[0][(moved[0] == 0).all(axis=1)] = np.inf
        near = distance < radius + most
        if not near.any():
            return np.inf, -1
        apart = images[near][:, None] - (own - centre)[None]
        gaps = np.linalg.norm(apart @ self._orthogonal.T, axis=2)
        closest = int(gaps.min(axis=1).argmin())
        if gaps[closest].min() > most:
            return np.inf, -1
        atom = np.nonzero(near)[1][closest]
        return float(gaps[closest].min()), int(self._structure.residue_index[atom])


def _symmetry(
    experiment: Experiment,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the axes of the cell, ``3 3`` in Å, and the operators in its fractions."""
    import gemmi

    if not experiment.cell:
        raise ValueError("there is no unit cell")
    alpha, _, gamma = experiment.cell[3:]
    group = gemmi.find_spacegroup_by_name(experiment.space_group, alpha, gamma)
    if group is None:
        raise ValueError(f"the space group {experiment.space_group!r} is unknown")
    cell = gemmi.UnitCell(*experiment.cell)
    operators = list(group.operations())
    rotations = np.array([operator.rot for operator in operators]) / gemmi.Op.DEN
    translations = np.array([operator.tran for operator in operators]) / gemmi.Op.DEN
    return np.array(cell.orth.mat.tolist()), rotations, translations
