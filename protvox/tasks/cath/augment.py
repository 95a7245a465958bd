"""Augmentation of training domains: the same architecture in many shapes.

A network that only sees domains as they are in the crystal memorises the families of the training
set. Domains of one architecture differ in length, in how strands and helices are bent and packed,
and in where they were cut out of a chain; augmented domains vary in the same ways.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.geometry.ca_trace import Trace, trace_chain
from protvox.structure.geometry.secondary_structure import secondary_structure
from protvox.structure.geometry.sse import SSEs
from protvox.voxel.rotation import random_rotations

NOISE: Final = 0.25
"""Largest standard deviation of the noise on every coordinate, Å."""

STRETCH: Final = 0.05
"""Standard deviation of the entries of a random matrix added to the unit matrix."""

WAVES: Final = 3
WAVE_LENGTHS: Final = (20.0, 45.0)
WAVE_HEIGHT: Final = 0.6
"""Waves that bend a domain: number, range of wavelengths, Å, and standard deviation of each
component of the amplitude, Å."""

CUT: Final = 1 / 8
"""Largest share of residues cut off the ends, and out of the middle, each with probability 1/2."""

LEAST_CUT: Final = 60
"""Number of residues; shorter domains are not cut."""


LOST: Final = 0.1
"""Probability of dropping a secondary structure element, in half of the domains."""

LEAST_LEFT: Final = 3
"""Number of elements; a domain that would have fewer keeps all."""


def augment_domain(ca: NDArray[np.floating], rng: np.random.Generator) -> Trace:
    """Return a domain cut, bent, stretched and rotated at random.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å.
    rng
        Source of randomness.

    Returns
    -------
    Trace
        With the secondary structure before bending and stretching.
    """
    points = ca - ca.mean(axis=0)
    if rng.random() < 0.5 and len(points) > LEAST_CUT:
        cut = int(rng.integers(0, int(len(points) * CUT)))
        start = int(cut * rng.random())
        points = points[start : len(points) - (cut - start)]
    if rng.random() < 0.5 and len(points) > LEAST_CUT:
        cut = int(rng.integers(3, int(len(points) * CUT)))
        start = int(rng.integers(0, len(points) - cut))
        points = np.concatenate([points[:start], points[start + cut :]])
    points = points + rng.normal(0, NOISE * rng.random(), points.shape)
    secondary = secondary_structure(points)
    bent = points.copy()
    for _ in range(WAVES):
        direction = random_rotations(1, rng)[0][0]
        phase = points @ direction * (2 * np.pi / rng.uniform(*WAVE_LENGTHS))
        height = rng.normal(0, WAVE_HEIGHT, 3)
        bent += np.sin(phase + rng.uniform(0, 2 * np.pi))[:, None] * height
    stretch = np.eye(3) + rng.normal(0, STRETCH, (3, 3))
    stretch /= np.cbrt(np.linalg.det(stretch))
    rotated = bent @ stretch.T @ random_rotations(1, rng)[0].T
    return replace(trace_chain(rotated.astype(np.float32)), secondary=secondary)


def drop_sses(sses: SSEs, rng: np.random.Generator) -> SSEs:
    """Return a domain without some of its secondary structure elements, at random.

    Parameters
    ----------
    sses
        All elements.
    rng
        Source of randomness.

    Returns
    -------
    SSEs
        With the order, gaps and numbers of the whole chain.
    """
    if rng.random() < 0.5:
        return sses
    left = np.flatnonzero(rng.random(len(sses)) > LOST)
    return sses.take(left) if len(left) >= LEAST_LEFT else sses
