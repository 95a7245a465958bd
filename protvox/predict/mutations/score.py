"""Scores of single mutations: what the surroundings of a residue think of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import InputError, ModelError
from protvox.messages import count
from protvox.predict.classify import requested_residues
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.environment_predictor import EnvironmentPredictor
from protvox.predict.model_cache import limit_threads, load_predictor
from protvox.predict.mutations.background import exposed_log_probabilities
from protvox.predict.mutations.locate import Sites
from protvox.predict.mutations.mutation_list import (
    Failure,
    Mutation,
    MutationList,
    collect_mutations,
    read_mutations,
)
from protvox.predict.mutations.scores import (
    MutationScores,
    MutationTable,
    score_matrix,
    substitutions,
)
from protvox.predict.results.prediction import InputInfo
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.warnings import side_chain_advice
from protvox.structure.structure import Dropped, Structure

DEFAULT_MODEL: Final = "environment"

Mutations = str | Path | MutationList | Sequence[str | Mutation]
"""A CSV file, or mutations one by one."""

_backgrounds: WeakKeyDictionary[EnvironmentPredictor, NDArray[np.float64]] = WeakKeyDictionary()
_door = Lock()


def score_mutations(
    structure: Structure,
    mutations: Mutations | None = None,
    *,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MutationScores:
    """Score single mutations of a structure that has been read.

    The network answers once for each residue, however many mutations there are: the scores of
    all 19 come from one set of probabilities. May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    mutations
        What to score, see `protvox.predict.mutations.mutation_list`; every substitution of
        every residue by default. A mutation asked for twice is answered once.
    chain
        Only this chain; the others stay as its surroundings.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        An environment model to use in place of the released one.
    progress
        Called with the number of residues done and in all.

    Returns
    -------
    MutationScores
        By the schema ``protvox.mutations/1``. Mutations that cannot be scored are among its
        ``failures``.

    Raises
    ------
    InputError
        If there is nothing to predict, the chain is not there, a list cannot be read, or none
        of its mutations can be scored (``mutations.none``).
    ModelError
        If the model is missing, damaged or not for environments.
    DeviceError
        If the device is missing or out of memory.

    Notes
    -----
    With p the calibrated probabilities at a residue and log b their mean logarithms at residues
    in solvent (`protvox.predict.mutations.background`), the score of wild type w to mutant m is
    ``log(p_w / p_m) - log(b_w / b_m)`` in nats. The percentile is the share of all 19 L
    substitutions of the residues asked for (``chain``, else the structure) with a lower score,
    half of the equal ones counted.
    """
    asked = None if mutations is None else _listed(mutations)
    wanted = requested_residues(structure, chain)
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        predictor = load_predictor(model or DEFAULT_MODEL, device)
        if not isinstance(predictor, EnvironmentPredictor):
            raise ModelError(
                "the model does not predict environments",
                where=model,
                remedy="Choose another from protvox models list",
                code="model.task",
            )
        background = _background(predictor)
        residues, lost = predictor.predict(structure, wanted, progress or _silent)
    if not len(residues):
        why = f"{lost[0].where}: {lost[0].why}" if lost else "There is no protein residue"
        raise InputError(
            "nothing in the structure can be predicted",
            where=structure.name,
            remedy=why,
            code="input.nothing_to_predict",
        )
    scores = score_matrix(residues, background)
    percentiles = _percentiles(scores, substitutions(residues))
    warnings = _warnings(structure, wanted, lost)
    failures: tuple[Failure, ...] = ()
    if asked is None:
        rows, columns = np.nonzero(substitutions(residues))
        order = np.arange(len(rows))
    else:
        places = Sites(structure, residues, chain, {d.where: d.why for d in lost})
        order, rows, columns, failures, twice = places.find(asked)
        if not len(rows):
            raise InputError(
                f"none of {count(len(failures), 'mutation')} can be scored",
                where=structure.name,
                remedy=f"{failures[0].mutation}: {failures[0].why}",
                code="mutations.none",
            )
        if twice:
            warnings.append(f"{count(twice, 'mutation')} asked for again; answered once.")
    info = InputInfo.of(structure)
    return MutationScores(
        input=replace(info, dropped=(*info.dropped, *lost)),
        model=predictor.card.reference,
        residues=residues,
        background=background,
        table=_table(residues, order, rows, columns, scores, percentiles),
        failures=failures,
        warnings=(*structure.warnings, *warnings),
    )


def _listed(mutations: Mutations) -> MutationList:
    if isinstance(mutations, MutationList):
        return mutations
    if isinstance(mutations, str | Path):
        return read_mutations(mutations)
    return collect_mutations(mutations)


def _background(predictor: EnvironmentPredictor) -> NDArray[np.float64]:
    with _door:
        if predictor not in _backgrounds:
            _backgrounds[predictor] = exposed_log_probabilities(predictor)
        return _backgrounds[predictor]


def _percentiles(scores: NDArray[np.float64], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    ranked = np.sort(scores[other])
    below = np.searchsorted(ranked, scores, side="left")
    upto = np.searchsorted(ranked, scores, side="right")
    percentiles: NDArray[np.float64] = 50.0 * (below + upto) / len(ranked)
    return percentiles


def _table(
    residues: ResidueTable,
    order: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    scores: NDArray[np.float64],
    percentiles: NDArray[np.float64],
) -> MutationTable:
    return MutationTable(
        row=order,
        chain=residues.chain[rows],
        number=residues.number[rows],
        insertion_code=residues.insertion_code[rows],
        wild_type=residues.wild_type[rows],
        mutant=np.take(AMINO_ACIDS, columns),
        score=scores[rows, columns],
        percentile=percentiles[rows, columns],
    )


def _warnings(
    structure: Structure, wanted: NDArray[np.bool_], lost: tuple[Dropped, ...]
) -> list[str]:
    told = side_chain_advice(structure, structure.is_protein, "Mutations")
    if not lost:
        return [told] if told else []
    missing = (
        f"{len(lost)} of {int(wanted.sum())} residues cannot be predicted, the first is "
        f"{lost[0].where}; see input.dropped."
    )
    return [missing, *([told] if told else [])]


def _silent(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""
