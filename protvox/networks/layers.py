"""The layers that networks are made of: steerable ones to train, plain ones to predict.

A network is written once, over these pieces. Trained with steerable layers and folded, it
has the same modules under the same names as the network built from plain layers, so folded
weights load without anything steerable.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import nn

from protvox.networks.config import ConvConfig
from protvox.nn.export.layers import (
    PlainEmbedding,
    PlainGate,
    PlainNormGate,
    parse_irreps,
)
from protvox.nn.export.sparse import PlainSparseConv
from protvox.nn.paths import PlainPathConv

ACTIVATION = "silu"
"""Activation of scalars in every network."""


class Layers(Protocol):
    """What a network asks for; lists are the steps of an ``nn.Sequential``."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the first layer, and the norm and gate behind it.

        Parameters
        ----------
        degrees
            Number of (type, shell) pairs of the moments of each degree.
        irreps
            Irreps after the gate.
        momentum
            Weight of the newest batch in the statistics of norms.
        """

    def convolution(self, irreps_in: str, conv: ConvConfig, momentum: float) -> list[nn.Module]:
        """Return a convolution with its norm and gate.

        Parameters
        ----------
        irreps_in
            Irreps of the field it reads.
        conv
            Its shape.
        momentum
            Weight of the newest batch in the statistics of norms.
        """

    def site_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the first layer on sites, and the norm and gate behind it.

        Parameters
        ----------
        degrees
            Number of moments of each degree.
        irreps
            Irreps that are gated.
        momentum
            Weight of the newest batch in the statistics of norms.
        """

    def site_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a convolution on sites, and the norm and gate behind it.

        Parameters
        ----------
        irreps_in
            Irreps that were gated before the field it reads.
        irreps
            Irreps that are gated behind it.
        momentum
            Weight of the newest batch in the statistics of norms.
        """

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return a hidden layer of a read-out.

        Parameters
        ----------
        width, features
            Numbers it reads and gives.
        dropout
            Probability of dropping a number it reads.
        """

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return the last layer.

        Parameters
        ----------
        width, classes
            Numbers it reads, and logits.
        dropout
            Probability of dropping a number it reads.
        """


class SteerableLayers:
    """Layers to train; see `Layers`."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return moments mixed by learned weights; norm and gate."""
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

    def site_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return moments mixed by learned weights; norm and gate."""
        from protvox.nn import FieldNorm
        from protvox.nn.moments import MomentEmbedding
        from protvox.nn.sparse import NormGate

        gate = NormGate(irreps, activation=ACTIVATION)
        norm = FieldNorm(gate.irreps_in, momentum=momentum, affine=True)
        return MomentEmbedding(degrees, gate.irreps_in), [norm, gate]

    def site_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a steerable convolution; norm and gate."""
        from protvox.nn import FieldNorm
        from protvox.nn.sparse import NormGate, SparseConv

        before, gate = NormGate(irreps_in), NormGate(irreps, activation=ACTIVATION)
        norm = FieldNorm(gate.irreps_in, momentum=momentum, affine=True)
        return SparseConv(before.irreps_out, gate.irreps_in), [norm, gate]

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return dropout, matrix, batch norm and activation."""
        return [
            nn.Dropout(dropout),
            nn.Linear(width, features, bias=False),
            nn.BatchNorm1d(features),
            nn.SiLU(),
        ]

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return dropout and a matrix."""
        return [nn.Dropout(dropout), nn.Linear(width, classes)]


class PlainLayers:
    """Layers of the folded network; see `Layers`. They hold no weights before loading."""

    def embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the mixing of moments with its norm inside; the gate."""
        gate = _gate(irreps)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        tensors = tuple((n, (d - 1) // 2) for n, d in gate.tensors)
        with torch.device("meta"):
            return PlainEmbedding(degrees, ((scalars, 0), *tensors)), [gate]

    def convolution(self, irreps_in: str, conv: ConvConfig, momentum: float) -> list[nn.Module]:
        """Return a convolution with its norm inside; the gate."""
        gate = _gate(conv.irreps)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        blocks = [f"{scalars}x0e", *(f"{n}x{(d - 1) // 2}e" for n, d in gate.tensors)]
        with torch.device("meta"):
            layer = PlainPathConv(
                irreps_in, "+".join(blocks), conv.size, stride=conv.stride, padding=conv.padding
            )
        return [layer, gate]

    def site_embedding(
        self, degrees: tuple[int, ...], irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return the mixing of moments with its norm inside; the gate."""
        gate = PlainNormGate(irreps, activation=ACTIVATION)
        scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
        tensors = tuple((n, (d - 1) // 2) for n, d in gate.tensors)
        with torch.device("meta"):
            return PlainEmbedding(degrees, ((scalars, 0), *tensors)), [gate]

    def site_convolution(
        self, irreps_in: str, irreps: str, momentum: float
    ) -> tuple[nn.Module, list[nn.Module]]:
        """Return a convolution with its norm inside; the gate."""
        before = PlainNormGate(irreps_in, activation=ACTIVATION)
        gate = PlainNormGate(irreps, activation=ACTIVATION)
        with torch.device("meta"):
            return PlainSparseConv(_both_sides(before), _both_sides(gate)), [gate]

    def hidden(self, width: int, features: int, dropout: float) -> list[nn.Module]:
        """Return a matrix with the batch norm inside; the activation."""
        return [nn.Linear(width, features, device="meta"), nn.SiLU()]

    def output(self, width: int, classes: int, dropout: float) -> list[nn.Module]:
        """Return a matrix."""
        return [nn.Linear(width, classes, device="meta")]


def _gate(irreps: str) -> PlainGate:
    blocks = parse_irreps(irreps)
    n_scalars = blocks[0][0] if blocks[0][1] == 0 else 0
    tensors = tuple((mul, 2 * degree + 1) for mul, degree in blocks if degree > 0)
    return PlainGate(n_scalars, tensors, activation=ACTIVATION)


def _both_sides(gate: PlainNormGate) -> str:
    scalars = gate.n_scalars + sum(n for n, _ in gate.tensors)
    return "+".join([f"{scalars}x0e", *(f"{n}x{(d - 1) // 2}e" for n, d in gate.tensors)])
