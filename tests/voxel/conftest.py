import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from e3nn import o3

from protvox.structure.io.read import read_structure
from protvox.voxel.moments.moments import radial_table

EXAMPLE = Path(importlib.util.find_spec("protvox").origin).parent / "examples" / "1pwc.pdb.gz"


@pytest.fixture(scope="session")
def example():
    """A real enzyme, 1pwc."""
    return read_structure(EXAMPLE)


@pytest.fixture(scope="session")
def direct_density():
    """Densities computed in float64 from the definition, without tables or vectors."""
    return _direct_density


def _direct_density(coordinates, channel, spec, n_channels, *, normalize=False, window=None):
    """Return ``channel x y z``; `window` cuts voxels over half of it away along an axis."""
    out = np.zeros((n_channels, *spec.shape))
    for atom, kind in zip(np.asarray(coordinates, dtype=np.float64), channel, strict=True):
        if kind == 255:
            continue
        factors = []
        for axis in range(3):
            distance = spec.centres(axis) - atom[axis]
            factor = np.exp(-(distance**2) / (2 * spec.sigma**2))
            if window is not None:
                factor[np.abs(distance) > window / 2 * spec.spacing] = 0
            factors.append(factor / factor.sum() if normalize else factor)
        out[kind] += np.einsum("i,j,k->ijk", *factors)
    return out


@pytest.fixture(scope="session")
def direct_moments():
    """Moments computed in float64 from e3nn's harmonics, every atom at every point."""
    return _direct_moments


def _direct_moments(coordinates, kind, spec):
    """Return ``feature point`` for atoms in the frame of the grid."""
    lines = [(np.arange(n) - (n - 1) / 2) * spec.spacing for n in spec.shape]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    vector = np.asarray(coordinates, dtype=np.float64) - points[:, None]
    r2 = (vector**2).sum(axis=-1)
    table = radial_table(spec).astype(np.float64)
    bins = np.linspace(0, spec.cutoff**2, table.shape[1])
    radial = np.stack([np.interp(r2, bins, row, right=0.0) for row in table])
    one_hot = np.eye(256)[kind][:, : spec.n_types]
    blocks = []
    for degree in spec.degrees:
        harmonics = o3.spherical_harmonics(
            degree, torch.from_numpy(vector), normalize=True, normalization="component"
        ).numpy()
        shells = radial[[spec.shells.index(r) for r in spec.shells_of(degree)]]
        block = np.einsum("pac,spa,at->ctsp", harmonics, shells, one_hot, optimize=True)
        blocks.append(block.reshape(-1, len(points)))
    return np.concatenate(blocks)
