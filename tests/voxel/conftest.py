import importlib.util
from pathlib import Path

import numpy as np
import pytest

from protvox.structure.read import read_structure

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
