"""Exported networks give the same output as trained ones, with plain layers only."""

import copy

import pytest
import torch
from torch import nn

from protvox.nn import (
    FieldNorm,
    Gate,
    IrrepDropout,
    ResidualBlock,
    SteerableConv3d,
    SteerableKernel,
    export_convolution,
    export_network,
)

GATE = Gate("4x0e+2x1e+1x2e")
IRREPS = GATE.irreps_out


def trained(network: nn.Module, channels: int, size: int, dtype: torch.dtype) -> nn.Module:
    """Give the norms statistics, scales and biases that matter for merging."""
    torch.manual_seed(0)
    network = network.to(dtype)
    for norm in network.modules():
        if isinstance(norm, FieldNorm) and norm.affine:
            norm.scale.data.uniform_(0.5, 2)
            norm.bias.data.normal_()
    for _ in range(3):
        network(2 * torch.randn(4, channels, size, size, size, dtype=dtype) + 1)
    return network.eval()


NETWORKS = {
    "padded": lambda: nn.Sequential(
        SteerableConv3d("2x0e", GATE.irreps_in, 5, padding=2, stride=2, low_pass=0.5),
        FieldNorm(GATE.irreps_in, affine=True),
        GATE,
        IrrepDropout(IRREPS, 0.2),
        ResidualBlock(IRREPS, IRREPS, affine=True, dropout=0.2),
        ResidualBlock(IRREPS, "3x0e+1x1e", stride=2),
    ),
    "valid, norms before": lambda: nn.Sequential(
        FieldNorm("2x0e", affine=True),
        SteerableConv3d("2x0e", GATE.irreps_in, 3),
        GATE,
        FieldNorm(IRREPS, affine=True),
        SteerableConv3d(IRREPS, "2x0e+1x1e", 3),
        FieldNorm("2x0e+1x1e", affine=True),
        FieldNorm("2x0e+1x1e", affine=True),
        SteerableConv3d("2x0e+1x1e", "2x0e", 3),
    ),
    "padded, norms before": lambda: nn.Sequential(
        FieldNorm("2x0e", affine=True),
        SteerableConv3d("2x0e", GATE.irreps_in, 3, padding=1),
        GATE,
        ResidualBlock(IRREPS, "2x1e", norm="before", affine=True),
    ),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_the_same(name, dtype, tolerance):
    network = trained(NETWORKS[name](), 2, 12, dtype)
    exported = export_network(network)
    field = torch.randn(3, 2, 12, 12, 12, dtype=dtype)
    with torch.no_grad():
        expected, got = network(field), exported(field)
    assert (got - expected).abs().max() <= tolerance * expected.abs().max()
    assert got.dtype == dtype


def test_exported_layers_are_plain():
    exported = export_network(trained(NETWORKS["padded"](), 2, 12, torch.float32))
    left = (SteerableConv3d, SteerableKernel, FieldNorm, IrrepDropout)
    assert not [module for module in exported.modules() if isinstance(module, left)]
    assert not any(parameter.requires_grad for parameter in exported.parameters())
    assert not exported.training


def test_norm_before_a_padded_convolution_is_kept():
    exported = export_network(trained(NETWORKS["padded, norms before"](), 2, 8, torch.float32))
    assert sum(isinstance(module, FieldNorm) for module in exported.modules()) == 4
    exported = export_network(trained(NETWORKS["valid, norms before"](), 2, 12, torch.float32))
    assert not any(isinstance(module, FieldNorm) for module in exported.modules())


def test_original_is_unchanged():
    network = trained(NETWORKS["padded"](), 2, 12, torch.float32).train()
    before = copy.deepcopy(network.state_dict())
    export_network(network)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_layers_outside_a_sequence_are_not_merged():
    class Detour(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = SteerableConv3d("1x0e", "2x0e", 3)
            self.norm = FieldNorm("2x0e", affine=True)

        def forward(self, field: torch.Tensor) -> torch.Tensor:
            answer = self.conv(field)
            return self.norm(answer) + answer

    network = trained(Detour(), 1, 8, torch.float32)
    field = torch.randn(2, 1, 8, 8, 8)
    exported = export_network(network)
    assert isinstance(exported.conv, nn.Conv3d)
    assert isinstance(exported.norm, FieldNorm)
    assert torch.allclose(exported(field), network(field), atol=1e-5)


def test_single_convolution_is_exported():
    convolution = SteerableConv3d("1x0e", "2x1e", 3)
    field = torch.randn(2, 1, 6, 6, 6)
    assert torch.allclose(export_network(convolution)(field), convolution(field), atol=1e-6)


def test_error_of_mismatched_norms_names_both_irreps():
    convolution = SteerableConv3d("1x0e", "2x1e", 3, padding=1)
    with pytest.raises(ValueError, match=r"irreps 1x0e after a convolution to irreps 2x1e"):
        export_convolution(convolution, FieldNorm("1x0e"))
    with pytest.raises(ValueError, match=r"irreps 2x1e before a convolution of irreps 1x0e"):
        export_convolution(convolution, before=FieldNorm("2x1e"))
    with pytest.raises(ValueError, match="before a convolution with padding 1"):
        export_convolution(convolution, before=FieldNorm("1x0e"))
