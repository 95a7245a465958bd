"""From a structure to a prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError, ModelError, UsageError
from protvox.predict.cath_predictor import CathPredictor, Domain
from protvox.predict.choose_domains import find_membership, lay_out
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.domain_loop import process_domains
from protvox.predict.environment_predictor import EnvironmentPredictor
from protvox.predict.model_cache import limit_threads, load_predictor
from protvox.predict.results.prediction import DomainPrediction, InputInfo, Prediction
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.warnings import side_chain_advice, vote_advice
from protvox.registry import installed
from protvox.structure.domain_option import DomainOption
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Dropped, Structure

__all__ = ["Task", "classify", "load_predictor"]

Task = Literal["all", "cath", "environment"]

_DEFAULT_MODELS: Final[dict[str, str]] = {"cath": "cath", "environment": "environment"}


def classify(
    structure: Structure,
    *,
    task: Task = "all",
    domains: DomainOption | None = None,
    chain: str | None = None,
    top_k: int = 5,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prediction:
    """Predict environments and architectures of a structure that has been read.

    May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    task
        What to predict.
    domains
        Domains to classify, and to predict the environments of; one asked for twice is answered
        once. ``"auto"``, the default, splits every protein chain into domains
        (`protvox.structure.splitting.find`); ``"chain"`` takes it as one.
    chain
        Answer for this chain only; the others stay as its surroundings. Domains without a
        chain name lie in it.
    top_k
        Architectures to keep for each domain, at least 1.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        A model to use in place of the released one for its task.
    progress
        Called with the number of residues done and in all, first for domains, then for
        environments; what it raises ends the prediction.

    Returns
    -------
    Prediction
        By the schema ``protvox.classify/1``.

    Raises
    ------
    UsageError
        If the task or ``top_k`` cannot be meant.
    InputError
        If there is nothing to predict, or a chain or domain asked for is not there.
    ModelError
        If a model is missing or damaged, or is not for the task.
    DeviceError
        If the device is missing or out of memory.
    """
    names = model_names(task, model)
    if top_k < 1:
        raise UsageError(
            "at least one architecture must be kept",
            where=f"top_k {top_k}",
            remedy="Give 1 or more",
            code="usage.top_k",
        )
    asked = requested_residues(structure, chain)
    division = domains or "auto"
    chosen = not isinstance(division, str)
    if "cath" not in names and not chosen:
        division = "chain"  # environments do not depend on domains
    parts, warnings = lay_out(structure, division, chain, asked)
    answers: tuple[DomainPrediction, ...] = ()
    table: ResidueTable | None = None
    lost: tuple[Dropped, ...] = ()
    models: dict[str, str] = {}
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        if "cath" in names:
            cath = load_predictor(names["cath"], device)
            if not isinstance(cath, CathPredictor):
                raise _wrong_task(names["cath"], "cath")
            models["cath"] = cath.card.reference
            answers, told = _classify_domains(
                cath, structure, parts, top_k, progress or _silent, explicit=chosen
            )
            warnings += told
        if "environment" in names:
            environment = load_predictor(names["environment"], device)
            if not isinstance(environment, EnvironmentPredictor):
                raise _wrong_task(names["environment"], "environment")
            models["environment"] = environment.card.reference
            wanted = asked
            if chosen:
                wanted = asked & np.logical_or.reduce([part.residues for part in parts])
            member = find_membership(structure, parts) if "cath" in names or chosen else None
            table, lost, told = _predict_environments(
                environment, structure, wanted, member, progress or _silent
            )
            warnings += told
    if not answers and (table is None or not len(table)):
        raise nothing_to_predict(structure, lost, warnings)
    info = InputInfo.of(structure)
    return Prediction(
        input=replace(info, dropped=(*info.dropped, *lost)),
        domains=answers,
        residues=table,
        models=models,
        warnings=(*structure.warnings, *warnings),
    )


def model_names(task: str, model: str | None) -> dict[str, str]:
    """Return which model answers which task.

    Parameters
    ----------
    task
        ``"all"``, ``"cath"`` or ``"environment"``.
    model
        A model to use in place of the released one for its task.

    Returns
    -------
    dict
        Task of a model to its name.

    Raises
    ------
    UsageError
        If there is no such task.
    ModelError
        If there is no such model, or it is not for the task.
    """
    if task != "all" and task not in _DEFAULT_MODELS:
        raise UsageError(
            "there is no such task",
            where=str(task),
            remedy="Use all, cath or environment",
            code="usage.task",
        )
    names = dict(_DEFAULT_MODELS) if task == "all" else {task: _DEFAULT_MODELS[task]}
    if model is None:
        return names
    card = installed.find(model).card
    if card.task not in names:
        raise _wrong_task(model, task)
    return {**names, card.task: model}


def _wrong_task(model: str, task: str) -> ModelError:
    return ModelError(
        f"the model is not for the task {task}",
        where=model,
        remedy="Choose another from protvox models list",
        code="model.task",
    )


def requested_residues(structure: Structure, chain: str | None) -> NDArray[np.bool_]:
    """Return the protein residues to answer for.

    Parameters
    ----------
    structure
        The whole structure.
    chain
        Only this chain; None for all.

    Returns
    -------
    ndarray
        ``residue`` bool.

    Raises
    ------
    InputError
        If the chain is not there or is not protein (``input.chain``).
    """
    if chain is None:
        return structure.is_protein
    # Through the grammar's own look-up, so that a wrong chain gets the same error everywhere.
    if chain not in structure.protein_chains:
        return parse_selection(chain).mask(structure)
    return structure.is_protein & (structure.chain == chain)


def _classify_domains(
    cath: CathPredictor,
    structure: Structure,
    domains: Sequence[Domain],
    top_k: int,
    progress: Callable[[int, int], None],
    *,
    explicit: bool,
) -> tuple[tuple[DomainPrediction, ...], list[str]]:
    answers, warnings = process_domains(
        lambda domain: cath.predict(structure, domain, top_k),
        domains,
        cath.card,
        progress,
        explicit=explicit,
    )
    told = vote_advice(answers, cath.card)
    return answers, [*warnings, told] if told else warnings


def _predict_environments(
    environment: EnvironmentPredictor,
    structure: Structure,
    wanted: NDArray[np.bool_],
    member: NDArray[np.str_] | None,
    progress: Callable[[int, int], None],
) -> tuple[ResidueTable, tuple[Dropped, ...], list[str]]:
    table, lost = environment.predict(structure, wanted, progress, domain=member)
    warnings: list[str] = []
    if lost:
        warnings.append(
            f"{len(lost)} of {int(wanted.sum())} residues have no environment "
            f"prediction, the first is {lost[0].where}; see input.dropped."
        )
    if len(table):
        # The surroundings are what the model reads, so the whole structure counts.
        told = side_chain_advice(structure, structure.is_protein, "Environments")
        warnings += [told] if told else []
    return table, lost, warnings


def nothing_to_predict(
    structure: Structure, lost: Sequence[Dropped], warnings: Sequence[str]
) -> InputError:
    """Return the error of a structure in which nothing can be predicted.

    Parameters
    ----------
    structure
        The structure.
    lost
        Residues that could not be predicted, with reasons.
    warnings
        Warnings so far; the last one says why the domains failed.
    """
    reason = warnings[-1].removesuffix(".") if warnings else "No residue has N, CA and C"
    if lost:  # there is no result whose `dropped` would list them
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        reason = f"{lost[0].where}{more}: {lost[0].why.rpartition(': ')[2]}"
    return InputError(
        "nothing in the structure can be predicted",
        where=structure.name,
        remedy=reason,
        code="input.nothing_to_predict",
    )


def _silent(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""
