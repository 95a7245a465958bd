"""The layers under one name; each lives in a file of its own."""

from protvox.nn.activation import Gate, NormActivation
from protvox.nn.conv import SteerableConv3d, gaussian_kernel
from protvox.nn.dropout import IrrepDropout
from protvox.nn.norm import FieldNorm

__all__ = [
    "FieldNorm",
    "Gate",
    "IrrepDropout",
    "NormActivation",
    "SteerableConv3d",
    "gaussian_kernel",
]
