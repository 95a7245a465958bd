"""CATH architecture of domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from protvox.cath_names import CATH_NAMES
from protvox.errors import fail
from protvox.networks.cath import CathNet
from protvox.networks.poses import domain_features, pooled_features
from protvox.predict.choose_domains import Domain
from protvox.predict.index.released import NEAREST, ReleasedIndex
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.predict.results.neighbours import Neighbour
from protvox.predict.results.records import (
    DomainPrediction,
    EmbeddedDomain,
    RankedLabel,
    mean_plddt,
)
from protvox.predict.task import DomainPredictor, Outcome, Request
from protvox.registry.card import Card
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.structure import Structure
from protvox.tasks.cath.applicability import find_flags
from protvox.tasks.cath.domain_loop import process_domains
from protvox.tasks.cath.vote import LOOKED_AT, cast_votes
from protvox.tasks.cath.warnings import vote_warning

_LEAST_RESIDUES = 5
_LEAST_BACKBONE = 0.5


class CathPredictor(DomainPredictor):
    """A domain network that is ready to predict.

    Parameters
    ----------
    card
        Card of the model.
    network
        Its network with exported weights, see `protvox.registry.installed.load`.
    device
        Where to compute.
    released
        Its embedding and index.
    """

    def __init__(
        self, card: Card, network: CathNet, device: torch.device, released: ReleasedIndex
    ) -> None:
        self.card = card
        self.released = released
        self.config = network.config
        self.device = device
        self._network = network.to(device)

    def predict(self, request: Request) -> Outcome:
        """Classify the requested domains; see `protvox.predict.task.Predictor.predict`."""
        predictions, warnings = process_domains(
            lambda domain: self.predict_domain(request.structure, domain, request.top_k),
            request.domains,
            self.card,
            request.progress,
            explicit=request.explicit,
        )
        warning = vote_warning(predictions, self.card)
        warnings += [warning] if warning else []
        return Outcome(domains=predictions, warnings=tuple(warnings))

    def embed(self, request: Request) -> tuple[tuple[EmbeddedDomain, ...], list[str]]:
        """Embed the requested domains; see `protvox.predict.task.DomainPredictor.embed`."""
        return process_domains(
            lambda domain: self.embed_domain(request.structure, domain),
            request.domains,
            self.card,
            request.progress,
            explicit=request.explicit,
        )

    def predict_domain(self, structure: Structure, domain: Domain, top_k: int) -> DomainPrediction:
        """Classify one domain.

        Parameters
        ----------
        structure
            The structure it lies in; only the residues of the domain are used.
        domain
            The domain.
        top_k
            Number of architectures to keep, most probable first.

        Raises
        ------
        InputError
            If the domain has too few residues (``domain.too_small``), lacks the CA atoms the
            model reads (``domain.backbone``) or is too wide (``domain.too_large``).
        """
        part, ca = self._read(structure, domain)
        where = f"{structure.name}, {domain.id}"
        probabilities, embedding, nearest = self.predict_trace(ca, where)
        flags = find_flags(ca, part.n_residues, self.card)
        ranked = self._rank(domain, part.n_residues, flags, probabilities.tolist(), top_k)
        return replace(
            ranked,
            plddt=mean_plddt(structure, domain.residues),
            embedding=embedding,
            nearest=nearest,
        )

    def predict_trace(
        self, ca: NDArray[np.float32], where: str = "domain"
    ) -> tuple[NDArray[np.float64], NDArray[np.float32] | None, tuple[Neighbour, ...]]:
        """Classify a domain by its CA atoms.

        Parameters
        ----------
        ca
            ``residue 3``, CA atoms in chain order, Å.
        where
            What to call the domain in an error.

        Returns
        -------
        probabilities : ndarray
            ``label`` float64, in the order of the labels of the network.
        embedding : ndarray or None
            ``axis`` float32; None for a model without one.
        nearest : tuple of Neighbour
            The nearest known domains, at most `protvox.predict.index.released.NEAREST`.

        Raises
        ------
        InputError
            If there is no CA atom (``domain.empty``) or the domain is too wide
            (``domain.too_large``).
        ModelError
            If the index beside the model is damaged (``index.file``, ``index.hash``).
        """
        features, logits = domain_features(self._network, [ca], self.device, names=[where])
        own = (logits[0].double() / self.card.temperature).softmax(dim=0).numpy()
        vote = self.card.vote
        count = LOOKED_AT if vote else NEAREST
        embedding, nearest = self.released.describe(features[0].numpy(), ca, count)
        probabilities = cast_votes(own, self.config.labels, nearest, vote) if vote else own
        return probabilities, embedding, nearest[:NEAREST]

    def embed_domain(self, structure: Structure, domain: Domain) -> EmbeddedDomain:
        """Embed one domain, without classifying it.

        Parameters
        ----------
        structure
            The structure that contains it; only its own residues are used.
        domain
            The domain.

        Raises
        ------
        InputError
            As `predict_domain` does.
        ModelError
            If no embedding was trained for the model (``index.missing``, ``index.model``), or its
            file is damaged (``index.file``, ``index.hash``).
        """
        head = self.released.head()
        part, ca = self._read(structure, domain)
        where = f"{structure.name}, {domain.id}"
        features = pooled_features(self._network, [ca], self.device, names=[where])
        flags = find_flags(ca, part.n_residues, self.card)
        return EmbeddedDomain(
            id=domain.id,
            chain=domain.chain,
            chopping=domain.chopping,
            n_residues=part.n_residues,
            in_range=not flags,
            flags=flags,
            model=self.card.reference,
            plddt=mean_plddt(structure, domain.residues),
            embedding=head.embed(features.numpy(), describe_trace(ca)[None])[0],
            trace=DomainTrace.of(part),
        )

    def _read(self, structure: Structure, domain: Domain) -> tuple[Structure, NDArray[np.float32]]:
        """Return the residues of a domain, and its CA atoms as ``residue 3``."""
        part = structure.select(domain.residues)
        self._check(part, domain)
        ca = part.backbone()[:, 1]
        return part, ca[np.isfinite(ca).all(axis=1)]

    def _check(self, part: Structure, domain: Domain) -> None:
        where = f"{part.name}, {domain.id}"
        if part.n_residues < _LEAST_RESIDUES:
            raise fail("domain.too_small", where=where, count=part.n_residues)
        complete = np.isfinite(part.backbone()[:, 1]).all(axis=1).mean()
        if complete < _LEAST_BACKBONE:
            raise fail("domain.backbone", where=where, share=complete)

    def _rank(
        self,
        domain: Domain,
        n_residues: int,
        flags: tuple[str, ...],
        probabilities: Sequence[float],
        top_k: int,
    ) -> DomainPrediction:
        classes: dict[str, float] = {}
        for label, p in zip(self.config.labels, probabilities, strict=True):
            top = label.split(".")[0]
            classes[top] = classes.get(top, 0.0) + p
        best = max(classes, key=lambda label: classes[label])
        ranked = sorted(
            zip(self.config.labels, probabilities, strict=True), key=lambda item: -item[1]
        )
        return DomainPrediction(
            id=domain.id,
            chain=domain.chain,
            chopping=domain.chopping,
            n_residues=n_residues,
            in_range=not flags,
            flags=flags,
            model=self.card.reference,
            cath_class=RankedLabel(best, CATH_NAMES.get(best, best), classes[best]),
            architectures=tuple(
                RankedLabel(label, CATH_NAMES.get(label, label), p) for label, p in ranked[:top_k]
            ),
        )
