"""Kernels against equation (2) of Weiler et al. (2018) and against e3nn's tensor products."""

import math

import pytest
import torch
from e3nn import o3

from protvox.nn import (
    Filters,
    SteerableKernel,
    cube_rotations,
    kernel_basis,
    path_functions,
    rotation_of_channels,
)
from protvox.nn.kernel import SHELL_SIGMA, shell_band_limit

PAIRS = [(0, 0), (0, 2), (1, 0), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (3, 3)]


def rotate_kernel(kernel: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """Move the voxels of ``... size size size`` to where a rotation of the cube puts them."""
    half = kernel.shape[-1] // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1)
    x, y, z = ((points @ rotation).round().long() + half).unbind(-1)  # R^-1 x as row vectors
    return kernel[..., x, y, z]


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("l_in", "l_out"), PAIRS)
def test_sampled_kernels_obey_the_constraint_for_all_cube_rotations(l_in, l_out, size):
    basis = kernel_basis(l_in, l_out, size)
    for rotation in cube_rotations():
        left = rotation_of_channels(f"1x{l_out}e", rotation)
        right = rotation_of_channels(f"1x{l_in}e", rotation)
        rotated = torch.einsum("op,ij,npj...->noi...", left, right, basis)
        assert torch.allclose(rotate_kernel(rotated, rotation), basis, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("l_in", "l_out"), PAIRS)
def test_continuous_kernels_obey_the_constraint_for_any_rotation(l_in, l_out):
    generator = torch.Generator().manual_seed(l_in + 10 * l_out)
    points = 2 * torch.randn(50, 3, generator=generator, dtype=torch.float64)
    for _ in range(5):
        rotation = o3.rand_matrix(dtype=torch.float64)
        left = rotation_of_channels(f"1x{l_out}e", rotation)
        right = rotation_of_channels(f"1x{l_in}e", rotation)
        there = path_functions(l_in, l_out, 2, points @ rotation.T)
        here = torch.einsum("op,ij,nxpj->nxoi", left, right, path_functions(l_in, l_out, 2, points))
        assert torch.allclose(there, here, rtol=0, atol=1e-11)


def test_constraint_test_can_fail():
    basis = kernel_basis(1, 1, 3).clone()
    basis[:, 0, 1, 0, 1, 2] += 1e-6
    rotation = cube_rotations()[5]
    wigner = rotation_of_channels("1x1e", rotation)
    rotated = torch.einsum("op,ij,npj...->noi...", wigner, wigner, basis)
    assert not torch.allclose(rotate_kernel(rotated, rotation), basis, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("l_in", "l_out"), [(0, 2), (1, 1), (2, 1), (3, 2)])
def test_every_path_is_an_e3nn_tensor_product_with_a_gaussian_shell(l_in, l_out):
    generator = torch.Generator().manual_seed(3)
    points = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    paths = iter(path_functions(l_in, l_out, 2, points))
    radius = points.norm(dim=-1)
    for shell in range(3):
        for degree in range(abs(l_in - l_out), l_in + l_out + 1):
            if degree > shell_band_limit(shell):
                continue
            product = o3.TensorProduct(
                f"{l_in}e", f"{degree}e", f"{l_out}e", [(0, 0, 0, "uuu", False)]
            ).to(torch.float64)
            harmonics = o3.spherical_harmonics(degree, points, normalize=True)
            window = torch.exp(-0.5 * ((radius - shell) / SHELL_SIGMA) ** 2)
            columns = torch.eye(2 * l_in + 1, dtype=torch.float64)
            expected = torch.stack(
                [product(column.expand(20, -1), harmonics) for column in columns], dim=-1
            )
            expected = expected * window[:, None, None]
            path = next(paths)
            ratio = (path * expected).sum() / (expected * expected).sum()
            assert ratio.abs() > 1e-3
            assert torch.allclose(path, ratio * expected, rtol=0, atol=1e-6 * path.abs().max())
    assert next(paths, None) is None


def test_basis_is_normalised_and_independent():
    for l_in, l_out in PAIRS:
        basis = kernel_basis(l_in, l_out, 3).flatten(1)
        expected = torch.full((len(basis),), math.sqrt(2 * l_out + 1), dtype=torch.float64)
        assert torch.allclose(basis.norm(dim=1), expected)
        assert torch.linalg.matrix_rank(basis) == len(basis)


