"""The public names of ``protvox.nn``, and the examples in its docstrings."""

from __future__ import annotations

import doctest
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest
import torch

import protvox.nn

MODULES = [
    "protvox.nn",
    *(m.name for m in pkgutil.walk_packages(protvox.nn.__path__, "protvox.nn.") if not m.ispkg),
]


def test_every_public_name_appears_on_tab():
    assert set(protvox.nn.__all__) <= set(dir(protvox.nn))
    assert {"SparseConv", "NormGate", "MomentEmbedding"} <= set(protvox.nn.__all__)


@pytest.mark.parametrize("name", protvox.nn.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(protvox.nn, name).__module__.startswith("protvox.nn.")


def test_every_public_layer_has_an_example():
    layers = [getattr(protvox.nn, name) for name in protvox.nn.__all__]
    layers = [x for x in layers if isinstance(x, type) and issubclass(x, torch.nn.Module)]
    assert len(layers) >= 15
    assert [layer.__name__ for layer in layers if ">>>" not in layer.__doc__] == []


def test_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        protvox.nn.Nothing  # noqa: B018


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    torch.manual_seed(0)
    assert doctest.testmod(import_module(name)).failed == 0


def test_listing_the_names_does_not_import_e3nn():
    code = "import sys, protvox.nn; dir(protvox.nn); print('e3nn' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert output.stdout.split() == [b"False"]
