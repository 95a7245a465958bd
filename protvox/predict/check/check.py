"""From a structure to what may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.check.calibration import Calibration, released_calibration
from protvox.predict.check.hide import hide_side_chains
from protvox.predict.check.overall import compare_overall
from protvox.predict.check.register import amino_acid_odds
from protvox.predict.check.residues import unlikely_residues
from protvox.predict.check.results import CheckResult
from protvox.predict.check.segments import find_segments
from protvox.predict.check.sequence import (
    ChainModel,
    chain_model,
    choose_sequence,
    other_sequences,
)
from protvox.predict.classify import requested_residues
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.model_cache import limit_threads, load_residue_predictor
from protvox.predict.results.findings import Segment
from protvox.predict.results.records import InputInfo
from protvox.predict.task import ProgressBar, ResiduePredictor, no_progress
from protvox.structure.structure import Structure

MODEL: Final = "environment"


def check(
    structure: Structure,
    *,
    sequences: Mapping[str, str] | None = None,
    chain: str | None = None,
    device: str = "auto",
    progress: ProgressBar | None = None,
) -> CheckResult:
    """Find what may be wrong with a structure that has been read.

    May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    sequences
        Sequences that its chains should have, name to one-letter codes. By default those that the
        file declares, or else those of the model.
    chain
        Only this chain; the others stay as its surroundings.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    progress
        Called with the number of residues done and in all; what it raises ends the check.

    Returns
    -------
    CheckResult
        By the schema ``protvox.check/1``.

    Raises
    ------
    InputError
        If there is nothing to check, or the chain does not exist.
    ModelError
        If the model is missing, damaged, or not the one that the check was calibrated for
        (``check.model``).
    DeviceError
        If the device is missing or out of memory.
    """
    for name, letters in (sequences or {}).items():
        if not letters:
            raise fail("sequence.fasta.empty", where=name)
    wanted = requested_residues(structure, chain)
    calibration = released_calibration()
    limit_threads()
    report = progress or no_progress
    with report_out_of_memory(choose_device(device)):
        predictor = load_residue_predictor(MODEL, device)
        if predictor.card.reference != calibration.model:
            raise fail("check.model", where=predictor.card.reference, model=calibration.model)
        table, dropped = predictor.predict_residues(structure, wanted, _half(report, 0))
        if not len(table):
            reason = f"{dropped[0].where}: {dropped[0].why}" if dropped else "Give protein residues"
            raise fail("input.nothing_to_predict", where=structure.name, reason=reason)
        odds = hidden_odds(structure, wanted, predictor, calibration, _half(report, 1))
    segments: list[Segment] = []
    warnings: list[str] = []
    for one in chains_of(structure, wanted, sequences, warnings):
        report(2 * len(table), 2 * len(table))  # lets a deadline end the check
        others = other_sequences(structure, one, sequences)
        segments += find_segments(structure, one, odds[one.rows], others, calibration)
    info = InputInfo.of(structure)
    return CheckResult(
        input=replace(info, dropped=(*info.dropped, *dropped)),
        model=predictor.card.reference,
        overall=compare_overall(structure, table),
        segments=tuple(segments),
        residues=unlikely_residues(structure, table),
        table=table,
        warnings=(*structure.warnings, *warnings),
    )


def hidden_odds(
    structure: Structure,
    wanted: NDArray[np.bool_],
    predictor: ResiduePredictor,
    calibration: Calibration,
    progress: ProgressBar = no_progress,
) -> NDArray[np.float64]:
    """Return how well amino acids fit residues when no side chain is visible.

    Parameters
    ----------
    structure
        The structure.
    wanted
        ``residue`` mask of those to predict.
    predictor
        The environment model.
    calibration
        Turns its features into probabilities.
    progress
        Where to report progress.

    Returns
    -------
    ndarray
        ``residue 20`` float64, log odds over the background, nats; 0 where nothing is predicted.
    """
    hidden = hide_side_chains(structure)
    rows, features, _ = predictor.embed(hidden, wanted, progress)
    odds = np.zeros((structure.n_residues, len(calibration.background)))
    if len(rows):
        probabilities = calibration.probabilities(features)
        odds[rows] = amino_acid_odds(probabilities, calibration.background)
    return odds


def chains_of(
    structure: Structure,
    wanted: NDArray[np.bool_],
    sequences: Mapping[str, str] | None,
    warnings: list[str],
) -> Iterator[ChainModel]:
    """Yield the requested chains, each with the sequence that it should have.

    Parameters
    ----------
    structure
        The structure.
    wanted
        ``residue`` mask of the requested residues.
    sequences
        Sequences of the user, see `check`.
    warnings
        List to which warnings are added.
    """
    for name in dict.fromkeys(structure.chain[wanted].tolist()):
        declared = choose_sequence(structure, name, sequences, warnings)
        yield chain_model(structure, name, declared)


def _half(progress: ProgressBar, half: int) -> ProgressBar:
    """Return a progress bar for one of two passes over the residues."""

    def report(done: int, total: int) -> None:
        progress(half * total + done, 2 * total)

    return report
