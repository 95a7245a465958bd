"""Gate and norm activation: values by hand, gradients, layouts."""

import pytest
import torch

from protvox.nn import Gate, NormActivation


def test_gate_by_hand():
    gate = Gate("2x0e+1x1e+1x2e")
    assert str(gate.irreps_in) == "4x0e+1x1e+1x2e"
    field = torch.randn(2, 12, 3, 3, 3)
    output = gate(field)
    assert torch.allclose(output[:, :2], field[:, :2].relu())
    assert torch.allclose(output[:, 2:5], field[:, 4:7] * field[:, 2:3].sigmoid())
    assert torch.allclose(output[:, 5:], field[:, 7:] * field[:, 3:4].sigmoid())


def test_every_vector_has_its_own_gate():
    gate = Gate("1x0e+3x1e")
    field = torch.zeros(1, 13, 1, 1, 1)
    field[:, 4:] = 1
    field[0, 2] = -1e4  # the gate of the second vector
    output = gate(field)[0, :, 0, 0, 0]
    assert torch.allclose(output, torch.tensor([0, 0.5, 0.5, 0.5, 0, 0, 0, 0.5, 0.5, 0.5]))


def test_bias_of_scalars_and_gates():
    gate = Gate("2x0e+1x1e", bias=True)
    gate.bias.data = torch.tensor([1.0, -1.0, 0.5])
    field = torch.randn(2, 6, 3, 3, 3)
    shifted = field.clone()
    shifted[:, :3] += gate.bias.detach().view(1, 3, 1, 1, 1)
    assert torch.allclose(gate(field), Gate("2x0e+1x1e")(shifted))
    assert set(gate.state_dict()) == {"bias"}
    assert not Gate("2x0e+1x1e").state_dict()


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_scalars_alone(activation):
    field = torch.randn(2, 3, 4, 4, 4)
    expected = getattr(torch.nn.functional, activation)(field)
    assert torch.equal(Gate("3x0e", activation=activation)(field), expected)


@pytest.mark.parametrize("irreps", ["1x1e", "1x1e+2x2e"])
def test_no_scalars(irreps):
    gate = Gate(irreps)
    assert gate(torch.randn(2, gate.irreps_in.dim, 3, 3, 3)).shape[1] == gate.irreps_out.dim


@pytest.mark.parametrize("module", [Gate("2x0e+2x1e+1x2e"), NormActivation("3x0e+2x1e+1x2e")])
def test_layouts_agree_and_gradients_are_right(module):
    field = torch.randn(2, module.irreps_in.dim, 4, 5, 6)
    last = field.contiguous(memory_format=torch.channels_last_3d)
    assert torch.allclose(module(field), module(last), atol=1e-6)
    assert module(last).is_contiguous(memory_format=torch.channels_last_3d)
    small = torch.randn(2, module.irreps_in.dim, 2, 1, 1, dtype=torch.float64)
    assert torch.autograd.gradcheck(module.to(torch.float64), (small.requires_grad_(),))
    module.to(torch.float32)


def test_norm_activation_by_hand():
    module = NormActivation("1x0e+1x1e")
    module.bias.data = torch.tensor([0.0, -1.0])
    field = torch.zeros(1, 4, 1, 1, 2)
    field[0, :, 0, 0, 0] = torch.tensor([-2.0, 3.0, 0.0, 4.0])
    field[0, :, 0, 0, 1] = torch.tensor([2.0, 0.3, 0.0, 0.4])
    output = module(field)[0, :, 0, 0]
    assert torch.allclose(output[:, 0], torch.tensor([-2.0, 2.4, 0.0, 3.2]), atol=1e-5)
    assert torch.allclose(output[:, 1], torch.tensor([2.0, 0.0, 0.0, 0.0]), atol=1e-5)


def test_norm_activation_of_zero_has_a_finite_gradient():
    field = torch.zeros(1, 3, 2, 2, 2, requires_grad=True)
    NormActivation("1x1e")(field).sum().backward()
    assert torch.isfinite(field.grad).all()


def test_invalid_arguments_are_rejected():
    with pytest.raises(ValueError, match="scalars of a gate must be one block"):
        Gate("1x1e+2x0e")
    with pytest.raises(ValueError, match="use one of relu, silu"):
        Gate("1x0e", activation="tanh")
    with pytest.raises(ValueError, match=r"Gate takes a field of irreps 2x0e\+1x1e, 5 channels"):
        Gate("1x0e+1x1e")(torch.zeros(1, 4, 2, 2, 2))
