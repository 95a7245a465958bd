"""Embeddings of the domains or the residues of a structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from protvox.errors import fail
from protvox.predict.classify import (
    make_request,
    model_names,
    nothing_to_predict,
    requested_residues,
)
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.embedding.embeddings import Embeddings, ResidueEmbeddings
from protvox.predict.model_cache import (
    limit_threads,
    load_domain_predictor,
    load_residue_predictor,
)
from protvox.predict.results.records import InputInfo
from protvox.predict.task import DomainPredictor, no_progress
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.domain_option import DomainOption
from protvox.structure.structure import Structure

Per = Literal["domain", "residue"]

PER: Final[tuple[Per, ...]] = ("domain", "residue")
"""Kinds of embeddings."""


def embed(
    structure: Structure,
    *,
    per: Per = "domain",
    domains: DomainOption | None = None,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> Embeddings:
    """Embed the domains or the residues of a structure.

    Safe to call from several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    per
        ``"domain"``: unit vectors, similar for domains of one fold; ``"residue"``: features of
        the environment network.
    domains
        Domains to embed, or whose residues to embed; see `protvox.predict.classify`.
    chain
        Embed this chain only; the other chains still form its environment.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        Name of a model to use instead of the released one.
    progress
        Called with the number of residues done and in all.
    disorder
        Which residues of a predicted model are disordered, and whether others see them.

    Returns
    -------
    Embeddings
        Independent of the orientation of the structure and of other computations in the same
        process, to about 1e-5 per component.

    Raises
    ------
    UsageError
        If ``per`` is invalid (``usage.per``).
    InputError
        If there is nothing to embed, or a requested chain or domain does not exist.
    ModelError
        If a model is missing or damaged, does not fit the task, or has no embedding
        (``index.missing``, ``index.model``).
    DeviceError
        If the device is missing or out of memory.
    """
    if per not in PER:
        raise fail("usage.per", where=str(per))
    if per == "residue":
        return _embed_residues(structure, domains, chain, device, model, progress, disorder)
    embeddings, _ = embed_domains(
        structure,
        domains=domains,
        chain=chain,
        device=device,
        model=model,
        progress=progress,
        disorder=disorder,
    )
    return embeddings


def embed_domains(
    structure: Structure,
    *,
    domains: DomainOption | None,
    chain: str | None,
    device: str,
    model: str | None,
    progress: Callable[[int, int], None] | None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> tuple[Embeddings, DomainPredictor]:
    """Embed the domains of a structure.

    Parameters
    ----------
    structure
        The whole structure.
    domains, chain, device, model, progress, disorder
        See `embed`.

    Returns
    -------
    embeddings : Embeddings
        One row per domain.
    predictor : DomainPredictor
        The model, with its index.

    Raises
    ------
    InputError, ModelError, DeviceError
        See `embed`.
    """
    predictor = load_domain_predictor(model_names("cath", model)["cath"], device)
    head = predictor.released.head()  # checked before anything is computed
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        request, warnings = make_request(
            structure,
            domains or "auto",
            chain,
            needs_domains=True,
            recognise=predictor.recognise,
            progress=progress,
            disorder=disorder,
        )
        records, more = predictor.embed(request)
    warnings += more
    if not records:
        raise nothing_to_predict(structure, (), warnings)
    embeddings = Embeddings(
        input=InputInfo.of(structure, disorder.limit),
        domains=records,
        models={"cath": predictor.card.reference},
        warnings=(*structure.warnings, *warnings),
        head=head.sha256,
    )
    return embeddings, predictor


def _embed_residues(
    structure: Structure,
    domains: DomainOption | None,
    chain: str | None,
    device: str,
    model: str | None,
    progress: Callable[[int, int], None] | None,
    disorder: DisorderOption,
) -> Embeddings:
    name = model_names("environment", model)["environment"]
    explicit = bool(domains) and not isinstance(domains, str)
    wanted = requested_residues(structure, chain, structure.protein_chains if explicit else ())
    if domains and not isinstance(domains, str):
        wanted = wanted & np.logical_or.reduce([domain.mask(structure) for domain in domains])
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        predictor = load_residue_predictor(name, device)
        rows, vectors, lost = predictor.embed(
            structure, wanted, progress or no_progress, disorder=disorder
        )
    if not len(rows):
        raise fail("input.nothing_to_predict.embed", where=structure.name)
    warnings = structure.warnings
    if lost:
        warning = (
            f"{len(lost)} of {int(wanted.sum())} residues have no embedding, the first is "
            f"{lost[0].where}; see input.dropped."
        )
        warnings = (*warnings, warning)
    info = InputInfo.of(structure, disorder.limit)
    predicted = structure.plddt is not None
    return Embeddings(
        input=replace(info, dropped=(*info.dropped, *lost)),
        residues=ResidueEmbeddings(
            chain=structure.chain[rows],
            number=structure.number[rows],
            insertion_code=structure.insertion_code[rows],
            wild_type=structure.parent[rows],
            vectors=vectors,
            plddt=structure.plddt[rows] if structure.plddt is not None else None,
            disordered=structure.is_disordered(disorder.limit)[rows] if predicted else None,
        ),
        models={"environment": predictor.card.reference},
        warnings=warnings,
    )
