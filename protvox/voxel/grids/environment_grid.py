"""Densities of residue environments."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX, ATOM_TYPES
from protvox.errors import fail
from protvox.structure.structure import Structure
from protvox.voxel.grids.density import SKIP, voxelize
from protvox.voxel.grids.density_map import DensityMap
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, ResidueFrames

ENVIRONMENT_CHANNELS: Final = (*ATOM_TYPES, "own_backbone")
"""Names of the channels of an environment: atom types, then the residue's own backbone."""

_LAST_BACKBONE: Final = ATOM_TYPE_INDEX["backbone_O"]


def environment_channels(structure: Structure, residue: int) -> NDArray[np.uint8]:
    """Return the channel of every atom in the environment of one residue.

    Parameters
    ----------
    structure
        The whole structure, with every chain and ligand.
    residue
        Row of the central residue. Its side chain is ignored, and its backbone has a channel of
        its own.

    Returns
    -------
    ndarray
        ``atom`` uint8, index into `ENVIRONMENT_CHANNELS`, or `SKIP`.
    """
    channel = structure.atom_type.copy()
    own = structure.residue_index == residue
    backbone = structure.atom_type <= _LAST_BACKBONE
    channel[own & backbone] = N_ENVIRONMENT_TYPES - 1
    channel[own & ~backbone] = SKIP
    return channel


def environment_densities(
    structure: Structure, residues: NDArray[np.int64], frames: ResidueFrames, spec: GridSpec
) -> NDArray[np.float32]:
    """Draw the environments of residues, each in the residue's own frame.

    Parameters
    ----------
    structure
        The whole structure.
    residues
        ``sample`` int64, rows of residues with a valid frame.
    frames
        From `protvox.voxel.moments.residue_frames.residue_frames`.
    spec
        The grid, centred on the origin of the frame.

    Returns
    -------
    ndarray
        ``sample channel x y z`` float32; a single atom has a peak of 1.

    Raises
    ------
    InputError
        If a residue has no frame because N, CA or C is missing (``input.backbone``).
    """
    for row in residues[~frames.valid[residues]].tolist():
        where = f"{structure.name}, {structure.where(row)}"
        raise fail("input.backbone.frame", where=where)
    reach = float(np.linalg.norm(spec.extent)) / 2 + 6 * spec.sigma
    parts: list[NDArray[np.float32]] = []
    channels: list[NDArray[np.uint8]] = []
    for row in residues.tolist():
        offset = structure.coordinates - frames.origin[row]
        near = (offset**2).sum(axis=1) < reach**2
        parts.append(offset[near] @ frames.axes[row].T)
        channels.append(environment_channels(structure, row)[near])
    ends = np.cumsum([0] + [len(part) for part in parts]).astype(np.int64)
    if not parts:
        return np.zeros((0, N_ENVIRONMENT_TYPES, *spec.shape), dtype=np.float32)
    return voxelize(
        np.concatenate(parts), np.concatenate(channels), ends, spec, N_ENVIRONMENT_TYPES
    )


def voxelize_surroundings(
    structure: Structure,
    residue: int,
    *,
    size: float = 20.0,
    spacing: float = 1.0,
    sigma: float = 1.0,
) -> DensityMap:
    """Draw the environment of one residue in the frame of the file.

    Parameters
    ----------
    structure
        The whole structure.
    residue
        Row of the residue.
    size
        Edge of the cube around its CA, Å.
    spacing
        Edge of a voxel, Å; voxel centres are at integer multiples of it.
    sigma
        Standard deviation of an atom's Gaussian, Å.

    Returns
    -------
    DensityMap
        Superimposed on the structure.

    Raises
    ------
    InputError
        If the residue has no CA (``input.backbone``).
    ModelError
        If spacing or sigma is invalid (``grid.invalid``).
    """
    middle = structure.backbone()[residue, 1]
    if not np.isfinite(middle).all():
        where = f"{structure.name}, {structure.where(residue)}"
        raise fail("input.backbone.ca", where=where)
    steps = max(round(size / spacing / 2), 1)
    spec = GridSpec(2 * steps + 1, spacing, sigma)
    centre = np.rint(middle / spacing) * spacing
    values = voxelize(
        (structure.coordinates - centre).astype(np.float32),
        environment_channels(structure, residue),
        np.array([0, structure.n_atoms], dtype=np.int64),
        spec,
        N_ENVIRONMENT_TYPES,
    )[0]
    x, y, z = (float(v) for v in centre - steps * spacing)
    return DensityMap(values, (x, y, z), spacing, sigma, ENVIRONMENT_CHANNELS)
