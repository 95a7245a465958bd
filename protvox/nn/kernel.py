"""Steerable kernels: solutions of the SE(3) kernel constraint, sampled on a voxel grid.

A convolution maps a field of irreps ``in`` to a field of irreps ``out`` and commutes with
rotations if and only if its kernel obeys equation (2) of Weiler et al. (2018),

    k(R x) = D_out(R) k(x) D_in(R)^T   for every rotation R.

The solutions are learned weights times ``radial shell x spherical harmonic x
Clebsch-Gordan coefficients``. This module samples those solutions; `SteerableKernel` mixes
them into the dense weight of an ordinary ``conv3d``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_irreps
from protvox.nn.paths import shell_band_limit

SHELL_SIGMA = 0.6
"""Width of the Gaussian radial shells in voxels (Weiler et al. 2018)."""


@dataclass(frozen=True)
class Filters:
    """The filters from which a kernel is mixed.

    The default is the choice of Weiler et al. (2018). Sampling it on voxels is not exact: the
    cube cuts the outermost shell in half at its faces but not at its corners, and the shell of
    radius 1 has too few voxels for degrees above 2. On a smooth field, filters of degree 2 on a
    cut shell have errors of 6 to 8 %, and those of degree 3 on the shell of radius 1 errors of
    half of the response and more. Fewer shells and degrees trade capacity for symmetry.

    Attributes
    ----------
    shells
        Number of radial shells, the first at the centre, one voxel apart; None for all up to
        the faces of the cube.
    degree
        Highest filter degree; None for all within the band limit of each shell.
    width
        Standard deviation of the Gaussian shells in voxels.
    """

    shells: int | None = None
    degree: int | None = None
    width: float = SHELL_SIGMA


PAPER_FILTERS = Filters()
"""All shells and degrees, as in Weiler et al. (2018)."""


def path_functions(
    l_in: int, l_out: int, half: int, points: Tensor, filters: Filters = PAPER_FILTERS
) -> Tensor:
    """Evaluate the steerable kernels between two irreps at any points.

    Parameters
    ----------
    l_in, l_out
        Degrees of the input and output irreps.
    half
        Radius of the outermost shell in voxels.
    points
        ``... 3`` positions in voxels from the centre of the kernel, float64.
    filters
        Shells and degrees that are used.

    Returns
    -------
    Tensor
        ``path ... 2*l_out+1 2*l_in+1``, not normalised.

    Notes
    -----
    Weiler et al. (2018), section 4.2: one path for every shell m = 0 .. half and every
    filter degree ``|l_in-l_out| <= J <= l_in+l_out`` within the band limit of the shell.
    Every path obeys equation (2) exactly, at all points and for all rotations.
    """
    radius = points.norm(dim=-1)
    paths: list[Tensor] = []
    shells = half + 1 if filters.shells is None else min(half + 1, filters.shells)
    highest = l_in + l_out if filters.degree is None else filters.degree
    for shell in range(shells):
        window = torch.exp(-0.5 * ((radius - shell) / filters.width) ** 2)
        for degree in range(abs(l_in - l_out), min(l_in + l_out, highest) + 1):
            if degree > shell_band_limit(shell):
                continue
            harmonic = o3.spherical_harmonics(degree, points, normalize=True)
            if degree > 0:
                # The direction of the centre voxel is undefined, so only l = 0 is not zero there.
                harmonic = harmonic * (radius > 0)[..., None]
            coupling = o3.wigner_3j(l_out, l_in, degree, dtype=torch.float64)
            paths.append(torch.einsum("oij,...j,...->...oi", coupling, harmonic, window))
    if not paths:
        return points.new_zeros(0, *points.shape[:-1], 2 * l_out + 1, 2 * l_in + 1)
    return torch.stack(paths)


@lru_cache(maxsize=64)
def kernel_basis(l_in: int, l_out: int, size: int, filters: Filters = PAPER_FILTERS) -> Tensor:
    """Sample all steerable kernels between one irrep and another on a voxel grid.

    Parameters
    ----------
    l_in, l_out
        Degrees of the input and output irreps.
    size
        Edge length of the cubic kernel in voxels, odd.
    filters
        Shells and degrees that are used.

    Returns
    -------
    Tensor
        ``path 2*l_out+1 2*l_in+1 size size size`` float64; each path has Frobenius norm
        ``sqrt(2*l_out+1)``, so that weights of unit variance keep the variance of a field.
    """
    half = size // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1)
    paths = path_functions(l_in, l_out, half, points, filters).permute(0, 4, 5, 1, 2, 3)
    norms = paths.flatten(1).norm(dim=1).view(-1, 1, 1, 1, 1, 1)
    basis: Tensor = (paths * (math.sqrt(2 * l_out + 1) / norms)).contiguous()
    return basis


def block_basis(l_in: int, irreps_out: o3.Irreps, size: int) -> Tensor:
    """Return the kernels from one irrep to all blocks of the output, concatenated.

    Parameters
    ----------
    l_in
        Degree of the input irrep.
    irreps_out
        Irreps of the output.
    size
        Edge length of the cubic kernel in voxels, odd.

    Returns
    -------
    Tensor
        ``row component*size^3`` float64, rows laid out ``out path component``, as
        `protvox.nn.paths.convolve_paths` takes them.
    """
    functions = [kernel_basis(l_in, out.ir.l, size) for out in irreps_out]
    return torch.cat([f.flatten(0, 1).flatten(1) for f in functions])


class SteerableKernel(nn.Module):
    """Learned dense weight of a steerable convolution.

    Parameters
    ----------
    irreps_in, irreps_out
        Input and output irreps, e.g. ``"8x0e+4x1e"``.
    size
        Edge length of the kernel in voxels, odd.
    filters
        Shells and degrees that are used.

    Attributes
    ----------
    weights
        One parameter for each pair of blocks, ``mult_out * mult_in, path``.

    Examples
    --------
    >>> SteerableKernel("1x0e", "2x0e+1x1e", size=3)().shape
    torch.Size([5, 1, 3, 3, 3])
    """

    def __init__(
        self,
        irreps_in: o3.Irreps | str,
        irreps_out: o3.Irreps | str,
        size: int,
        *,
        filters: Filters = PAPER_FILTERS,
    ) -> None:
        super().__init__()
        if size % 2 != 1:
            raise ValueError(f"kernel size {size}: an even kernel has no centre voxel, use odd")
        self.irreps_in = check_irreps(irreps_in)
        self.irreps_out = check_irreps(irreps_out)
        self.size = size
        self.filters = filters
        self.weights = nn.ParameterList()
        for out in self.irreps_out:
            bases = [kernel_basis(i.ir.l, out.ir.l, size, filters) for i in self.irreps_in]
            fan_in = sum(i.mul * len(basis) for i, basis in zip(self.irreps_in, bases, strict=True))
            for i, basis in zip(self.irreps_in, bases, strict=True):
                weight = torch.randn(out.mul * i.mul, len(basis)) / math.sqrt(max(fan_in, 1))
                self.weights.append(nn.Parameter(weight))
        pairs = {(i.ir.l, o.ir.l) for i in self.irreps_in for o in self.irreps_out}
        self.degree_pairs = sorted(pairs)
        for l_in, l_out in self.degree_pairs:
            basis = kernel_basis(l_in, l_out, size, filters).flatten(1)
            basis = basis.to(torch.get_default_dtype())
            self.register_buffer(f"basis_{l_in}_{l_out}", basis, persistent=False)

    def forward(self) -> Tensor:
        """Return the dense kernel, ``out in size size size``."""
        # Kernels are small, and half precision would break the symmetry of the layer.
        with torch.autocast(self.weights[0].device.type, enabled=False):
            weight: Tensor = self._mix()
            return weight

    def _mix(self) -> Tensor:
        size = self.size
        rows: list[Tensor] = []
        weights = iter(self.weights)
        for out in self.irreps_out:
            columns: list[Tensor] = []
            for i in self.irreps_in:
                basis = self.get_buffer(f"basis_{i.ir.l}_{out.ir.l}")
                block = (next(weights) @ basis).view(out.mul, i.mul, out.ir.dim, i.ir.dim, size**3)
                columns.append(block.transpose(1, 2).reshape(out.dim, i.dim, size**3))
            rows.append(torch.cat(columns, dim=1))
        return torch.cat(rows).view(self.irreps_out.dim, self.irreps_in.dim, size, size, size)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> SteerableKernel:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for l_in, l_out in self.degree_pairs:
            # Sampled again, because casting float32 to float64 would keep the rounding.
            name = f"basis_{l_in}_{l_out}"
            basis = kernel_basis(l_in, l_out, self.size, self.filters).flatten(1)
            setattr(self, name, basis.to(self.get_buffer(name)))
        return self

    def extra_repr(self) -> str:
        """Return the irreps and size for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, size={self.size}"
