"""Protein structures through steerable 3D neural networks.

A structure goes in; amino-acid probabilities at every residue and the CATH architecture of
every domain come out::

    import protvox

    prediction = protvox.classify("1abc.pdb")
    prediction.to_pandas().residues

Units and axes, the same everywhere:

* Lengths are in Å, angles in radians, probabilities from 0 to 1, entropies in nats, scores
  that are logarithms of odds in natural logarithms.
* Shapes are written as axis names: ``atom 3`` is one row an atom and x, y, z;
  ``residue 20`` is one row a residue and a column for each of
  `protvox.chemistry.AMINO_ACIDS`; ``batch channel x y z`` is a stack of voxel grids.
* Residues go by the author's chain name, number and insertion code, as in the file; rows are
  in file order and count from 0.
* The components of a steerable feature of degree l are in the order of `e3nn.o3`.

Importing this package is cheap: torch comes in with the first prediction.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protvox.api import classify, embed, load, mutations, search
    from protvox.structure.io.read import read_structure

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "classify",
    "embed",
    "load",
    "mutations",
    "read_structure",
    "search",
]

_HOMES = {
    "classify": "protvox.api",
    "embed": "protvox.api",
    "load": "protvox.api",
    "mutations": "protvox.api",
    "read_structure": "protvox.structure.io.read",
    "search": "protvox.api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
