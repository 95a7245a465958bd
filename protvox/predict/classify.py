"""From a structure to a prediction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protvox.errors import ProtvoxError, fail
from protvox.predict.choose_domains import choose_domains
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.identical_domains import mark_identical
from protvox.predict.index.superpose import with_coordinates
from protvox.predict.model_cache import limit_threads, load_predictor
from protvox.predict.results.prediction import Prediction
from protvox.predict.results.records import InputInfo
from protvox.predict.task import (
    Outcome,
    ProgressBar,
    Request,
    no_progress,
    prediction_task,
)
from protvox.registry import installed
from protvox.registry.tasks import BUILT_IN, task_names
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.domain_option import DomainOption
from protvox.structure.selection import parse_selection
from protvox.structure.splitting.find import Recognise
from protvox.structure.structure import Dropped, Structure

__all__ = ["classify", "load_predictor"]


def classify(
    structure: Structure,
    *,
    task: str = "all",
    domains: DomainOption | None = None,
    chain: str | None = None,
    top_k: int = 5,
    traces: bool = False,
    device: str = "auto",
    model: str | Path | None = None,
    progress: ProgressBar | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> Prediction:
    """Predict environments, architectures or another task of a structure that has been read.

    May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    task
        What to predict: ``"cath"``, ``"environment"``, ``"all"`` for both, or the name of another
        task, see `protvox.registry.tasks`.
    domains
        Domains to predict. ``"auto"``, the default, splits every protein chain into domains
        (`protvox.structure.splitting.find`); ``"chain"`` takes each chain as one domain.
    chain
        Predict only this chain; the others stay as its environment. Domains without a chain name
        lie in it.
    top_k
        Number of architectures to keep per domain, at least 1.
    traces
        Whether the JSON form has the CA atoms of the hits, moved onto their domain.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        A model to use in place of the released one for its task: a name, or the path of its
        folder.
    progress
        Called with the number of residues done and in all, first for domains, then for
        environments; what it raises ends the prediction.
    disorder
        Which residues of a predicted model are disordered, and whether others see them.

    Returns
    -------
    Prediction
        By the schema ``protvox.classify/1``.

    Raises
    ------
    UsageError
        If the task or ``top_k`` is invalid.
    InputError
        If there is nothing to predict, or a chain or domain does not exist.
    ModelError
        If a model is missing or damaged, or is not for the task.
    DeviceError
        If the device is missing or out of memory.
    """
    names = model_names(task, model)
    if top_k < 1:
        raise fail("usage.top_k", where=f"top_k {top_k}")
    tasks = {name: prediction_task(name) for name in names}
    splits = next((name for name, one in tasks.items() if one.needs_domains), None)
    outcomes: dict[str, Outcome] = {}
    models: dict[str, str] = {}
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        request, warnings = make_request(
            structure,
            domains or "auto",
            chain,
            needs_domains=splits is not None,
            recognise=None if splits is None else recogniser(names[splits], device),
            top_k=top_k,
            progress=progress,
            disorder=disorder,
        )
        for name, reference in names.items():
            predictor = load_predictor(reference, device)
            if predictor.card.task != name:
                raise fail("model.task", where=str(reference), task=name)
            models[name] = predictor.card.reference
            outcomes[name] = predictor.predict(request)
            warnings += outcomes[name].warnings
    dropped = tuple(item for outcome in outcomes.values() for item in outcome.dropped)
    if all(outcome.empty for outcome in outcomes.values()):
        raise nothing_to_predict(structure, dropped, warnings)
    info = InputInfo.of(structure, disorder.limit)
    found = outcomes.values()
    domains_found = mark_identical(
        structure, request.domains, [domain for outcome in found for domain in outcome.domains]
    )
    if traces:
        domains_found = tuple(
            replace(domain, hits=tuple(map(with_coordinates, domain.hits)))
            for domain in domains_found
        )
    return Prediction(
        input=replace(info, dropped=(*info.dropped, *dropped)),
        domains=domains_found,
        residues=next((o.residues for o in found if o.residues is not None), None),
        models=models,
        warnings=(*structure.warnings, *warnings),
        others={name: o.rows for name, o in outcomes.items() if o.rows is not None},
    )


def model_names(task: str, model: str | Path | None) -> dict[str, str | Path]:
    """Return which model is used for which task.

    Parameters
    ----------
    task
        ``"all"`` for the built-in tasks, or the name of a task.
    model
        A model to use in place of the released one for its task.

    Returns
    -------
    dict
        Task to the name of its model; the released model of a task has its name.

    Raises
    ------
    UsageError
        If there is no such task.
    ModelError
        If there is no such model, or it is not for the task.
    """
    if task != "all" and task not in task_names():
        raise fail("usage.task", where=str(task), names=", ".join(("all", *task_names())))
    names: dict[str, str | Path] = {name: name for name in (BUILT_IN if task == "all" else (task,))}
    if model is None:
        return names
    card = installed.find(model).card
    if card.task not in names:
        raise fail("model.task", where=str(model), task=task)
    return {**names, card.task: model}


def requested_residues(
    structure: Structure, chain: str | None, named: Collection[str] = ()
) -> NDArray[np.bool_]:
    """Return the protein residues to predict.

    Parameters
    ----------
    structure
        The whole structure.
    chain
        Only this chain; None for all, except those in ``Structure.same_as``.
    named
        Chains that are predicted even if they are in ``Structure.same_as``.

    Returns
    -------
    ndarray
        ``residue`` bool.

    Raises
    ------
    InputError
        If the chain does not exist or is not protein (``input.chain``).
    """
    if chain is None:
        others = [name for name in structure.same_as or () if name not in named]
        return structure.is_protein & ~np.isin(structure.chain, others)
    # The grammar of selections raises the error, so that it is the same everywhere.
    if chain not in structure.protein_chains:
        return parse_selection(chain).mask(structure)
    return structure.is_protein & (structure.chain == chain)


def recogniser(reference: str | Path, device: str) -> Recognise:
    """Return how a model recognises known domains, which helps to split chains.

    The model is loaded when it is first needed.

    Parameters
    ----------
    reference
        Name or folder of the model.
    device
        See `classify`.
    """

    def recognise(ca: NDArray[np.floating]) -> float:
        return load_predictor(reference, device).recognise(ca)

    return recognise


def make_request(
    structure: Structure,
    option: DomainOption,
    chain: str | None,
    *,
    needs_domains: bool,
    recognise: Recognise | None = None,
    top_k: int = 5,
    progress: ProgressBar | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> tuple[Request, list[str]]:
    """Choose the residues and the domains of a structure.

    Parameters
    ----------
    structure
        The whole structure.
    option, chain, top_k, progress, disorder
        See `classify`.
    needs_domains
        Whether a model needs chains to be split into domains.
    recognise
        See `recogniser`.

    Returns
    -------
    request : Request
        What to predict.
    warnings : list of str
        What the user should know about chains that could not be split.

    Raises
    ------
    InputError
        If a chain or domain does not exist.
    """
    explicit = not isinstance(option, str)
    named = structure.protein_chains if explicit else ()
    requested = requested_residues(structure, chain, named)
    split = explicit or needs_domains
    domains, warnings = choose_domains(
        structure,
        option if split else "chain",
        chain,
        requested,
        disorder.outside_domains(structure) if split else None,
        recognise,
    )
    if explicit:
        requested = requested & np.logical_or.reduce([domain.residues for domain in domains])
    request = Request(
        structure=structure,
        residues=requested,
        domains=domains,
        explicit=explicit,
        split=split,
        top_k=top_k,
        progress=progress or no_progress,
        disorder=disorder,
    )
    return request, warnings


def nothing_to_predict(
    structure: Structure, dropped: Sequence[Dropped], warnings: Sequence[str]
) -> ProtvoxError:
    """Return the error of a structure in which nothing can be predicted.

    Parameters
    ----------
    structure
        The structure.
    dropped
        Residues that could not be predicted, with reasons.
    warnings
        Warnings so far; the last one says why the domains failed.
    """
    reason = warnings[-1].removesuffix(".") if warnings else "No residue has N, CA and C"
    if dropped:  # there is no result whose `dropped` would list them
        more = f" and {len(dropped) - 1} more" if len(dropped) > 1 else ""
        reason = f"{dropped[0].where}{more}: {dropped[0].why.rpartition(': ')[2]}"
    return fail("input.nothing_to_predict", where=structure.name, reason=reason)
