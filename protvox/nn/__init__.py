"""Steerable convolutional networks on voxel fields ``batch channel x y z``.

Every layer has ``irreps_in`` and ``irreps_out`` (e3nn's irreps of SO(3)). The channel axis is the
concatenation of the blocks of the irreps, each laid out multiplicity first, then components.

Names are imported on first use, because inference needs only `protvox.nn.plain_layers` and should
not wait for e3nn.

Examples
--------
>>> import torch
>>> from protvox.nn import Gate, SteerableConv3d, assert_equivariant
>>> gate = Gate("8x0e+4x1e")
>>> layer = torch.nn.Sequential(SteerableConv3d("2x0e", gate.irreps_in, size=3), gate)
>>> layer(torch.zeros(1, 2, 7, 7, 7)).shape
torch.Size([1, 20, 5, 5, 5])
>>> assert_equivariant(layer, "2x0e", "8x0e+4x1e", size=5)
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
    from protvox.nn.export import export_convolution, export_network
    from protvox.nn.heads import CentrePool, GlobalAveragePool, Invariants
    from protvox.nn.irreps import check_irreps, irreps_slices
    from protvox.nn.kernel import Filters, SteerableKernel, kernel_basis, path_functions
    from protvox.nn.moments import MomentEmbedding
    from protvox.nn.norm import FieldNorm
    from protvox.nn.path_conv import PathConv3d
    from protvox.nn.pool import LowPassPool
    from protvox.nn.residual import ResidualBlock
    from protvox.nn.sparse import NormGate, SparseConv

__all__ = [
    "CentrePool",
    "FieldNorm",
    "Filters",
    "Gate",
    "GlobalAveragePool",
    "Invariants",
    "IrrepDropout",
    "LowPassPool",
    "MomentEmbedding",
    "NormActivation",
    "NormGate",
    "PathConv3d",
    "ResidualBlock",
    "SparseConv",
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

_NAMES_OF_MODULE: Final = {
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
    "export": ("export_convolution", "export_network"),
    "heads": ("CentrePool", "GlobalAveragePool", "Invariants"),
    "irreps": ("check_irreps", "irreps_slices"),
    "kernel": ("Filters", "SteerableKernel", "kernel_basis", "path_functions"),
    "moments": ("MomentEmbedding",),
    "norm": ("FieldNorm",),
    "path_conv": ("PathConv3d",),
    "pool": ("LowPassPool",),
    "residual": ("ResidualBlock",),
    "sparse": ("NormGate", "SparseConv"),
}
_MODULE: Final = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _MODULE:
        return getattr(import_module(f"protvox.nn.{_MODULE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
