"""The examples in the docstrings of structures, grids and networks."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import protvox.networks
import protvox.structure
import protvox.voxel

MODULES = [
    "protvox.chemistry",
    "protvox.messages",
    *(
        module.name
        for package in (protvox.structure, protvox.voxel, protvox.networks)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.ispkg
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    if name == "protvox.structure.io.trajectory":
        pytest.importorskip("mdtraj")
    assert doctest.testmod(import_module(name)).failed == 0
