"""CATH architecture of domains."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.cath_names import CATH_NAMES
from protvox.errors import InputError, fail
from protvox.networks.cath import CathNet
from protvox.networks.poses import domain_features, pooled_features
from protvox.predict.choose_domains import Domain
from protvox.predict.index.find_relatives import LOOKED_AT, find_relatives, known_probability
from protvox.predict.index.released import NEAREST, ReleasedIndex
from protvox.predict.index.trace_descriptor import describe_trace
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
from protvox.tasks.cath.posterior import TracePrediction, combine, describe_relatives
from protvox.tasks.cath.vote import cast_votes
from protvox.tasks.cath.warnings import vote_warning

_LEAST_RESIDUES = 5
_LEAST_BACKBONE = 0.5
_KNOWN = 0.9
"""Probability from which a domain counts as known as a whole."""

_REMEMBERED = 64
"""Number of parts of chains whose features are kept: what is recognised while its chain is split is
predicted soon afterwards."""


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
        self._recognised: OrderedDict[bytes, tuple[Tensor, Tensor]] = OrderedDict()
        self._lock = threading.Lock()

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
        found = self.predict_trace(DomainTrace.of(part), where)
        flags = self._flags(ca, part.n_residues)
        ranked = self._rank(domain, part.n_residues, flags, found.architectures, top_k)
        ranked = replace(ranked, plddt=mean_plddt(structure, domain.residues))
        if found.known is not None:
            nearest = tuple(islice(found.known.neighbours(), NEAREST))
            ranked = replace(ranked, embedding=found.known.vector, nearest=nearest)
        if found.relatives is None or found.known is None:
            return ranked
        return describe_relatives(ranked, found.relatives, found.known.index)

    def predict_trace(self, trace: DomainTrace, where: str = "domain") -> TracePrediction:
        """Classify a domain by its CA atoms.

        Parameters
        ----------
        trace
            CA atoms in chain order; the sequence is part of the evidence for relatives.
        where
            What to call the domain in an error.

        Returns
        -------
        TracePrediction
            Probabilities of the architectures, and of relatives if there is an index.

        Raises
        ------
        InputError
            If there is no CA atom (``domain.empty``) or the domain is too wide
            (``domain.too_large``).
        ModelError
            If the index beside the model is damaged (``index.file``, ``index.hash``).
        """
        ca = trace.ca.astype(np.float32)
        features, logits = self._describe(ca, where)
        own = (logits[0].double() / self.card.temperature).softmax(dim=0).numpy()
        vote = self.card.vote
        known = self.released.describe(features[0].numpy(), ca, LOOKED_AT)
        if known is not None and vote is not None:
            own = cast_votes(own, self.config.labels, known.neighbours(), vote)
        network = dict(zip(self.config.labels, own.tolist(), strict=True))
        if known is None or known.relatives is None:
            return TracePrediction(network, known, None)
        relatives = find_relatives(
            trace, known.index, known.rows, known.similarities, known.relatives
        )
        if relatives is None:
            return TracePrediction(network, known, None)
        return TracePrediction(combine(network, relatives.probabilities), known, relatives)

    def recognise(self, ca: NDArray[np.floating]) -> float:
        """Return the probability that a part of a chain is one known domain; see the base class."""
        low, high = self.card.n_residues or (0, np.inf)
        if not max(low, _LEAST_RESIDUES) <= len(ca) <= high:
            return 0.0
        ca = ca.astype(np.float32)
        try:
            features, logits = self._describe(ca, "domain")
        except InputError:  # too wide
            return 0.0
        with self._lock:
            self._recognised[ca.tobytes()] = features, logits
            while len(self._recognised) > _REMEMBERED:
                self._recognised.popitem(last=False)
        known = self.released.describe(features[0].numpy(), ca, LOOKED_AT)
        if known is None or known.relatives is None:
            return 0.0
        return known_probability(
            DomainTrace(ca), known.index, known.rows, known.similarities, known.relatives
        )

    def _flags(self, ca: NDArray[np.float32], n_residues: int) -> tuple[str, ...]:
        """Return what sets a domain apart; one known as a whole does not fall into parts."""
        flags = find_flags(ca, n_residues, self.card)
        if "several" in flags and self.recognise(ca) >= _KNOWN:
            return tuple(flag for flag in flags if flag != "several")
        return flags

    def _describe(self, ca: NDArray[np.float32], where: str) -> tuple[Tensor, Tensor]:
        """Return the features and the logits of a domain, once from what was recognised."""
        with self._lock:
            found = self._recognised.pop(ca.tobytes(), None)
        return found or domain_features(self._network, [ca], self.device, names=[where])

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
        flags = self._flags(ca, part.n_residues)
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
        architectures: Mapping[str, float],
        top_k: int,
    ) -> DomainPrediction:
        classes: dict[str, float] = {}
        for label, p in architectures.items():
            top = label.split(".")[0]
            classes[top] = classes.get(top, 0.0) + p
        best = max(classes, key=lambda label: classes[label])
        ranked = sorted(architectures.items(), key=lambda item: -item[1])
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
