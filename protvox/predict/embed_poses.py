"""Features of domains, averaged over the poses of their own axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.zoo.cath import CathNet, DomainBatch
from protvox.zoo.poses import HALF_TURNS, draw_poses


def domain_features(
    network: CathNet,
    domains: Sequence[NDArray[np.floating]],
    device: torch.device,
    *,
    names: Sequence[str] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the features and the logits of domains, each averaged over its four poses.

    Parameters
    ----------
    network
        The network, ready to predict.
    domains
        ``residue 3`` each, CA atoms in chain order, Å.
    device
        Where the network is.
    names
        What to call the domains in an error.

    Returns
    -------
    features : Tensor
        ``domain 2*features+1`` float32 on the CPU, see `protvox.zoo.cath.CathNet.embed`.
    logits : Tensor
        ``domain label`` float32 on the CPU, as `protvox.zoo.poses.domain_logits` gives them.

    Raises
    ------
    InputError
        If a domain has no CA atom (``domain.empty``) or is too wide for the lattice
        (``domain.too_large``).
    """
    names = names or ["domain"] * len(domains)
    drawn = [
        pose
        for ca, name in zip(domains, names, strict=True)
        for pose in draw_poses(ca, network.config, name=name)
    ]
    with torch.inference_mode():
        features = network.embed(DomainBatch.join(drawn).to(device))
        logits: Tensor = network.classifier(features)
    shape = (len(domains), len(HALF_TURNS))
    return (
        features.float().cpu().unflatten(0, shape).mean(dim=1),
        logits.float().cpu().unflatten(0, shape).mean(dim=1),
    )
