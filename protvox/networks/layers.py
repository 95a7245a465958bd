"""The layers of networks: steerable layers for training, plain layers for inference.

A network is written once, in terms of these layers. After training with steerable layers and
export, it has the same modules under the same names as the network built from plain layers, so
inference weights can be loaded without e3nn.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import nn

from protvox.networks.config import ConvConfig
from protvox.nn.paths import PlainPathConv
from protvox.nn.plain_layers import (
    PlainEmbedding,
    PlainGate,
    PlainNormGate,
    parse_irreps,
)
from protvox.nn.plain_sparse import PlainSparseConv

ACTIVATION = "silu"
"""Activation of scalars in every network."""


class Layers(Protocol):
    """The layers that a network needs; lists are the steps of an ``nn.Sequential``."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the first layer, and the norm and gate that follow.

        Parameters
        ----------
        degrees
            Number of (type, shell) pairs of the moments of each degree.
        irreps
            Irreps after the gate.
        momentum
            Weight of the latest batch in the running statistics of norms.
        """

    def convolution(self, irreps_in: str, conv: ConvConfig, momentum: float) -> list[nn.Module]:
        """Return a convolution with its norm and gate.

        Parameters
        ----------
        irreps_in
            Irreps of the input field.
        conv
            Configuration of the convolution.
        momentum
            Weight of the latest batch in the running statistics of norms.
        """

    def sparse_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the first layer on lattice points, and the norm and gate that follow.

        Parameters
        ----------
        degrees
            Number of moments of each degree.
        irreps
            Irreps that the gate acts on.
        momentum
            Weight of the latest batch in the running statistics of norms.
        """

    def sparse_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a convolution on lattice points, and the norm and gate that follow.

        Parameters
        ----------
        irreps_in
            Irreps that the gate before the convolution acts on.
        irreps
            Irreps that the gate after the convolution acts on.
        momentum
            Weight of the latest batch in the running statistics of norms.
        """

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return a hidden layer of a head.

        Parameters
        ----------
        width, features
            Numbers of input and output features.
        dropout
            Probability of dropping an input feature.
        """

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return the last layer.

        Parameters
        ----------
        width, classes
            Numbers of input features and of logits.
        dropout
            Probability of dropping an input feature.
        """


class SteerableLayers:
    """Steerable layers for training; see `Layers`."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the learned mixing of moments; norm and gate."""
        from protvox.nn import FieldNorm, Gate
        from protvox.nn.moments import MomentEmbedding

        gate = Gate(irreps, activation=ACTIVATION)
        norm = FieldNorm(gate.irreps_in, momentum=momentum, affine=True)
        return MomentEmbedding(degrees, gate.irreps_in), [norm, gate]

    def convolution(self, irreps_in: str, conv: ConvConfig, momentum: float) -> list[nn.Module]:
        """Return a steerable convolution, norm and gate."""
        from protvox.nn import FieldNorm, Gate, PathConv3d

        gate = Gate(conv.irreps, activation=ACTIVATION)
        layer = PathConv3d(
            irreps_in,
            gate.irreps_in,
            conv.size,
            stride=conv.stride,
            padding=conv.padding,
        )
        return [layer, FieldNorm(gate.irreps_in, momentum=momentum, affine=True), gate]

    def sparse_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the learned mixing of moments; norm and gate."""
        from protvox.nn import FieldNorm
        from protvox.nn.moments import MomentEmbedding
        from protvox.nn.sparse import NormGate

        gate = NormGate(irreps, activation=ACTIVATION)
        norm = FieldNorm(gate.irreps_in, momentum=momentum, affine=True)
        return MomentEmbedding(degrees, gate.irreps_in), [norm, gate]

    def sparse_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a steerable convolution; norm and gate."""
        from protvox.nn import FieldNorm
        from protvox.nn.sparse import NormGate, SparseConv

        before, gate = NormGate(irreps_in), NormGate(irreps, activation=ACTIVATION)
        norm = FieldNorm(gate.irreps_in, momentum=momentum, affine=True)
        return SparseConv(before.irreps_out, gate.irreps_in), [norm, gate]

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return dropout, a linear layer, batch norm and activation."""
        return [
            nn.Dropout(dropout),
            nn.Linear(width, features, bias=False),
            nn.BatchNorm1d(features),
            nn.SiLU(),
        ]

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return dropout and a linear layer."""
        return [nn.Dropout(dropout), nn.Linear(width, classes)]


class PlainLayers:
    """Plain layers for inference; see `Layers`. Their weights must be loaded."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the mixing of moments, with its norm merged; gate."""
        gate = _gate(irreps)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        tensors = tuple((n, (d - 1) // 2) for n, d in gate.tensors)
        with torch.device("meta"):
            return PlainEmbedding(degrees, ((scalars, 0), *tensors)), [gate]

    def convolution(self, irreps_in: str, conv: ConvConfig, momentum: float) -> list[nn.Module]:
        """Return a convolution, with its norm merged; gate."""
        gate = _gate(conv.irreps)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        blocks = [f"{scalars}x0e", *(f"{n}x{(d - 1) // 2}e" for n, d in gate.tensors)]
        with torch.device("meta"):
            layer = PlainPathConv(
                irreps_in, "+".join(blocks), conv.size, stride=conv.stride, padding=conv.padding
            )
        return [layer, gate]

    def sparse_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the mixing of moments, with its norm merged; gate."""
        gate = PlainNormGate(irreps, activation=ACTIVATION)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        tensors = tuple((n, (d - 1) // 2) for n, d in gate.tensors)
        with torch.device("meta"):
            return PlainEmbedding(degrees, ((scalars, 0), *tensors)), [gate]

    def sparse_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a convolution, with its norm merged; gate."""
        before = PlainNormGate(irreps_in, activation=ACTIVATION)
        gate = PlainNormGate(irreps, activation=ACTIVATION)
        with torch.device("meta"):
            return PlainSparseConv(_gated_irreps(before), _gated_irreps(gate)), [gate]

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return a linear layer, with its batch norm merged; activation."""
        return [nn.Linear(width, features, device="meta"), nn.SiLU()]

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return a linear layer."""
        return [nn.Linear(width, classes, device="meta")]


def _gate(irreps: str) -> PlainGate:
    blocks = parse_irreps(irreps)
    n_scalars = blocks[0][0] if blocks[0][1] == 0 else 0
    tensors = tuple((mul, 2 * degree + 1) for mul, degree in blocks if degree > 0)
    return PlainGate(n_scalars, tensors, activation=ACTIVATION)


def _gated_irreps(gate: PlainNormGate) -> str:
    """Return the irreps before and after a norm gate, which are the same."""
    scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
    return "+".join([f"{scalars}x0e", *(f"{n}x{(d - 1) // 2}e" for n, d in gate.tensors)])
