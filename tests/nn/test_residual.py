"""Residual blocks: sum, pooling and gradients."""

import pytest
import torch

from protvox.nn import LowPassPool, ResidualBlock

IRREPS = "2x0e+1x1e"


def test_nothing_follows_the_sum():
    block = ResidualBlock(IRREPS, IRREPS)
    for parameter in block.parameters():
        parameter.data.zero_()
    field = torch.randn(2, 5, 4, 4, 4)
    assert torch.equal(block(field), field)


@pytest.mark.parametrize(("pool", "size"), [("inside", 9), ("inside", 8), ("before", 9)])
def test_strided_block_halves_the_grid(pool, size):
    block = ResidualBlock(IRREPS, "3x0e", stride=2, pool=pool)
    assert block(torch.randn(1, 5, size, size, size)).shape == (1, 3, *[(size + 1) // 2] * 3)


def test_pooling_first_needs_no_shortcut_convolution():
    block = ResidualBlock(IRREPS, IRREPS, stride=2, pool="before")
    for parameter in block.parameters():
        parameter.data.zero_()
    field = torch.randn(2, 5, 6, 6, 6)
    assert torch.equal(block(field), LowPassPool(IRREPS)(field))


def test_hidden_irreps():
    block = ResidualBlock(IRREPS, "3x0e", irreps_hidden="1x0e+1x2e")
    assert block(torch.randn(1, 5, 4, 4, 4)).shape[1] == 3
    assert str(block.body[0].irreps_out) == "2x0e+1x2e"


def test_gradients_reach_every_weight():
    block = ResidualBlock(IRREPS, "2x0e+1x2e", stride=2, norm="before", gate_bias=True, affine=True)
    block(torch.randn(2, 5, 6, 6, 6)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in block.parameters())


def test_invalid_arguments_are_rejected():
    with pytest.raises(ValueError, match="pools 'inside' or 'before'"):
        ResidualBlock(IRREPS, IRREPS, pool="after")
    with pytest.raises(ValueError, match="normalises 'after' or 'before'"):
        ResidualBlock(IRREPS, IRREPS, norm="never")
    with pytest.raises(ValueError, match="stride must be 2"):
        ResidualBlock(IRREPS, IRREPS, stride=3)
