"""Steerable kernels: solutions of the SE(3) kernel constraint, sampled on a voxel grid.

A convolution maps a field of irreps ``in`` to a field of irreps ``out`` and commutes with
rotations exactly when its kernel obeys equation (2) of Weiler et al. (2018),

    k(R x) = D_out(R) k(x) D_in(R)^T   for every rotation R.

The solutions are learned weights times ``radial shell x spherical harmonic x
Clebsch-Gordan coefficients``. This module samples those solutions; `SteerableKernel` mixes
them into the dense weight of an ordinary ``conv3d``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import torch
from e3nn import o3
from torch import Tensor, nn

SHELL_SIGMA = 0.6
"""Width of the Gaussian radial shells in voxels (Weiler et al. 2018)."""

SHELL_BAND_LIMITS = (0, 3, 5, 7, 9)
"""Highest angular frequency sampled without aliasing on the shell at 0, 1, 2, ... voxels."""


def shell_band_limit(shell: int) -> int:
    """Return the highest degree l of the harmonics used on a radial shell.

    Parameters
    ----------
    shell
        Radius of the shell in voxels, counted from 0.
    """
    if shell < len(SHELL_BAND_LIMITS):
        return SHELL_BAND_LIMITS[shell]
    return 2 * shell + 1


@lru_cache(maxsize=64)
def kernel_basis(l_in: int, l_out: int, size: int) -> Tensor:
    """Sample all steerable kernels between one irrep and another.

    Parameters
    ----------
    l_in, l_out
        Degrees of the input and output irreps.
    size
        Edge length of the cubic kernel in voxels, odd.

    Returns
    -------
    Tensor
        ``path 2*l_out+1 2*l_in+1 size size size`` float64; each path has Frobenius norm
        ``sqrt(2*l_out+1)``, so that weights of unit variance keep the variance of a field.

    Notes
    -----
    Weiler et al. (2018), section 4.2: one path for every shell m = 0 .. size//2 and every
    filter degree ``|l_in-l_out| <= J <= l_in+l_out`` within the band limit of the shell.
    """
    half = size // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1)
    radius = points.norm(dim=-1)
    paths: list[Tensor] = []
    for shell in range(half + 1):
        window = torch.exp(-0.5 * ((radius - shell) / SHELL_SIGMA) ** 2)
        for degree in range(abs(l_in - l_out), l_in + l_out + 1):
            if degree > shell_band_limit(shell):
                continue
            harmonic = o3.spherical_harmonics(degree, points, normalize=True)
            if degree > 0:
                # The direction of the centre voxel is undefined: only l = 0 lives there.
                harmonic = harmonic * (radius > 0)[..., None]
            coupling = o3.wigner_3j(l_out, l_in, degree, dtype=torch.float64)
            path = torch.einsum("oij,xyzj,xyz->oixyz", coupling, harmonic, window)
            paths.append(path * (math.sqrt(2 * l_out + 1) / path.norm()))
    return torch.stack(paths)


def check_irreps(irreps: o3.Irreps | str) -> o3.Irreps:
    """Return irreps of SO(3) written as even irreps, or explain what is wrong with them.

    Parameters
    ----------
    irreps
        E.g. ``"16x0e+8x1e+4x2e"``.

    Raises
    ------
    ValueError
        If an odd irrep is given: protvox's layers are SO(3)-equivariant, so that mirror
        images (which no chiral molecule survives) are told apart.
    """
    irreps = o3.Irreps(irreps)
    odd = [str(mul_ir) for mul_ir in irreps if mul_ir.ir.p != 1]
    if odd:
        raise ValueError(
            f"irreps {irreps}: {', '.join(odd)} is odd under inversion; SO(3) layers take "
            "even irreps only, write 1e instead of 1o"
        )
    return irreps


class SteerableKernel(nn.Module):
    """Learned dense weight of a steerable convolution.

    Parameters
    ----------
    irreps_in, irreps_out
        Input and output irreps, e.g. ``"8x0e+4x1e"``.
    size
        Edge length of the kernel in voxels, odd.

    Attributes
    ----------
    weights
        One parameter for each pair of blocks, ``mult_out * mult_in, path``.
    """

    def __init__(self, irreps_in: o3.Irreps | str, irreps_out: o3.Irreps | str, size: int) -> None:
        super().__init__()
        if size % 2 != 1:
            raise ValueError(f"kernel size {size}: an even kernel has no centre voxel, use odd")
        self.irreps_in = check_irreps(irreps_in)
        self.irreps_out = check_irreps(irreps_out)
        self.size = size
        self.weights = nn.ParameterList()
        for out in self.irreps_out:
            bases = [kernel_basis(i.ir.l, out.ir.l, size) for i in self.irreps_in]
            fan_in = sum(
                i.mul * len(basis) for i, basis in zip(self.irreps_in, bases, strict=True)
            )
            for i, basis in zip(self.irreps_in, bases, strict=True):
                weight = torch.randn(out.mul * i.mul, len(basis)) / math.sqrt(max(fan_in, 1))
                self.weights.append(nn.Parameter(weight))
        for l_in, l_out in {(i.ir.l, o.ir.l) for i in self.irreps_in for o in self.irreps_out}:
            basis = kernel_basis(l_in, l_out, size)
            self.register_buffer(
                f"basis_{l_in}_{l_out}",
                basis.flatten(1).to(torch.get_default_dtype()),
                persistent=False,
            )

    def forward(self) -> Tensor:
        """Return the dense kernel, ``out in size size size``."""
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

    def extra_repr(self) -> str:
        """Return the irreps and size for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, size={self.size}"


def irreps_slices(irreps: Sequence[o3._irreps._MulIr] | o3.Irreps) -> list[slice]:
    """Return the channel slice of every block of irreps.

    Parameters
    ----------
    irreps
        Irreps whose blocks are laid out one after another along the channel axis.
    """
    ends = [0]
    for mul_ir in irreps:
        ends.append(ends[-1] + mul_ir.dim)
    return [slice(a, b) for a, b in pairwise(ends)]
