"""The atoms of a structure that are drawn, and their channels."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX, ATOM_TYPES
from protvox.errors import fail
from protvox.voxel.grids.density import SKIP

CHANNEL_NAMES: Final = MappingProxyType(
    {
        "ca": ("backbone_CA",),
        "backbone": ("backbone_N", "backbone_CA", "backbone_C", "backbone_O"),
        "types": ATOM_TYPES,
    }
)
"""Atom types for each choice of channels, one per channel."""


def domain_channels(atom_type: NDArray[np.uint8], channels: str) -> NDArray[np.uint8]:
    """Return the channel of every atom for a choice of channels.

    Parameters
    ----------
    atom_type
        ``atom`` uint8, index into `protvox.chemistry.ATOM_TYPES`.
    channels
        ``"ca"``, ``"backbone"`` or ``"types"``, see `CHANNEL_NAMES`.

    Returns
    -------
    ndarray
        ``atom`` uint8, `protvox.voxel.grids.density.SKIP` for atoms that are not drawn.

    Raises
    ------
    ModelError
        If the choice is unknown (``voxel.channels``).
    """
    if channels not in CHANNEL_NAMES:
        known = ", ".join(CHANNEL_NAMES)
        raise fail("voxel.channels.choice", where="grid channels", channels=channels, known=known)
    table = np.full(256, SKIP, dtype=np.uint8)
    for channel, name in enumerate(CHANNEL_NAMES[channels]):
        table[ATOM_TYPE_INDEX[name]] = channel
    return table[atom_type]