def test_number_of_paths_follows_the_band_limits():
    assert [shell_band_limit(shell) for shell in range(7)] == [0, 3, 5, 7, 9, 11, 13]
    assert len(kernel_basis(0, 0, 3)) == 2
    assert len(kernel_basis(2, 2, 3)) == 1 + 4  # l = 0 at the centre, 0..3 of 0..4 at radius 1
    assert len(kernel_basis(2, 2, 5)) == 1 + 4 + 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_of_the_weights(dtype):
    kernel = SteerableKernel("2x0e+1x1e", "1x0e+1x2e", 3).to(dtype)
    names = [name for name, _ in kernel.named_parameters()]

    def dense(*weights: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(kernel, dict(zip(names, weights, strict=True)), ())

    weights = tuple(kernel.parameters())
    tolerance = {"eps": 1e-1, "atol": 1e-3} if dtype == torch.float32 else {}
    assert torch.autograd.gradcheck(dense, weights, **tolerance)


def test_casting_to_float64_gives_the_exact_basis():
    kernel = SteerableKernel("1x1e", "1x2e", 3).to(torch.float64)
    assert torch.equal(kernel.basis_1_2, kernel_basis(1, 2, 3).flatten(1))


def test_variance_is_kept_by_random_weights():
    torch.manual_seed(0)
    kernel = SteerableKernel("32x0e+16x1e+8x2e", "32x0e+16x1e+8x2e", 3)
    field = torch.randn(2, 120, 12, 12, 12)
    output = torch.nn.functional.conv3d(field, kernel().detach())
    assert 0.5 < float(output.var()) < 2


def test_invalid_arguments_are_rejected():
    with pytest.raises(ValueError, match="even kernel has no centre"):
        SteerableKernel("1x0e", "1x0e", 4)
    with pytest.raises(ValueError, match="1x1o is odd"):
        SteerableKernel("1x0e+1x1o", "1x0e", 3)


def test_autocast_does_not_change_the_kernel():
    kernel = SteerableKernel("2x0e+1x1e", "1x1e", 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        dense = kernel()
    assert dense.dtype == torch.float32
    assert torch.equal(dense, kernel())


def anisotropy(degree: int, size: int, filters: Filters) -> float:
    """Return how far filters on a Gaussian blob depend on its direction, relative to the output."""
    basis = kernel_basis(0, degree, size, filters)[:, :, 0]
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(100, 3, generator=generator, dtype=torch.float64)
    directions = directions / directions.norm(dim=1, keepdim=True)
    factors = torch.exp(-0.5 * ((axis - 2 * directions[:, :, None]) / 1.4) ** 2)
    answers = torch.einsum("pcxyz,ax,ay,az->apc", basis, *factors.unbind(1))
    harmonics = o3.spherical_harmonics(degree, directions, normalize=True, normalization="norm")
    lengths = (answers * harmonics[:, None]).sum(2, keepdim=True).mean(0, keepdim=True)
    errors = (answers - lengths * harmonics[:, None]).square().sum(2).mean(0).sqrt()
    return float((errors / lengths[0, :, 0].abs()).max())


def test_fewer_shells_are_more_isotropic():
    assert anisotropy(2, 5, Filters()) > 0.04
    assert anisotropy(2, 5, Filters(shells=2)) < 0.025
    assert anisotropy(1, 3, Filters(width=0.38)) < 0.4 * anisotropy(1, 3, Filters())


def test_filters_limit_shells_and_degrees():
    assert len(kernel_basis(2, 2, 5, Filters(shells=2))) == 1 + 4
    assert len(kernel_basis(2, 2, 5, Filters(degree=1))) == 1 + 2 + 2
    assert torch.equal(kernel_basis(1, 2, 5, Filters()), kernel_basis(1, 2, 5))
    kernel = SteerableKernel("1x1e", "1x1e", 5, filters=Filters(2, 1)).to(torch.float64)
    assert torch.equal(kernel.basis_1_1, kernel_basis(1, 1, 5, Filters(2, 1)).flatten(1))
