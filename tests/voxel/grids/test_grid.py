"""Grid specifications."""

import math

import numpy as np
import pytest

from protvox.errors import ModelError
from protvox.voxel.grids.grid import GridSpec


def test_one_number_is_a_cube_centred_on_the_origin():
    spec = GridSpec(4, 2.0, 1.0)
    assert spec.shape == (4, 4, 4)
    assert spec.extent == (8.0, 8.0, 8.0)
    assert spec.centres().tolist() == [-3.0, -1.0, 1.0, 3.0]
    assert spec.origin == (-3.0, -3.0, -3.0)


def test_three_numbers_are_the_sizes_along_x_y_z():
    spec = GridSpec((3, 4, 5), 0.5, 0.5)
    assert spec.shape == (3, 4, 5)
    assert spec.extent == (1.5, 2.0, 2.5)
    assert [len(spec.centres(axis)) for axis in range(3)] == [3, 4, 5]
    assert np.allclose(spec.centres(0), [-0.5, 0.0, 0.5])


@pytest.mark.parametrize(
    ("size", "spacing", "sigma"),
    [
        (0, 1.0, 1.0),
        (-3, 1.0, 1.0),
        (2000, 1.0, 1.0),
        (20.0, 1.0, 1.0),
        (True, 1.0, 1.0),
        ((20, 20), 1.0, 1.0),
        ((20, 20, 0), 1.0, 1.0),
        (20, 0.0, 1.0),
        (20, -1.0, 1.0),
        (20, math.nan, 1.0),
        (20, math.inf, 1.0),
        (20, 1.0, 0.0),
        (20, 1.0, math.nan),
        (20, 1.0, 0.2),
        (20, 1.0, 8.1),
    ],
)
def test_invalid_grids_are_rejected(size, spacing, sigma):
    with pytest.raises(ModelError) as error:
        GridSpec(size, spacing, sigma)
    assert error.value.code == "grid.invalid"
    assert error.value.remedy
