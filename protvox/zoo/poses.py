"""One answer for a domain, whatever its pose: an average over the poses of its own axes."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.errors import InputError
from protvox.voxel.moments import domain_moments
from protvox.voxel.pose import bounding_box, principal_axes
from protvox.zoo.cath import SKIPPED, CathNet, DomainBatch, domain_channels, grid_shape

HALF_TURNS: Final = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float32)
"""Signs of the axes in the four right-handed poses along the principal axes."""

MAX_POINTS: Final = 100_000
"""Most grid points of one domain: a cube of 280 Å at 6 Å, 1 GB of memory."""


def domain_logits(
    network: CathNet,
    coordinates: NDArray[np.float32],
    atom_type: NDArray[np.uint8],
    device: torch.device,
    *,
    name: str = "domain",
) -> Tensor:
    """Return the logits of one domain, averaged over its four poses.

    Parameters
    ----------
    network
        The network, ready to predict.
    coordinates
        ``atom 3`` float32, Å.
    atom_type
        ``atom`` uint8, index into `protvox.vocabulary.ATOM_TYPES`.
    device
        Where the network is.
    name
        What to call the domain in an error.

    Returns
    -------
    Tensor
        ``label`` float32 on the CPU, before any temperature.

    Raises
    ------
    InputError
        If the domain is too wide for a grid of `MAX_POINTS` (``domain.too_large``).

    Notes
    -----
    The signs of the principal axes decide nothing this way. Each pose also puts the grid
    points elsewhere, a quarter of a step towards one corner, which averages out where they
    happen to fall.
    """
    channel = domain_channels(atom_type, coordinates)
    # Far from the origin single precision is too coarse for sums over a domain.
    middle = coordinates.mean(axis=0, dtype=np.float64)
    centred = (coordinates - middle).astype(np.float32)
    drawn = centred[channel != SKIPPED]
    own = principal_axes(drawn)
    centre, extent = bounding_box(drawn, own)
    spacing = network.config.spacing
    # Half a step more, for the quarter of a step to either side.
    shape = grid_shape(extent + spacing / 2, spacing)
    if np.prod(shape) > MAX_POINTS:
        raise InputError(
            f"the domain is {extent.max():.0f} Å long, too wide for the grid",
            where=name,
            remedy="Give single domains, e.g. with --domain A:1-120",
            code="domain.too_large",
        )
    axes = HALF_TURNS[:, :, None] * own
    corner = np.full(3, spacing / 4, dtype=np.float32)
    origins = np.stack([centre + corner @ pose for pose in axes])
    atoms = np.repeat([[0, len(centred)]], len(axes), axis=0).astype(np.int64)
    moments = domain_moments(
        centred, channel, atoms, origins.astype(np.float32), axes, network.config.moments(shape)
    )
    batch = DomainBatch(torch.from_numpy(moments), shape).to(device)
    with torch.inference_mode():
        logits: Tensor = network(batch).float().mean(dim=0).cpu()
    return logits
