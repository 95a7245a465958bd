"""Pieces of configuration that several networks share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConvConfig:
    """One steerable convolution with its norm and gate.

    Attributes
    ----------
    irreps
        Irreps after the gate, e.g. ``"96x0e+16x1e+8x2e"``.
    size
        Edge of the kernel, voxels.
    stride
        Keep every ``stride``-th voxel.
    padding
        Voxels of zeros around the field.
    """

    irreps: str
    size: int = 3
    stride: int = 1
    padding: int = 0
