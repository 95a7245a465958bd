"""Predictions that do not depend on the pose, as averages over poses along principal axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.checkpoint import checkpoint
from protvox.networks.cath import CathConfig, CathNet, DomainBatch, DomainPoints, featurize_domain
from protvox.networks.sse import SSEBatch
from protvox.structure.geometry.ca_trace import Trace, trace_chain
from protvox.structure.geometry.principal_axes import principal_axes
from protvox.structure.geometry.sse import SSEs, find_sses

HALF_TURNS: Final = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float32)
"""Signs of the coordinates in the four right-handed poses along the principal axes."""

_OFFSET: Final = np.full(3, 0.25, dtype=np.float32)
"""Offset of the lattice. The centre of the domain is not on a lattice point, so the points lie at
different positions of the domain in each pose, and the average depends less on them."""


def featurize_poses(
    ca: NDArray[np.floating], config: CathConfig, *, name: str = "domain"
) -> list[DomainPoints]:
    """Return a domain as the network reads it, in its four poses.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å.
    config
        Configuration of the network.
    name
        Name of the domain in errors.

    Raises
    ------
    InputError
        If there is no CA atom (``domain.empty``) or the domain is too large for the lattice
        (``domain.too_large``).
    """
    trace = _aligned_trace(ca)
    poses = []
    for signs in HALF_TURNS:
        checkpoint()
        # A half turn only changes signs, so it adds no rounding.
        poses.append(featurize_domain(trace.rotated(signs), _OFFSET, config, name=name))
    return poses


def describe_sses(ca: NDArray[np.floating]) -> SSEs:
    """Return the secondary structure elements of a domain, independent of its pose.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å; at least one, all finite.
    """
    return find_sses(_aligned_trace(ca))


def _aligned_trace(ca: NDArray[np.floating]) -> Trace:
    """Return the trace along the principal axes, so that rounding does not depend on the pose."""
    # Centred in double precision, because single precision is too coarse far from the origin.
    centred = (ca - ca.mean(axis=0, dtype=np.float64)).astype(np.float32) if len(ca) else ca
    axes = principal_axes(centred) if len(ca) else np.eye(3, dtype=np.float32)
    return trace_chain(centred @ axes.T)


def domain_features(
    network: CathNet,
    domains: Sequence[NDArray[np.floating]],
    device: torch.device,
    *,
    names: Sequence[str] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the features and logits of domains, averaged over the four poses of each.

    Parameters
    ----------
    network
        The network in evaluation mode.
    domains
        ``residue 3`` each, CA atoms in chain order, Å.
    device
        Device of the network.
    names
        Names of the domains in errors.

    Returns
    -------
    features : Tensor
        ``domain 2*features+1`` float32 on the CPU, see `protvox.networks.cath.CathNet.embed`.
    logits : Tensor
        ``domain label`` float32 on the CPU, before temperature scaling; combined with those of
        the secondary structure elements if the network reads them.

    Raises
    ------
    InputError
        If a domain has no CA atom (``domain.empty``) or is too large for the lattice
        (``domain.too_large``).

    Notes
    -----
    The average does not depend on the arbitrary signs of the principal axes.
    """
    shape = (len(domains), len(HALF_TURNS))
    with torch.inference_mode():
        features = _pose_features(network, domains, device, names)
        logits: Tensor = network.classifier(features).unflatten(0, shape).mean(dim=1)
        if network.elements is not None:
            sses = SSEBatch.join([describe_sses(ca) for ca in domains]).to(device)
            logits = network.combine(logits, sses)
    return _average_poses(features, len(domains)), logits.float().cpu()


def pooled_features(
    network: CathNet,
    domains: Sequence[NDArray[np.floating]],
    device: torch.device,
    *,
    names: Sequence[str] | None = None,
) -> Tensor:
    """Return the features of domains as `domain_features` does, without their logits.

    Parameters
    ----------
    network, domains, device, names
        See `domain_features`.

    Returns
    -------
    Tensor
        ``domain 2*features+1`` float32 on the CPU.

    Raises
    ------
    InputError
        See `domain_features`.
    """
    with torch.inference_mode():
        features = _pose_features(network, domains, device, names)
    return _average_poses(features, len(domains))


def _pose_features(
    network: CathNet,
    domains: Sequence[NDArray[np.floating]],
    device: torch.device,
    names: Sequence[str] | None,
) -> Tensor:
    names = names or ["domain"] * len(domains)
    poses = [
        pose
        for ca, name in zip(domains, names, strict=True)
        for pose in featurize_poses(ca, network.config, name=name)
    ]
    checkpoint()
    return network.embed(DomainBatch.join(poses).to(device))


def _average_poses(features: Tensor, n_domains: int) -> Tensor:
    return features.float().cpu().unflatten(0, (n_domains, len(HALF_TURNS))).mean(dim=1)


def domain_logits(
    network: CathNet,
    domains: Sequence[NDArray[np.floating]],
    device: torch.device,
    *,
    names: Sequence[str] | None = None,
) -> Tensor:
    """Return the logits of domains, each averaged over its four poses.

    Parameters
    ----------
    network
        The network in evaluation mode.
    domains
        ``residue 3`` each, CA atoms in chain order, Å.
    device
        Device of the network.
    names
        Names of the domains in errors.

    Returns
    -------
    Tensor
        ``domain label`` float32 on the CPU, before temperature scaling.

    Raises
    ------
    InputError
        If a domain has no CA atom (``domain.empty``) or is too large for the lattice
        (``domain.too_large``).
    """
    return domain_features(network, domains, device, names=names)[1]
