"""From a trained CATH network to a released one: label frequencies, lengths and shapes."""

from __future__ import annotations

import numpy as np
import torch

from protvox.networks.cath import CathNet
from protvox.structure.geometry.compactness import LEAST_MEASURED, measure_shape
from protvox.tasks.cath.data import DomainData


def adjust_logits(network: CathNet, domains: DomainData, power: float) -> None:
    """Divide a power of the training frequencies out of a network's probabilities, in place.

    Parameters
    ----------
    network
        The network; the biases of its last layers are changed.
    domains
        What it was trained on.
    power
        0 changes nothing, 1 makes the prior of all labels equal.

    Notes
    -----
    Logit adjustment after training (Menon et al., ICLR 2021, equation 9).
    """
    counts = np.bincount(domains.labels[domains.rows], minlength=len(network.config.labels))
    last = [network.classifier[-1]]
    if network.elements is not None:
        last += network.elements.classifiers
    share = torch.from_numpy(counts / counts.sum()).clamp_min(1e-6).float()
    with torch.no_grad():
        for layer in last:
            bias = layer.get_parameter("bias")
            bias.sub_(power * share.log().to(bias))


def training_lengths(domains: DomainData) -> tuple[int, int]:
    """Return the lengths of training domains, from the first percentile to the maximum.

    Parameters
    ----------
    domains
        The training domains.
    """
    lengths = [len(domains.ca(row)) for row in domains.rows.tolist()]
    # The shortest few are damaged entries of the training set, not domains.
    return int(np.percentile(lengths, 1)), max(lengths)


def training_shapes(domains: DomainData) -> dict[str, tuple[float | None, float | None]]:
    """Return limits of the measures of shape that a few per cent of the domains exceed.

    Parameters
    ----------
    domains
        The training domains.

    Returns
    -------
    dict
        Name of a measure of `protvox.structure.geometry.compactness.ChainShape` to its least and
        greatest ordinary value, None where there is no limit.
    """
    chains = [domains.ca(row) for row in domains.rows.tolist()]
    shapes = [measure_shape(ca) for ca in chains if len(ca) >= LEAST_MEASURED]

    def limit(measure: str, percentile: float) -> float:
        values = [getattr(shape, measure) for shape in shapes]
        return round(float(np.percentile(values, percentile)), 4)

    return {
        "bonded_fraction": (limit("bonded_fraction", 0.2), None),
        "contact_density": (limit("contact_density", 2), None),
        "relative_rg": (None, limit("relative_rg", 98)),
        "algebraic_connectivity": (limit("algebraic_connectivity", 3), None),
    }
