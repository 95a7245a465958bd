"""From a structure to a prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from protvox.errors import InputError, ModelError
from protvox.predict.device import choose_device, out_of_memory_told
from protvox.predict.domains import CathPredictor, Domain
from protvox.predict.environments import EnvironmentPredictor
from protvox.predict.residues import ResidueTable
from protvox.predict.results import DomainPrediction, InputInfo, Prediction
from protvox.settings import load_settings
from protvox.structure.model import Dropped, Structure
from protvox.structure.select import Selection, parse_selection
from protvox.zoo import registry
from protvox.zoo.cath import CathNet
from protvox.zoo.environment import EnvironmentNet

Task = Literal["all", "cath", "environment"]

_DEFAULT_MODELS = {"environment": "environment", "cath": "cath"}


@lru_cache(maxsize=4)
def load_predictor(name: str, device: str = "auto") -> EnvironmentPredictor | CathPredictor:
    """Load a released model; a model once loaded is kept.

    Parameters
    ----------
    name
        ``"environment"``, ``"cath"``, or any name from ``protvox models list``.
    device
        See `protvox.predict.device.choose_device`.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    DeviceError
        If the device is missing.
    """
    where = choose_device(device)
    threads = load_settings().threads
    if threads is not None:
        torch.set_num_threads(threads)
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    card, network = registry.load(name)
    if isinstance(network, EnvironmentNet):
        return EnvironmentPredictor(card, network, where)
    if isinstance(network, CathNet):
        return CathPredictor(card, network, where)
    raise ModelError("this model predicts neither environments nor CATH", where=name,
                     remedy="Choose another from protvox models list", code="model.task")  # fmt: skip


def classify(
    structure: Structure,
    *,
    task: Task = "all",
    domains: Sequence[Selection] | None = None,
    chain: str | None = None,
    top_k: int = 5,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prediction:
    """Predict environments and architectures of a structure that has been read.

    Parameters
    ----------
    structure
        The whole structure.
    task
        What to predict.
    domains
        Domains to classify; every protein chain is one domain by default.
    chain
        Answer for this chain only; the others stay as its surroundings.
    top_k
        Architectures to keep for each domain.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        A model to use in place of the released one for its task.
    progress
        Called with the number of residues done and in all.

    Returns
    -------
    Prediction
        By the schema ``protvox.classify/1``.

    Raises
    ------
    InputError
        If there is nothing to predict, or a chain or domain asked for is not there.
    ModelError
        If a model is missing or damaged, or is not for the task.
    DeviceError
        If the device is missing or out of memory.
    """
    asked = _asked(structure, chain)
    names = _model_names(task, model)
    report = progress or (lambda done, total: None)
    answers: tuple[DomainPrediction, ...] = ()
    table: ResidueTable | None = None
    dropped: list[Dropped] = []
    warnings: list[str] = []
    models: dict[str, str] = {}
    with out_of_memory_told(choose_device(device)):
        if "cath" in names:
            cath = load_predictor(names["cath"], device)
            if not isinstance(cath, CathPredictor):
                raise _wrong_task(names["cath"], "cath")
            models["cath"] = cath.card.reference
            parts = _chosen(structure, domains) if domains else _chains(structure, asked)
            answers, told = _classify_domains(cath, structure, parts, top_k, explicit=bool(domains))
            warnings += told
        if "environment" in names:
            environment = load_predictor(names["environment"], device)
            if not isinstance(environment, EnvironmentPredictor):
                raise _wrong_task(names["environment"], "environment")
            models["environment"] = environment.card.reference
            wanted = asked
            if domains:
                wanted = asked & np.logical_or.reduce([d.mask(structure) for d in domains])
            table, lost = environment.predict(structure, wanted, report)
            dropped += lost
            if lost:
                warnings.append(
                    f"{len(lost)} of {int(wanted.sum())} residues have no environment "
                    f"prediction, the first is {lost[0].where}; see input.dropped."
                )
    if not answers and (table is None or not len(table)):
        reason = warnings[-1] if warnings else "No residue has N, CA and C."
        raise InputError("nothing in the structure can be predicted", where=structure.name,
                         remedy=reason.removesuffix("."), code="input.nothing_to_predict")  # fmt: skip
    info = InputInfo.of(structure)
    return Prediction(
        input=InputInfo(
            info.name, info.format, info.sha256, info.model, info.n_atoms, info.n_residues,
            (*info.dropped, *dropped),
        ),
        domains=answers,
        residues=table,
        models=models,
        warnings=(*structure.warnings, *warnings),
    )  # fmt: skip


def _asked(structure: Structure, chain: str | None) -> NDArray[np.bool_]:
    if chain is None:
        return structure.is_protein
    # Through the grammar's own look-up, so that a wrong chain gets the same error everywhere.
    if chain not in structure.protein_chains:
        return parse_selection(chain).mask(structure)
    return structure.is_protein & (structure.chain == chain)


def _model_names(task: Task, model: str | None) -> dict[str, str]:
    names = _DEFAULT_MODELS if task == "all" else {task: _DEFAULT_MODELS[task]}
    if model is None:
        return dict(names)
    card = registry.find(model).card
    if card.task not in names:
        raise _wrong_task(model, task)
    return {**names, card.task: model}


def _wrong_task(model: str, task: str) -> ModelError:
    return ModelError(f"the model is not for the task {task}", where=model,
                      remedy="Choose another from protvox models list", code="model.task")  # fmt: skip


def _chains(structure: Structure, asked: NDArray[np.bool_]) -> list[Domain]:
    return [
        Domain(name, name, "", asked & (structure.chain == name))
        for name in dict.fromkeys(structure.chain[asked].tolist())
    ]


def _chosen(structure: Structure, selections: Sequence[Selection]) -> list[Domain]:
    found = []
    for selection in selections:
        mask = selection.mask(structure)
        chains = "+".join(dict.fromkeys(structure.chain[mask].tolist()))
        found.append(Domain(str(selection), chains, selection.chopping, mask))
    return found


def _classify_domains(
    cath: CathPredictor,
    structure: Structure,
    domains: Sequence[Domain],
    top_k: int,
    *,
    explicit: bool,
) -> tuple[tuple[DomainPrediction, ...], list[str]]:
    answers: list[DomainPrediction] = []
    warnings: list[str] = []
    for domain in domains:
        try:
            answer = cath.predict(structure, domain, top_k)
        except InputError as error:
            # A chain nobody asked for by name must not cost the others their answer.
            if explicit:
                raise
            warnings.append(f"No architecture for chain {domain.id}: {error.what}.")
            continue
        answers.append(answer)
        if not answer.in_range and cath.card.n_residues is not None:
            low, high = cath.card.n_residues
            advice = (
                "it probably holds several domains; give them with --domain"
                if answer.n_residues > high
                else "it is too short for a domain"
            )
            warnings.append(
                f"{domain.id} has {answer.n_residues} residues, the domains the model was "
                f"trained on have {low} to {high}: {advice}."
            )
    return tuple(answers), warnings
