"""Plain counterparts of steerable layers, for inference.

In a trained network the layout of channels replaces irreps. These layers need only torch, so
inference does not import e3nn.
"""

from __future__ import annotations

import math
import re

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS = {"relu": functional.relu, "silu": functional.silu}
"""Activations of scalars by name."""

_TYPICAL_NORM = 0.8
_BLOCK = re.compile(r"\s*(\d+)x(\d+)e\s*")


def parse_irreps(text: str) -> tuple[tuple[int, int], ...]:
    """Parse irreps without e3nn.

    Parameters
    ----------
    text
        Even irreps, each with its multiplicity, e.g. ``"96x0e+16x1e"``.

    Returns
    -------
    tuple of (int, int)
        Multiplicity and degree of every block, ``((96, 0), (16, 1))``.

    Raises
    ------
    ValueError
        If the text has another form.

    Examples
    --------
    >>> parse_irreps("96x0e+16x1e")
    ((96, 0), (16, 1))
    """
    blocks = [_BLOCK.fullmatch(part) for part in text.split("+")]
    found = tuple((int(block[1]), int(block[2])) for block in blocks if block)
    if len(found) < len(blocks):
        raise ValueError(f"irreps {text!r}: write them like '96x0e+16x1e'")
    return found


def count_channels(blocks: tuple[tuple[int, int], ...]) -> int:
    """Return the number of channels of irreps.

    Parameters
    ----------
    blocks
        Multiplicity and degree of every block.
    """
    return sum(mul * (2 * degree + 1) for mul, degree in blocks)


def blur_width(sigma: float) -> int:
    """Return the edge of a Gaussian blur, cut off at three standard deviations.

    Parameters
    ----------
    sigma
        Standard deviation in voxels.

    Returns
    -------
    int
        Voxels, odd.
    """
    return 2 * max(1, round(3 * sigma)) + 1


def mix_moments(weight: Tensor, moments: Tensor, components: int) -> Tensor:
    """Mix the (type, shell) pairs of moments of one degree into fields of that degree.

    Parameters
    ----------
    weight
        ``field pair``, the same for every component.
    moments
        ``batch feature point``, features laid out ``component pair``.
    components
        Number of components, 2 l + 1.

    Returns
    -------
    Tensor
        ``batch channel point``, channels laid out ``field component``.
    """
    # Multiplying a batch by a single matrix would copy the moments, the largest array of a
    # network; batched products of slices do not.
    rows = weight.expand(len(moments), -1, -1)
    features = moments.unflatten(1, (components, weight.shape[1]))
    mixed = [torch.bmm(rows, features[:, component]) for component in range(components)]
    return mixed[0] if components == 1 else torch.stack(mixed, dim=2).flatten(1, 2)


class PlainGate(nn.Module):
    """Gated non-linearity on channels, equal to `protvox.nn.activation.Gate`.

    Parameters
    ----------
    n_scalars
        Channels that pass through the activation.
    tensors
        Number and components of the gated fields of every block; each field is multiplied
        by the sigmoid of its own channel.
    activation
        ``"relu"`` or ``"silu"``.

    Attributes
    ----------
    n_in, n_out
        Channels before (scalars, gates, tensors) and after (scalars, tensors).
    """

    def __init__(
        self, n_scalars: int, tensors: tuple[tuple[int, int], ...], *, activation: str
    ) -> None:
        super().__init__()
        self.n_scalars = n_scalars
        self.tensors = tensors
        self.activation = activation
        self._widths = [n_scalars, *(n for n, _ in tensors), *(n * d for n, d in tensors)]
        self.n_in = sum(self._widths)
        self.n_out = self.n_in - sum(n for n, _ in tensors)

    def forward(self, field: Tensor) -> Tensor:
        """Gate a field ``batch n_in ...`` to ``batch n_out ...``."""
        scalars, *rest = torch.split(field, self._widths, dim=1)
        gated = [ACTIVATIONS[self.activation](scalars)]
        half = len(self.tensors)
        for gate, block, shape in zip(rest[:half], rest[half:], self.tensors, strict=True):
            fields = block.unflatten(1, shape) * torch.sigmoid(gate).unsqueeze(2)
            gated.append(fields.flatten(1, 2))
        return torch.cat(gated, dim=1)

    def extra_repr(self) -> str:
        """Return the channels for the one-line repr."""
        return f"{self.n_in} -> {self.n_out}, {self.activation}"


