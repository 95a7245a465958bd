"""The backbone network: attention among the nearest residues of a centre."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from protvox.chemistry import AMINO_ACIDS
from protvox.networks.backbone.features import N_KINDS, N_OFFSETS, N_PAIR, N_TOKEN
from protvox.networks.backbone.residues import N_NEIGHBOURS


@dataclass(frozen=True)
class BackboneConfig:
    """Sizes of a `BackboneNet`.

    Attributes
    ----------
    width
        Features of a residue.
    layers
        Layers of attention; the last computes the centre alone.
    heads
        Heads of each.
    expansion
        Features of the hidden layers, over the width.
    """

    width: int = 128
    layers: int = 3
    heads: int = 4
    expansion: int = 3


class BackboneNet(nn.Module):
    """Amino acid of a centre from the types and backbones of its nearest residues.

    Every residue is one token with its geometry in the frame of the centre; attention is biased
    by the distance of two residues and their separation along the chain. Matrices are computed
    in bfloat16 when the tokens are, sums over residues and the answer in the type of the weights.

    Parameters
    ----------
    config
        Sizes.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.geometry = nn.Linear(N_TOKEN, width)
        self.kind = nn.Embedding(N_KINDS, width)
        self.offset = nn.Embedding(N_OFFSETS, width)
        self.bias = nn.Linear(N_PAIR, config.layers * config.heads, bias=False)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.before_votes = nn.LayerNorm(width)
        self.vote_up = nn.Linear(width, 2 * width)
        self.vote_down = nn.Linear(2 * width, len(AMINO_ACIDS), bias=False)
        self.norm = nn.LayerNorm(width)
        self.answer = nn.Linear(width, len(AMINO_ACIDS))
        for table in (self.kind, self.offset):
            nn.init.normal_(table.weight, std=0.5)
        nn.init.zeros_(self.bias.weight)
        for layer in (self.answer, self.vote_down):
            nn.init.zeros_(layer.weight)

    def forward(
        self,
        tokens: Tensor,
        pairs: Tensor,
        kinds: Tensor,
        offsets: Tensor,
        present: Tensor,
    ) -> Tensor:
        """Return logits.

        Parameters
        ----------
        tokens, pairs, kinds, offsets, present
            As in `protvox.networks.backbone.features.Batch`; tokens and pairs in the type to
            compute in.

        Returns
        -------
        Tensor
            ``centre 20`` float32.
        """
        features, votes = self._read(tokens, pairs, kinds, offsets, present)
        logits: Tensor = self.answer(features) + votes
        return logits

    def embed(
        self,
        tokens: Tensor,
        pairs: Tensor,
        kinds: Tensor,
        offsets: Tensor,
        present: Tensor,
    ) -> Tensor:
        """Return the features of the centres before the last layer.

        Parameters
        ----------
        tokens, pairs, kinds, offsets, present
            See `forward`.

        Returns
        -------
        Tensor
            ``centre width`` float32.
        """
        return self._read(tokens, pairs, kinds, offsets, present)[0]

    def _read(
        self, tokens: Tensor, pairs: Tensor, kinds: Tensor, offsets: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the features of the centres and the votes of their neighbours."""
        precision = tokens.dtype
        state = _linear(tokens, self.geometry)
        state = state + self.kind(kinds).to(precision) + self.offset(offsets).to(precision)
        n = len(tokens)
        bias = functional.linear(pairs, self.bias.weight.to(precision))
        bias = bias.view(n, N_NEIGHBOURS, N_NEIGHBOURS, len(self.layers), self.config.heads)
        bias = bias.permute(3, 0, 4, 1, 2)
        if not present.all():
            bias = bias + _absent(present).to(precision)
        for number, layer in enumerate(self.layers[:-1]):
            state = layer(state, bias[number], False)
        votes = self._votes(state, present)
        state = self.layers[-1](state, bias[-1, :, :, :1], True)
        return self.norm(state[:, 0].to(self.answer.weight.dtype)), votes

    def _votes(self, state: Tensor, present: Tensor) -> Tensor:
        """Return the logits that the residues contribute one by one, summed, ``centre 20``."""
        hidden = functional.gelu(_linear(_norm(state, self.before_votes), self.vote_up))
        hidden = hidden * present[:, :, None].to(hidden.dtype)
        return self.vote_down(hidden.to(self.answer.weight.dtype).sum(dim=1) * N_NEIGHBOURS**-0.5)


class Layer(nn.Module):
    """Attention and a hidden layer, each after a norm and added to what came in.

    Parameters
    ----------
    config
        Sizes.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.before = nn.LayerNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)
        self.between = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.expansion * width)
        self.down = nn.Linear(config.expansion * width, width, bias=False)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, state: Tensor, bias: Tensor, centre_only: bool) -> Tensor:
        """Return the next state.

        Parameters
        ----------
        state
            ``centre residue width``.
        bias
            ``centre head query residue``, added to the logits of attention.
        centre_only
            Compute the first residue alone.
        """
        normed = _norm(state, self.before)
        if centre_only:
            state = state[:, :1]
        query = self._split(_linear(normed[:, : state.shape[1]], self.query))
        key = self._split(_linear(normed, self.key))
        value = self._split(_linear(normed, self.value))
        logits = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        weights = (logits + bias).softmax(dim=-1)
        found = (weights @ value).transpose(1, 2).flatten(2)
        state = state + _linear(found, self.mix)
        hidden = functional.gelu(_linear(_norm(state, self.between), self.up))
        return state + _linear(hidden, self.down)

    def _split(self, features: Tensor) -> Tensor:
        """Return ``centre head residue feature``."""
        n, residues, width = features.shape
        return features.view(n, residues, self.heads, width // self.heads).transpose(1, 2)


def _linear(features: Tensor, layer: nn.Linear) -> Tensor:
    """Apply a linear layer in the precision of the features."""
    bias = None if layer.bias is None else layer.bias.to(features.dtype)
    return functional.linear(features, layer.weight.to(features.dtype), bias)


def _norm(features: Tensor, layer: nn.LayerNorm) -> Tensor:
    weight, bias = layer.weight.to(features.dtype), layer.bias.to(features.dtype)
    return functional.layer_norm(features, layer.normalized_shape, weight, bias)


def _absent(present: Tensor) -> Tensor:
    """Return ``centre 1 1 residue``: nothing attends to residues that do not exist."""
    return torch.where(present, 0.0, -1e4)[:, None, None, :]
