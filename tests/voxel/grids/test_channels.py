"""Choices of channels."""

import numpy as np
import pytest

from protvox.chemistry import ATOM_TYPES
from protvox.errors import ModelError
from protvox.voxel.grids.channels import CHANNEL_NAMES, domain_channels
from protvox.voxel.grids.density import SKIP


def test_every_type_has_its_channel():
    kinds = np.arange(len(ATOM_TYPES), dtype=np.uint8)
    assert domain_channels(kinds, "types").tolist() == kinds.tolist()
    assert domain_channels(kinds, "backbone").tolist() == [0, 1, 2, 3] + [SKIP] * 11
    assert domain_channels(kinds, "ca").tolist() == [SKIP, 0] + [SKIP] * 13


def test_protein_has_one_ca_per_residue(example):
    channel = domain_channels(example.atom_type, "ca")
    assert channel.dtype == np.uint8
    assert (channel == 0).sum() == example.is_protein.sum()
    assert set(example.atom_name[channel == 0]) == {"CA"}


def test_unknown_choice_is_rejected():
    with pytest.raises(ModelError, match=r"ca, backbone, types") as error:
        domain_channels(np.zeros(1, np.uint8), "elements")
    assert error.value.code == "voxel.channels"
    assert list(CHANNEL_NAMES) == ["ca", "backbone", "types"]