class PlainNormGate(nn.Module):
    """Gate that also returns the norms of its fields.

    Scalars pass through an activation. Every field of l > 0 is multiplied by the sigmoid of its
    own channel, as in `PlainGate`, and the root mean square of its components before gating
    becomes an additional scalar. This norm is invariant to rotation and cannot be expressed by a
    sum of gated fields.

    Parameters
    ----------
    irreps
        Irreps to gate, e.g. ``"24x0e+12x1e"``; scalars first.
    activation
        ``"relu"`` or ``"silu"``.

    Attributes
    ----------
    irreps
        As given.
    n_in, n_out
        Channels before (scalars, gates, fields) and after (scalars, norms, fields).
    """

    def __init__(self, irreps: str, *, activation: str) -> None:
        super().__init__()
        blocks = parse_irreps(irreps)
        self.irreps = irreps
        self.n_scalars = sum(mul for mul, degree in blocks if degree == 0)
        self.tensors = tuple((mul, 2 * degree + 1) for mul, degree in blocks if degree > 0)
        self.activation = activation
        self._widths = [self.n_scalars, *(n for n, _ in self.tensors)]
        self._widths += [n * d for n, d in self.tensors]
        self.n_in = self.n_out = sum(self._widths)

    def forward(self, field: Tensor) -> Tensor:
        """Gate a field ``point n_in`` to ``point n_out``."""
        scalars, *rest = torch.split(field, self._widths, dim=1)
        half = len(self.tensors)
        norms, gated = [], []
        for gate, block, shape in zip(rest[:half], rest[half:], self.tensors, strict=True):
            fields = block.unflatten(1, shape)
            # The offset keeps the derivative of the root finite; the shift centres the norm of a
            # normalised field.
            norms.append((fields.square().mean(dim=2) + 1e-4).sqrt() - _TYPICAL_NORM)
            gated.append((fields * torch.sigmoid(gate).unsqueeze(2)).flatten(1))
        return torch.cat([ACTIVATIONS[self.activation](scalars), *norms, *gated], dim=1)

    def extra_repr(self) -> str:
        """Return the channels for the one-line repr."""
        return f"{self.n_in} -> {self.n_out}, {self.activation}"


class PlainEmbedding(nn.Module):
    """Mixing of moments into fields, like `protvox.nn.MomentEmbedding` followed by a norm.

    Parameters
    ----------
    degrees
        Number of (type, shell) pairs for each degree l = 0, 1, ...
    blocks
        Multiplicity and degree of every block of the field; scalars come first.

    Raises
    ------
    ValueError
        If there are no moments of the degree of a block.
    """

    def __init__(self, degrees: tuple[int, ...], blocks: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        if any(degree >= len(degrees) for _, degree in blocks):
            raise ValueError(f"moments go up to l={len(degrees) - 1}, the fields are {blocks}")
        self.degrees = degrees
        self.blocks = blocks
        self.weights = nn.ParameterList(
            nn.Parameter(torch.zeros(mul, degrees[degree])) for mul, degree in blocks
        )
        n_scalars = sum(mul for mul, degree in blocks if degree == 0)
        self.bias = nn.Parameter(torch.zeros(n_scalars))

    def forward(self, moments: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Mix moments into a field.

        Parameters
        ----------
        moments
            ``batch feature point``, features laid out ``degree (component pair)``.
        shape
            Grid points along x, y and z.

        Returns
        -------
        Tensor
            ``batch channel x y z``.
        """
        widths = [(2 * degree + 1) * pairs for degree, pairs in enumerate(self.degrees)]
        of_degree = torch.split(moments, widths, dim=1)
        mixed: list[Tensor] = []
        for weight, (_, degree) in zip(self.weights, self.blocks, strict=True):
            mixed.append(mix_moments(weight, of_degree[degree], 2 * degree + 1))
        n_scalars = len(self.bias)
        field = torch.cat(mixed, dim=1)
        field[:, :n_scalars] += self.bias[:, None]
        return field.view(len(moments), -1, *shape)

    def extra_repr(self) -> str:
        """Return the sizes for the one-line repr."""
        return f"{sum(math.prod(w.shape) for w in self.weights)} weights -> {self.blocks}"
