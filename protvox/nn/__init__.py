"""Steerable convolutional networks on voxel fields ``batch channel x y z``.

Every layer shows ``irreps_in`` and ``irreps_out`` (e3nn's irreps of SO(3)); the channel axis
holds the blocks of the irreps one after another, multiplicity outside, components inside.

Names are looked up when first used: folded networks predict with `protvox.nn.export.layers` alone,
and must not wait for e3nn to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from protvox.nn.activation import Gate, NormActivation
    from protvox.nn.blur import blur_field
    from protvox.nn.conv import SteerableConv3d, gaussian_kernel
    from protvox.nn.dropout import IrrepDropout
    from protvox.nn.equivariance import (
        assert_equivariant,
        cube_rotations,
        rotate_field,
        rotation_of_channels,
    )
    from protvox.nn.export.export import export_convolution, export_network
    from protvox.nn.heads import CentrePool, GlobalAveragePool, Invariants
    from protvox.nn.irreps import check_irreps, irreps_slices
    from protvox.nn.kernel import Filters, SteerableKernel, kernel_basis, path_functions
    from protvox.nn.norm import FieldNorm
    from protvox.nn.path_conv import PathConv3d
    from protvox.nn.pool import LowPassPool
    from protvox.nn.residual import ResidualBlock

__all__ = [
    "CentrePool",
    "FieldNorm",
    "Filters",
    "Gate",
    "GlobalAveragePool",
    "Invariants",
    "IrrepDropout",
    "LowPassPool",
    "NormActivation",
    "PathConv3d",
    "ResidualBlock",
    "SteerableConv3d",
    "SteerableKernel",
    "assert_equivariant",
    "blur_field",
    "check_irreps",
    "cube_rotations",
    "export_convolution",
    "export_network",
    "gaussian_kernel",
    "irreps_slices",
    "kernel_basis",
    "path_functions",
    "rotate_field",
    "rotation_of_channels",
]

_HOMES: Final = {
    "activation": ("Gate", "NormActivation"),
    "blur": ("blur_field",),
    "conv": ("SteerableConv3d", "gaussian_kernel"),
    "dropout": ("IrrepDropout",),
    "equivariance": (
        "assert_equivariant",
        "cube_rotations",
        "rotate_field",
        "rotation_of_channels",
    ),
    "export.export": ("export_convolution", "export_network"),
    "heads": ("CentrePool", "GlobalAveragePool", "Invariants"),
    "irreps": ("check_irreps", "irreps_slices"),
    "kernel": ("Filters", "SteerableKernel", "kernel_basis", "path_functions"),
    "norm": ("FieldNorm",),
    "path_conv": ("PathConv3d",),
    "pool": ("LowPassPool",),
    "residual": ("ResidualBlock",),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"protvox.nn.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
