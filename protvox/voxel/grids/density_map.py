"""Densities of whole structures, in files that viewers superimpose on the structure."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import gemmi
import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.structure import Structure
from protvox.voxel.grids.channels import CHANNEL_NAMES, domain_channels
from protvox.voxel.grids.density import SKIP, voxelize
from protvox.voxel.grids.grid import MAX_SIZE, GridSpec

FORMATS: Final = {".ccp4": "ccp4", ".map": "ccp4", ".mrc": "ccp4", ".npz": "npz"}
"""File formats by the suffix of the file name."""

MAX_VALUES: Final = 1 << 28
"""Largest number of values of an exported density, 1 GiB."""

_NSTART, _ORIGIN, _LABEL = 5, 50, 57  # Words of the CCP4 header, counted from 1.


@dataclass(frozen=True, slots=True)
class DensityMap:
    """A density in the frame of the file it was made from.

    Attributes
    ----------
    values
        ``channel x y z`` float32.
    origin
        Centre of the first voxel in the structure's frame, Å.
    spacing
        Edge of a voxel, Å.
    sigma
        Standard deviation of an atom's Gaussian, Å.
    channels
        Names of the channels.
    """

    values: NDArray[np.float32]
    origin: tuple[float, float, float]
    spacing: float
    sigma: float
    channels: tuple[str, ...]

    def axes(self) -> tuple[NDArray[np.float64], ...]:
        """Return the voxel-centre coordinates along x, y and z, Å."""
        return tuple(
            start + self.spacing * np.arange(n, dtype=np.float64)
            for start, n in zip(self.origin, self.values.shape[1:], strict=True)
        )


def voxelize_structure(
    structure: Structure,
    residues: NDArray[np.bool_] | None = None,
    *,
    spacing: float = 1.0,
    sigma: float = 1.0,
    margin: float = 5.0,
    channels: str = "types",
) -> DensityMap:
    """Draw a structure, or some of its residues, in the frame of its file.

    Parameters
    ----------
    structure
        The structure.
    residues
        ``residue`` mask of the residues to draw; None for all.
    spacing
        Edge of a voxel, Å. Voxel centres are at integer multiples of it, so that the start of
        a CCP4 map can be given in voxels.
    sigma
        Standard deviation of an atom's Gaussian, Å.
    margin
        Least distance from an atom to the outermost voxel centres, Å.
    channels
        A name from `protvox.voxel.grids.channels.CHANNEL_NAMES`.

    Returns
    -------
    DensityMap
        The density; a single atom has a peak of 1.

    Raises
    ------
    InputError
        If no atom is drawn (``domain.empty``) or the density would be larger than
        `MAX_VALUES` (``domain.too_large``).
    ModelError
        If spacing, sigma or channels are invalid (``grid.invalid``, ``voxel.channels``).

    Examples
    --------
    >>> voxelize_structure(structure, spacing=2.0).values.shape  # doctest: +SKIP
    (15, 33, 41, 31)
    """
    channel = domain_channels(structure.atom_type, channels)
    drawn = channel != SKIP
    if residues is not None:
        drawn &= residues[structure.residue_index]
    if not drawn.any():
        raise fail("domain.empty.channels", where=structure.name, channels=channels)
    GridSpec(1, spacing, sigma)  # Raises for invalid lengths, before they are used.
    names = CHANNEL_NAMES[channels]
    xyz = structure.coordinates[drawn].astype(np.float64)
    first = np.floor((xyz.min(axis=0) - margin) / spacing)
    sizes = np.ceil((xyz.max(axis=0) + margin) / spacing) - first + 1
    if sizes.max() > MAX_SIZE or sizes.prod() * len(names) > MAX_VALUES:
        voxels = " x ".join(map(str, sizes.astype(int)))
        raise fail(
            "domain.too_large.density", where=structure.name, voxels=voxels, channels=len(names)
        )
    x, y, z = (int(n) for n in sizes)
    spec = GridSpec((x, y, z), spacing, sigma)
    centre = (first + 0.5 * (sizes - 1)) * spacing
    values = voxelize(
        (xyz - centre).astype(np.float32),
        channel[drawn],
        np.array([0, len(xyz)], dtype=np.int64),
        spec,
        len(names),
    )[0]
    start_x, start_y, start_z = (float(v) for v in first * spacing)
    return DensityMap(values, (start_x, start_y, start_z), spacing, sigma, names)


def encode_ccp4(density: DensityMap, channel: str | None = None) -> bytes:
    """Return a density as a CCP4 (MRC2014) map, superimposed on the structure.

    Parameters
    ----------
    density
        The density.
    channel
        Name of the channel to write; None for the sum of all.

    Returns
    -------
    bytes
        A P1 map in mode 2 (float32). If the voxel centres are at integer multiples of the
        spacing, the start is given in voxels (NXSTART), which every viewer reads; otherwise in
        Å (ORIGIN), which ChimeraX reads, and PyMOL if the file is named .mrc.

    Raises
    ------
    ModelError
        If there is no such channel (``voxel.channels``).
    """
    if channel is None:
        values: NDArray[np.float32] = density.values.sum(axis=0)
    elif channel in density.channels:
        values = density.values[density.channels.index(channel)]
    else:
        raise fail(
            "voxel.channels.map", where="map", channel=channel, known=", ".join(density.channels)
        )
    grid = gemmi.FloatGrid(np.ascontiguousarray(values))
    a, b, c = (n * density.spacing for n in values.shape)
    grid.set_unit_cell(gemmi.UnitCell(a, b, c, 90, 90, 90))
    grid.spacegroup = gemmi.SpaceGroup("P1")
    ccp4 = gemmi.Ccp4Map()
    ccp4.grid = grid
    ccp4.update_ccp4_header(2, True)
    steps = np.array(density.origin) / density.spacing
    whole = np.abs(steps - np.rint(steps)).max() < 1e-3
    for axis in range(3):
        ccp4.set_header_i32(_NSTART + axis, int(np.rint(steps[axis])) if whole else 0)
        ccp4.set_header_float(_ORIGIN + axis, 0.0 if whole else float(density.origin[axis]))
    drawn = channel or f"sum of {len(density.channels)} channels"
    ccp4.set_header_str(_LABEL, f"protvox {drawn}, sigma {density.sigma:g} A".ljust(80)[:80])
    header: bytes = ccp4.ccp4_header
    return header + values.astype("<f4").tobytes(order="F")


def encode_npz(density: DensityMap) -> bytes:
    """Return a density as a compressed numpy archive.

    Parameters
    ----------
    density
        The density.

    Returns
    -------
    bytes
        An npz with ``density`` (``channel x y z`` float32), ``channels`` (names), ``x``, ``y``
        and ``z`` (voxel centres, Å), ``origin``, ``spacing`` and ``sigma`` (Å).
    """
    x, y, z = density.axes()
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        density=density.values,
        channels=np.array(density.channels),
        x=x,
        y=y,
        z=z,
        origin=np.array(density.origin),
        spacing=np.float64(density.spacing),
        sigma=np.float64(density.sigma),
    )
    return stream.getvalue()


def write_map(density: DensityMap, path: str | Path, channel: str | None = None) -> None:
    """Write a density to a file; after an error there is no file.

    Parameters
    ----------
    density
        The density.
    path
        File name ending in .ccp4, .map or .mrc for a CCP4 map, or in .npz for all channels as
        arrays.
    channel
        Channel of a CCP4 map; None for the sum of all.

    Raises
    ------
    UsageError
        If the suffix is unknown (``output.format``) or the file cannot be written
        (``output.write``).
    ModelError
        If there is no such channel (``voxel.channels``).
    """
    path = Path(path)
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise fail(
            "output.format.density", where=str(path), suffix=path.suffix, known=", ".join(FORMATS)
        )
    data = encode_npz(density) if form == "npz" else encode_ccp4(density, channel)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise fail(
            "output.write.density", where=str(path), reason=error.strerror or error
        ) from error
