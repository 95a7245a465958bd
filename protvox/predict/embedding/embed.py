"""Embeddings of a structure that has been read: of its domains, or of its residues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from protvox.errors import InputError, ModelError, UsageError
from protvox.predict.cath_predictor import CathPredictor
from protvox.predict.classify import classify, model_names, requested_residues
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.embedding.embeddings import Embeddings
from protvox.predict.environment_predictor import EnvironmentPredictor
from protvox.predict.model_cache import limit_threads, load_predictor
from protvox.predict.results.prediction import InputInfo, Prediction
from protvox.structure.domain_option import DomainOption
from protvox.structure.structure import Structure

Per = Literal["domain", "residue"]

PER: Final[tuple[Per, ...]] = ("domain", "residue")
"""What an embedding may be of."""


def embed(
    structure: Structure,
    *,
    per: Per = "domain",
    domains: DomainOption | None = None,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Embeddings:
    """Embed the domains or the residues of a structure.

    May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    per
        ``"domain"``: unit vectors, near for domains of one fold; ``"residue"``: the features
        of the environment network.
    domains
        Domains to embed, or to embed the residues of; see `protvox.predict.classify`.
    chain
        This chain only; the others stay as its surroundings.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        A model to use in place of the released one.
    progress
        Called with the number of residues done and in all.

    Returns
    -------
    Embeddings
        Independent of the pose of the file and of what else is computed at the same time, to
        about 1e-5 a component.

    Raises
    ------
    UsageError
        If ``per`` cannot be meant (``usage.per``).
    InputError
        If there is nothing to embed, or a chain or domain asked for is not there.
    ModelError
        If a model is missing or damaged, is not for the task, or no embedding was trained for
        it (``index.missing``, ``index.model``).
    DeviceError
        If the device is missing or out of memory.
    """
    if per not in PER:
        raise UsageError(
            "there is no such embedding",
            where=str(per),
            remedy="Use domain or residue",
            code="usage.per",
        )
    if per == "residue":
        return _embed_residues(structure, domains, chain, device, model, progress)
    prediction, predictor = embed_domains(
        structure, domains=domains, chain=chain, device=device, model=model, progress=progress
    )
    return Embeddings(
        input=prediction.input,
        domains=prediction.domains,
        models=prediction.models,
        warnings=prediction.warnings,
        head=predictor.released.head().sha256,
    )


def embed_domains(
    structure: Structure,
    *,
    domains: DomainOption | None,
    chain: str | None,
    device: str,
    model: str | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Prediction, CathPredictor]:
    """Classify domains by a model that embeds them too.

    Parameters
    ----------
    structure
        The whole structure.
    domains, chain, device, model, progress
        See `embed`.

    Returns
    -------
    prediction : Prediction
        Every domain with its ``embedding``.
    predictor : CathPredictor
        What made it.

    Raises
    ------
    InputError, ModelError, DeviceError
        See `embed`.
    """
    predictor = load_predictor(model_names("cath", model)["cath"], device)
    if not isinstance(predictor, CathPredictor):
        raise ModelError(
            "the model does not embed domains",
            where=predictor.card.reference,
            remedy="Leave --model out",
            code="model.task",
        )
    predictor.released.head()  # told before anything is computed
    prediction = classify(
        structure,
        task="cath",
        domains=domains,
        chain=chain,
        top_k=1,
        device=device,
        model=model,
        progress=progress,
    )
    return prediction, predictor


def _embed_residues(
    structure: Structure,
    domains: DomainOption | None,
    chain: str | None,
    device: str,
    model: str | None,
    progress: Callable[[int, int], None] | None,
) -> Embeddings:
    name = model_names("environment", model)["environment"]
    wanted = requested_residues(structure, chain)
    if domains and not isinstance(domains, str):
        wanted = wanted & np.logical_or.reduce([domain.mask(structure) for domain in domains])
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        predictor = load_predictor(name, device)
        if not isinstance(predictor, EnvironmentPredictor):
            raise ModelError(
                "the model does not embed residues",
                where=predictor.card.reference,
                remedy="Leave --model out",
                code="model.task",
            )
        table, lost = predictor.embed(structure, wanted, progress or _silent)
    if not len(table):
        raise InputError(
            "nothing in the structure can be embedded",
            where=structure.name,
            remedy="Give a structure whose residues have N, CA and C",
            code="input.nothing_to_predict",
        )
    warnings = structure.warnings
    if lost:
        told = (
            f"{len(lost)} of {int(wanted.sum())} residues have no embedding, the first is "
            f"{lost[0].where}; see input.dropped."
        )
        warnings = (*warnings, told)
    info = InputInfo.of(structure)
    return Embeddings(
        input=replace(info, dropped=(*info.dropped, *lost)),
        residues=table,
        models={"environment": predictor.card.reference},
        warnings=warnings,
    )


def _silent(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""
