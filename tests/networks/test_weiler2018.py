"""The networks of the paper: numbers of parameters, invariance and training."""

import pytest
import torch
from torch import nn

from protvox.networks.weiler2018 import ResNet, ResNetConfig, SteerableResNet, SteerableResNetConfig
from protvox.nn import assert_equivariant, export_network


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameter_counts_of_the_paper():
    assert count(SteerableResNet(SteerableResNetConfig())) == 143_560
    assert count(ResNet(ResNetConfig())) == 15_878_764


def test_counts_depend_on_the_config():
    wider = SteerableResNetConfig(multiplicities=(4, 8, 16, 32), scalars=512)
    assert 3 < count(SteerableResNet(wider)) / 143_560 < 4
    assert count(ResNet(ResNetConfig(classes=3))) == 15_878_764 - 7 * 257


def small() -> SteerableResNet:
    torch.manual_seed(0)
    config = SteerableResNetConfig(multiplicities=(2, 2), max_degree=2, blocks=(1, 2))
    network = SteerableResNet(config)
    for _ in range(3):
        network(torch.rand(4, 1, 9, 9, 9))
    return network.eval()


@pytest.mark.parametrize(("size", "dtype"), [(9, torch.float32), (8, torch.float64)])
def test_logits_do_not_depend_on_the_pose(size, dtype):
    assert_equivariant(small().to(dtype), "1x0e", "10x0e", size=size)


def test_conventional_network_depends_on_the_pose():
    network = ResNet(ResNetConfig(widths=(4, 8), blocks=(1, 1))).eval()
    with pytest.raises(AssertionError, match="does not commute"):
        assert_equivariant(network, "1x0e", "10x0e", size=9)


def test_exported_network_gives_the_same_output():
    network = small()
    field = torch.rand(2, 1, 10, 10, 10)
    with torch.no_grad():
        expected, output = network(field), export_network(network)(field)
    assert (output - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_both_networks_learn_from_a_batch():
    field, labels = torch.rand(4, 1, 9, 9, 9), torch.tensor([0, 1, 2, 3])
    conventional = ResNet(ResNetConfig(widths=(4, 8), blocks=(1, 1)))
    for network in (small().train(), conventional):
        nn.functional.cross_entropy(network(field), labels).backward()
        assert all(p.grad is not None for p in network.parameters())


@pytest.mark.slow
def test_full_size_networks_run_on_the_grid_of_the_paper():
    field = torch.rand(1, 1, 50, 50, 50)
    with torch.no_grad():
        for network in (
            SteerableResNet(SteerableResNetConfig()),
            ResNet(ResNetConfig()),
        ):
            assert network.eval()(field).shape == (1, 10)
