"""Predictions for protein structures by steerable 3D neural networks.

For a structure, protvox predicts amino-acid probabilities at every residue and the CATH
architecture of every domain::

    import protvox

    prediction = protvox.classify("1abc.pdb")
    prediction.to_pandas().residues

Units and axes are the same everywhere:

* Lengths are in Å, angles in radians, probabilities from 0 to 1, entropies and log-odds scores in
  nats.
* Shapes are written as axis names: ``atom 3`` has one row per atom, with x, y and z;
  ``residue 20`` has one row per residue and one column for each of
  `protvox.chemistry.AMINO_ACIDS`; ``batch channel x y z`` is a stack of voxel grids.
* Residues are identified by the author's chain name, number and insertion code, as in the file.
  Rows are in file order and count from 0.
* The components of a steerable feature of degree l are in the order of `e3nn.o3`.

Importing this package is cheap; torch is imported with the first prediction.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protvox.api.align import align
    from protvox.api.check import check
    from protvox.api.functions import classify, embed, search, voxelize
    from protvox.api.models import Model, load, models
    from protvox.api.mutations import mutations
    from protvox.api.suggest import suggest
    from protvox.errors import (
        DeviceError,
        FetchError,
        InputError,
        ModelError,
        ProtvoxError,
        UsageError,
    )
    from protvox.predict.check.results import CheckResult
    from protvox.predict.embedding.embeddings import Embeddings
    from protvox.predict.mutations.scores import MutationScores
    from protvox.predict.results.prediction import Prediction
    from protvox.predict.search.pairwise import AlignmentResult
    from protvox.predict.search.results import SearchResult
    from protvox.predict.suggest.results import SuggestionResult
    from protvox.structure.io.read import read_structure
    from protvox.structure.structure import Structure
    from protvox.voxel.grids.density_map import DensityMap

__version__ = "0.1.0"

__all__ = [
    "AlignmentResult",
    "CheckResult",
    "DensityMap",
    "DeviceError",
    "Embeddings",
    "FetchError",
    "InputError",
    "Model",
    "ModelError",
    "MutationScores",
    "Prediction",
    "ProtvoxError",
    "SearchResult",
    "Structure",
    "SuggestionResult",
    "UsageError",
    "__version__",
    "align",
    "check",
    "classify",
    "embed",
    "load",
    "models",
    "mutations",
    "read_structure",
    "search",
    "suggest",
    "voxelize",
]

_NAMES = {
    "protvox.api.align": ("align",),
    "protvox.api.check": ("check",),
    "protvox.api.functions": ("classify", "embed", "search", "voxelize"),
    "protvox.api.models": ("Model", "load", "models"),
    "protvox.api.mutations": ("mutations",),
    "protvox.api.suggest": ("suggest",),
    "protvox.errors": (
        "DeviceError",
        "FetchError",
        "InputError",
        "ModelError",
        "ProtvoxError",
        "UsageError",
    ),
    "protvox.predict.check.results": ("CheckResult",),
    "protvox.predict.embedding.embeddings": ("Embeddings",),
    "protvox.predict.mutations.scores": ("MutationScores",),
    "protvox.predict.results.prediction": ("Prediction",),
    "protvox.predict.search.pairwise": ("AlignmentResult",),
    "protvox.predict.search.results": ("SearchResult",),
    "protvox.predict.suggest.results": ("SuggestionResult",),
    "protvox.structure.io.read": ("read_structure",),
    "protvox.structure.structure": ("Structure",),
    "protvox.voxel.grids.density_map": ("DensityMap",),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "nn":  # as users of torch expect; its import takes seconds
        return import_module("protvox.nn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # Tab completion shows what is public, and no imports of this file.
    return sorted({"nn", *__all__, *(name for name in globals() if name.startswith("__"))})
