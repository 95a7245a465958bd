"""Scores of single mutations: log odds of amino acids in the environment of a residue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.messages import count
from protvox.predict.classify import requested_residues
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.model_cache import limit_threads, load_residue_predictor
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
from protvox.predict.task import ProgressBar, ResiduePredictor, no_progress
from protvox.predict.warnings import side_chain_warning
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.structure import Dropped, Structure

DEFAULT_MODEL: Final = "environment"

Mutations = str | Path | MutationList | Sequence[str | Mutation]
"""A CSV file, or mutations one by one."""

_backgrounds: WeakKeyDictionary[ResiduePredictor, NDArray[np.float64]] = WeakKeyDictionary()
_lock = Lock()


def score_mutations(
    structure: Structure,
    mutations: Mutations | None = None,
    *,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    progress: ProgressBar | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> MutationScores:
    """Score single mutations of a structure that has been read.

    Each residue is predicted once, however many mutations there are: the scores of all 19 come
    from one set of probabilities. May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    mutations
        What to score, see `protvox.predict.mutations.mutation_list`; every substitution of
        every residue by default. A mutation given twice is scored once.
    chain
        Only this chain; the others stay as its environment.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        An environment model to use in place of the released one.
    progress
        Called with the number of residues done and in all.
    disorder
        Which residues of a predicted model are disordered, and whether others see them.

    Returns
    -------
    MutationScores
        By the schema ``protvox.mutations/1``. Mutations that cannot be scored are among its
        ``failures``.

    Raises
    ------
    InputError
        If there is nothing to predict, the chain does not exist, a list cannot be read, or none
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
    substitutions of the chosen chain, or of the structure, with a lower score; equal scores count
    half.
    """
    requested = None if mutations is None else _listed(mutations)
    wanted = requested_residues(structure, chain)
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        predictor = load_residue_predictor(model or DEFAULT_MODEL, device)
        background = _background(predictor)
        residues, dropped = predictor.predict_residues(
            structure, wanted, progress or no_progress, disorder=disorder
        )
    if not len(residues):
        reason = f"{dropped[0].where}: {dropped[0].why}" if dropped else "Give protein residues"
        raise fail("input.nothing_to_predict", where=structure.name, reason=reason)
    scores = score_matrix(residues, background)
    percentiles = _percentiles(scores, substitutions(residues))
    warnings = _warnings(structure, wanted, dropped)
    failures: tuple[Failure, ...] = ()
    if requested is None:
        rows, columns = np.nonzero(substitutions(residues))
        order = np.arange(len(rows))
    else:
        sites = Sites(structure, residues, chain, {d.where: d.why for d in dropped})
        order, rows, columns, failures, repeats = sites.find(requested)
        if not len(rows):
            raise fail(
                "mutations.none",
                where=structure.name,
                mutations=count(len(failures), "mutation"),
                first=f"{failures[0].mutation}: {failures[0].why}",
            )
        if repeats:
            warnings.append(f"{count(repeats, 'mutation')} given more than once; scored once.")
    info = InputInfo.of(structure, disorder.limit)
    return MutationScores(
        input=replace(info, dropped=(*info.dropped, *dropped)),
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


def _background(predictor: ResiduePredictor) -> NDArray[np.float64]:
    with _lock:
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
        plddt=None if residues.plddt is None else residues.plddt[rows],
        disordered=None if residues.disordered is None else residues.disordered[rows],
    )


def _warnings(
    structure: Structure, wanted: NDArray[np.bool_], dropped: tuple[Dropped, ...]
) -> list[str]:
    warnings: list[str] = []
    if dropped:
        warnings.append(
            f"{len(dropped)} of {int(wanted.sum())} residues cannot be predicted, the first is "
            f"{dropped[0].where}; see input.dropped."
        )
    warning = side_chain_warning(structure, structure.is_protein, "Mutations")
    return [*warnings, warning] if warning else warnings
