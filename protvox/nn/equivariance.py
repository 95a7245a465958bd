"""Rotations of fields, and a check that a module commutes with them."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional

from protvox.nn.irreps import check_field, check_irreps, irreps_slices
from protvox.nn.layout import mix_channels

TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-9}
"""Largest error accepted by `assert_equivariant`, relative to the largest value of the output."""


def cube_rotations() -> Tensor:
    """Return the rotations that map a voxel grid onto itself.

    Returns
    -------
    Tensor
        ``24 3 3`` float64 rotation matrices, the identity first.
    """
    matrices: list[Tensor] = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = torch.diag(torch.tensor(signs, dtype=torch.float64))[list(order)]
            if torch.linalg.det(matrix) > 0:
                matrices.append(matrix)
    return torch.stack(matrices)


def rotate_field(field: Tensor, irreps: o3.Irreps | str, rotation: Tensor) -> Tensor:
    """Rotate a field of irreps about the centre of its grid.

    Parameters
    ----------
    field
        ``batch irreps.dim x y z`` with equal edges, or features ``batch irreps.dim`` without
        spatial axes.
    irreps
        Irreps of the field.
    rotation
        ``3 3`` rotation matrix R.

    Returns
    -------
    Tensor
        ``(R f)(x) = D(R) f(R^-1 x)``, of the shape of the field. A rotation of the cube permutes
        voxels exactly; other rotations interpolate trilinearly, with zeros outside.

    Raises
    ------
    ValueError
        If the field does not have the channels of the irreps, or its grid is not a cube.

    Examples
    --------
    >>> field = torch.randn(1, 3, 5, 5, 5)
    >>> rotate_field(field, "1x1e", cube_rotations()[5]).shape
    torch.Size([1, 3, 5, 5, 5])
    """
    irreps = check_irreps(irreps)
    check_field(field, irreps, "rotate_field")
    if field.ndim not in (2, 5) or len(set(field.shape[2:])) > 1:
        raise ValueError(f"only a cubic grid can be rotated, got shape {tuple(field.shape)}")
    rotation = rotation.to(torch.float64).cpu()
    if field.ndim == 5:
        field = _move_voxels(field, rotation)
    return mix_channels(rotation_of_channels(irreps, rotation).to(field), field)


def rotation_of_channels(irreps: o3.Irreps | str, rotation: Tensor) -> Tensor:
    """Return the matrix D(R) by which a rotation acts on the channels of irreps.

    Parameters
    ----------
    irreps
        Irreps of the field.
    rotation
        ``3 3`` rotation matrix R.

    Returns
    -------
    Tensor
        ``irreps.dim irreps.dim`` float64, block diagonal, on the CPU.

    Notes
    -----
    Solved from ``Y(R p) = D(R) Y(p)`` at fixed points p. Using Euler angles, as
    ``Irreps.D_from_matrix`` does, loses half of the digits where the angles are degenerate, as
    for rotations of the cube.
    """
    irreps = check_irreps(irreps)
    entries = tuple(rotation.to(torch.float64).flatten().tolist())
    matrix = torch.zeros(irreps.dim, irreps.dim, dtype=torch.float64)
    start = 0
    for degree in (block.ir.l for block in irreps for _ in range(block.mul)):
        end = start + 2 * degree + 1
        matrix[start:end, start:end] = _wigner_matrix(degree, entries)
        start = end
    return matrix


def assert_equivariant(
    module: nn.Module,
    irreps_in: o3.Irreps | str | None = None,
    irreps_out: o3.Irreps | str | None = None,
    *,
    size: int = 9,
    batch: int = 2,
    tolerance: float | None = None,
    seed: int = 0,
) -> None:
    """Check that a module commutes with all 24 rotations of the voxel grid.

    Parameters
    ----------
    module
        Maps ``batch irreps_in.dim size size size`` to a field or to ``batch irreps_out.dim``.
        Its mode is not changed: put it in evaluation mode first if it has dropout.
    irreps_in, irreps_out
        Irreps of the input and output; None for the attributes of the module.
    size
        Edge of the random input in voxels.
    batch
        Number of random inputs.
    tolerance
        Largest error relative to the largest value of the output; None for 1e-4 in float32
        and 1e-9 in float64.
    seed
        Seed of the random input.

    Raises
    ------
    AssertionError
        If the module is not equivariant, or its output is NaN; the message has the rotation,
        the irreps and the error.

    Examples
    --------
    >>> from protvox.nn import SteerableConv3d
    >>> assert_equivariant(SteerableConv3d("1x0e", "1x1e", size=3))
    >>> assert_equivariant(nn.Conv3d(1, 3, 3), "1x0e", "1x1e")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: Conv3d: 1x0e -> 1x1e does not commute with rotation 1 of the cube, ...
    """
    source = check_irreps(irreps_in if irreps_in is not None else module.irreps_in)
    target = check_irreps(irreps_out if irreps_out is not None else module.irreps_out)
    reference = next(module.parameters(), torch.empty(0))
    generator = torch.Generator().manual_seed(seed)
    field = torch.randn(batch, source.dim, size, size, size, generator=generator).to(reference)
    limit = TOLERANCES.get(field.dtype, 1e-2) if tolerance is None else tolerance
    with torch.no_grad():
        output = module(field)
        scale = output.abs().max().clamp_min(torch.finfo(output.dtype).tiny)
        for index, rotation in enumerate(cube_rotations()):
            rotated = module(rotate_field(field, source, rotation))
            error = (rotated - rotate_field(output, target, rotation)).abs() / scale
            if not bool(error.max() <= limit):
                raise AssertionError(
                    _describe_failure(module, source, target, index, rotation, error, limit)
                )


@lru_cache(maxsize=512)
def _wigner_matrix(degree: int, entries: tuple[float, ...]) -> Tensor:
    rotation = torch.tensor(entries, dtype=torch.float64).view(3, 3)
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(4 * degree + 4, 3, generator=generator, dtype=torch.float64)
    before = o3.spherical_harmonics(degree, points, normalize=True)
    after = o3.spherical_harmonics(degree, points @ rotation.T, normalize=True)
    matrix: Tensor = torch.linalg.lstsq(before, after).solution.T
    return matrix


def _describe_failure(
    module: nn.Module,
    source: o3.Irreps,
    target: o3.Irreps,
    index: int,
    rotation: Tensor,
    error: Tensor,
    limit: float,
) -> str:
    blocks = ", ".join(
        f"{block} {float(error[:, part].max()):.1e}"
        for block, part in zip(target, irreps_slices(target), strict=True)
    )
    same_inside = error.ndim == 5 and float(error[:, :, 1:-1, 1:-1, 1:-1].amax()) <= limit
    hint = (
        "Only the border is wrong: a kernel or a padding is not symmetric there."
        if same_inside and min(error.shape[2:]) > 2
        else "Usual reasons: a strided layer whose voxels are not symmetric in the grid "
        "(n + 2 * padding - k must be a multiple of the stride), irreps listed in another "
        "order than the channels, a non-linearity on single components, active dropout."
    )
    name = type(module).__name__
    return (
        f"{name}: {source} -> {target} does not commute with rotation {index} of the cube, "
        f"{rotation.int().tolist()}: error {float(error.max()):.1e} of the largest output, "
        f"allowed {limit:.0e}; by block: {blocks}. {hint}"
    )


def _move_voxels(field: Tensor, rotation: Tensor) -> Tensor:
    rounded = rotation.round()
    if torch.allclose(rotation, rounded, rtol=0, atol=1e-12):
        axes = rounded.abs().argmax(dim=1).tolist()
        moved = field.permute(0, 1, *(2 + axis for axis in axes))
        flips = [2 + axis for axis in range(3) if rounded[axis, axes[axis]] < 0]
        return moved.flip(flips).contiguous()
    size = field.shape[2]
    axis = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) * (2 / max(size - 1, 1))
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1)
    # Row vectors: x @ R is R^-1 x. grid_sample counts its axes from the last one.
    sources = (points @ rotation).flip(-1).to(field)
    sources = sources.expand(field.shape[0], *sources.shape)
    return functional.grid_sample(field, sources, mode="bilinear", align_corners=True)
