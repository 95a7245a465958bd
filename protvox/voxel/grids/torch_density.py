"""Gaussian densities of atoms on grids in torch, for the GPU."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from protvox.errors import fail
from protvox.voxel.grids.density import SKIP, check_arrays, face_sum, window_width
from protvox.voxel.grids.grid import GridSpec

CHUNK_VALUES = 1 << 23
"""Largest number of window values computed at once: about 200 MiB with their indices."""


def voxelize_torch(
    coordinates: Tensor,
    channel: Tensor,
    offsets: Tensor,
    spec: GridSpec,
    n_channels: int,
    *,
    normalize: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Draw the atoms of many grids as Gaussian densities.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å, in the frame of the atom's grid. Its device is used.
    channel
        ``atom`` uint8; atoms with `protvox.voxel.grids.density.SKIP` are not drawn.
    offsets
        ``grid + 1`` int64.
    spec
        Shape, spacing and sigma of every grid.
    n_channels
        Number of channels.
    normalize
        Scale every atom to sum 1 over the grid.
    out
        Contiguous tensor to write into; None for a new one.

    Returns
    -------
    Tensor
        ``grid channel x y z`` float32 on the device of the coordinates, within 1e-4 of
        `protvox.voxel.grids.density.voxelize`. No gradient flows through it.

    Raises
    ------
    ModelError
        If the shapes or values of the arrays are inconsistent (``voxel.arrays``).
    DeviceError
        If the device does not have enough memory (``device.memory``).
    """
    channel_array, offsets_array = channel.cpu().numpy(), offsets.cpu().numpy()
    check_arrays(tuple(coordinates.shape), channel_array, offsets_array, n_channels)
    shape = (len(offsets) - 1, n_channels, *spec.shape)
    try:
        with torch.no_grad():
            return _draw(coordinates.float(), channel, offsets, spec, shape, normalize, out)
    except torch.OutOfMemoryError as error:
        raise fail(
            "device.memory.grids",
            where=str(coordinates.device),
            grids=shape[0],
            shape=spec.shape,
            channels=n_channels,
        ) from error


def _draw(
    coordinates: Tensor,
    channel: Tensor,
    offsets: Tensor,
    spec: GridSpec,
    shape: tuple[int, ...],
    normalize: bool,
    out: Tensor | None,
) -> Tensor:
    device = coordinates.device
    if out is None:
        out = torch.empty(shape, dtype=torch.float32, device=device)
    elif tuple(out.shape) != shape or out.dtype != torch.float32 or not out.is_contiguous():
        raise fail(
            "voxel.arrays.out",
            where="voxelize",
            dtype=out.dtype,
            shape=tuple(out.shape),
            expected=shape,
        )
    flat = out.zero_().view(-1)
    channel, offsets = channel.to(device), offsets.to(device)
    atoms = torch.arange(len(coordinates), device=device)
    grid = torch.searchsorted(offsets[1:], atoms, right=True)
    drawn = (channel != SKIP) & coordinates.isfinite().all(dim=1)
    atoms = atoms[drawn]
    step = max(1, CHUNK_VALUES // window_width(spec) ** 3)
    for start in range(0, len(atoms), step):
        part = atoms[start : start + step]
        plane = grid[part] * shape[1] + channel[part].long()
        (x, at_x), (y, at_y), (z, at_z) = (
            _axis(coordinates[part, axis], axis, spec, normalize) for axis in range(3)
        )
        rows = (plane[:, None] * shape[2] + at_x)[:, :, None] * shape[3] + at_y[:, None, :]
        index = rows[:, :, :, None] * shape[4] + at_z[:, None, None, :]
        value = (x[:, :, None] * y[:, None, :])[:, :, :, None] * z[:, None, None, :]
        flat.scatter_add_(0, index.view(-1), value.view(-1))
    return out


def _axis(coordinate: Tensor, axis: int, spec: GridSpec, normalize: bool) -> tuple[Tensor, Tensor]:
    """Return the factors along an axis and their voxels, ``atom window`` each."""
    width, size = window_width(spec), spec.shape[axis]
    # The same operations in the same precision as on the CPU, so that both cut the same window.
    position = coordinate * np.float32(1.0 / spec.spacing).item() + 0.5 * (size - 1)
    position = position.clamp(-float(width), float(size + width))
    first = position.floor().long() - (width // 2 - 1)
    voxel = first[:, None] + torch.arange(width, device=coordinate.device)
    distance = (voxel - position[:, None]) * spec.spacing
    factor = torch.exp(-0.5 * (distance / spec.sigma) ** 2)
    factor = torch.where((voxel >= 0) & (voxel < size), factor, 0.0)
    if normalize:
        inside = (position >= -0.5) & (position <= size - 0.5)
        total = torch.where(inside, factor.sum(dim=1), float(face_sum(spec)))
        factor = factor / total[:, None]
    return factor, voxel.clamp(0, size - 1)
