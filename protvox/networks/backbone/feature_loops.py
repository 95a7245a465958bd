"""Compiled loops that describe residues and pairs of residues for the backbone network."""

from __future__ import annotations

from typing import Any

import numpy as np

from protvox.compiled.exact import compile_exact
from protvox.compiled.loops import compile_loop


def _axes(atoms: Any, axes: Any) -> None:
    """Fill the axes of a residue: x along CA-C, y in the plane of N, z normal to it."""
    for k in range(3):
        axes[0, k] = atoms[2, k] - atoms[1, k]
        axes[1, k] = atoms[0, k] - atoms[1, k]
    size = np.sqrt((axes[0] ** 2).sum()) + np.float32(1e-6)
    for k in range(3):
        axes[0, k] /= size
    along = (axes[0] * axes[1]).sum()
    for k in range(3):
        axes[1, k] -= along * axes[0, k]
    size = np.sqrt((axes[1] ** 2).sum()) + np.float32(1e-6)
    for k in range(3):
        axes[1, k] /= size
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        axes[2, k] = axes[0, i] * axes[1, j] - axes[0, j] * axes[1, i]


_fill_axes = compile_exact(_axes)


def _tokens(
    atoms: Any, angles: Any, crowding: Any, neighbours: Any, shells: Any, width: Any, tokens: Any
) -> None:
    frame = np.empty((3, 3), dtype=np.float32)
    axes = np.empty((3, 3), dtype=np.float32)
    for b in range(len(neighbours)):
        centre = neighbours[b, 0]
        _fill_axes(atoms[centre], frame)
        for t in range(neighbours.shape[1]):
            row = neighbours[b, t]
            if row < 0:
                break
            token = tokens[b, t]
            at = 0
            for i in range(5):
                for j in range(5):
                    x = atoms[row, j, 0] - atoms[centre, i, 0]
                    y = atoms[row, j, 1] - atoms[centre, i, 1]
                    z = atoms[row, j, 2] - atoms[centre, i, 2]
                    distance = np.sqrt(x * x + y * y + z * z)
                    for s in range(len(shells)):
                        scaled = (distance - shells[s]) / width
                        token[at] = np.exp(-scaled * scaled)
                        at += 1
            for j in range(5):
                for k in range(3):
                    value = np.float32(0.0)
                    for m in range(3):
                        value += frame[k, m] * (atoms[row, j, m] - atoms[centre, 1, m])
                    token[at] = value * np.float32(0.125)
                    at += 1
            size = np.float32(1e-6)
            for k in range(3):
                value = np.float32(0.0)
                for m in range(3):
                    value += frame[k, m] * (atoms[row, 4, m] - atoms[centre, 4, m])
                token[at + k] = value
                size += value * value
            size = np.sqrt(size)
            for k in range(3):
                token[at + k] /= size
            at += 3
            _fill_axes(atoms[row], axes)
            for k in range(3):
                for m in range(3):
                    token[at] = (
                        frame[k, 0] * axes[m, 0]
                        + frame[k, 1] * axes[m, 1]
                        + frame[k, 2] * axes[m, 2]
                    )
                    at += 1
            for k in range(6):
                token[at] = angles[row, k]
                at += 1
            for k in range(2):
                token[at] = crowding[row, k]
                at += 1


def _pairs(
    atoms: Any,
    chain: Any,
    position: Any,
    neighbours: Any,
    shells: Any,
    widths: Any,
    pairs: Any,
) -> None:
    n_shells = len(shells)
    for b in range(len(neighbours)):
        for t in range(neighbours.shape[1]):
            first = neighbours[b, t]
            if first < 0:
                break
            for u in range(t + 1):
                second = neighbours[b, u]
                x = atoms[second, 4, 0] - atoms[first, 4, 0]
                y = atoms[second, 4, 1] - atoms[first, 4, 1]
                z = atoms[second, 4, 2] - atoms[first, 4, 2]
                distance = np.sqrt(x * x + y * y + z * z)
                pair = pairs[b, t, u]
                for s in range(n_shells):
                    scaled = (distance - shells[s]) / widths[s]
                    pair[s] = np.exp(-scaled * scaled)
                if chain[first] == chain[second]:
                    apart = abs(position[first] - position[second])
                    pair[n_shells] = 1.0
                    if 1 <= apart <= 4:
                        pair[n_shells + apart] = 1.0
                for s in range(len(pair)):
                    pairs[b, u, t, s] = pair[s]


describe_tokens = compile_loop(_tokens, fuse=True)
describe_pairs = compile_loop(_pairs, fuse=True)
