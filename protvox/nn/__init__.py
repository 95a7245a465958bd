"""Steerable convolutional networks on voxel fields ``batch channel x y z``.

Every layer shows ``irreps_in`` and ``irreps_out`` (e3nn's irreps of SO(3)); the channel axis
holds the blocks of the irreps one after another, multiplicity outside, components inside.
"""

from protvox.nn.activation import Gate, NormActivation
from protvox.nn.conv import SteerableConv3d, gaussian_kernel
from protvox.nn.dropout import IrrepDropout
from protvox.nn.equivariance import (
    assert_equivariant,
    cube_rotations,
    rotate_field,
    rotation_of_channels,
)
from protvox.nn.fold import fold, fold_convolution
from protvox.nn.heads import CentrePool, GlobalAveragePool, Invariants
from protvox.nn.irreps import check_irreps, irreps_slices
from protvox.nn.kernel import SteerableKernel, kernel_basis, path_functions
from protvox.nn.norm import FieldNorm
from protvox.nn.pool import LowPassPool
from protvox.nn.residual import ResidualBlock

__all__ = [
    "CentrePool",
    "FieldNorm",
    "Gate",
    "GlobalAveragePool",
    "Invariants",
    "IrrepDropout",
    "LowPassPool",
    "NormActivation",
    "ResidualBlock",
    "SteerableConv3d",
    "SteerableKernel",
    "assert_equivariant",
    "check_irreps",
    "cube_rotations",
    "fold",
    "fold_convolution",
    "gaussian_kernel",
    "irreps_slices",
    "kernel_basis",
    "path_functions",
    "rotate_field",
    "rotation_of_channels",
]
