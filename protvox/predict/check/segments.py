"""Stretches of a chain that may be wrong, one hypothesis for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER
from protvox.predict.check.alternatives import foreign_runs, reversed_runs
from protvox.predict.check.calibration import ALARMS, Calibration
from protvox.predict.check.register import (
    SHIFTS,
    Run,
    find_runs,
    fit,
    moved_types,
    shift_odds,
)
from protvox.predict.check.sequence import UNKNOWN, ChainModel
from protvox.predict.results.findings import Kind, Segment
from protvox.structure.structure import Structure

PRICE: Final = 5.0
"""Log odds that a stretch must gain before it is considered, nats."""

SUPPORT: Final = 2.0
"""By how much a suggestion must fit better than random residues, nats. With less, a segment is
mistraced: of many suggestions, one fits a little better than the model by chance."""

_MISTRACED: Final = (
    "Trace it again, or remove it: the sequence does not fit these residues in any register"
)

_SHOWN: Final = 30
"""Most one-letter codes in a suggestion."""


class Finding(NamedTuple):
    """A stretch of a chain with one hypothesis.

    Attributes
    ----------
    kind
        What is wrong.
    first, last
        Residues of the chain, both included.
    log_odds
        Of the hypothesis over the model, nats.
    suggestion
        What to do about it.
    shift
        See `protvox.predict.results.findings.Segment`.
    support
        How much better the suggested residues fit than random ones, nats; infinite for a segment
        without a suggestion.
    tail
        Kind of finding with which the log odds are compared; that of the finding by default.
    """

    kind: Kind
    first: int
    last: int
    log_odds: float
    suggestion: str
    shift: int | None = None
    support: float = float("inf")
    tail: Kind | None = None


def find_segments(
    structure: Structure,
    chain: ChainModel,
    odds: NDArray[np.float64],
    others: Mapping[str, NDArray[np.int64]],
    calibration: Calibration,
) -> list[Segment]:
    """Find the stretches of a chain that may be wrong.

    Parameters
    ----------
    structure
        The structure.
    chain
        The chain.
    odds
        ``residue 20``, see `protvox.predict.check.register.amino_acid_odds`.
    others
        Name to amino acids of the sequences that the chain might have instead of its own.
    calibration
        How sure a finding is.

    Returns
    -------
    list of Segment
        In the order of the chain, without overlaps.
    """
    return [
        Segment(
            kind=one.kind,
            chain=chain.name,
            first=author_number(structure, int(chain.rows[one.first])),
            last=author_number(structure, int(chain.rows[one.last])),
            shift=one.shift,
            log_odds=one.log_odds,
            p_value=calibration.p_value(one.tail or one.kind, one.log_odds, len(chain)),
            suggestion=one.suggestion,
        )
        for one in find_findings(chain, odds, others, calibration)
    ]


def find_findings(
    chain: ChainModel,
    odds: NDArray[np.float64],
    others: Mapping[str, NDArray[np.int64]],
    calibration: Calibration,
) -> list[Finding]:
    """Return the significant findings in a chain, in its order and without overlaps.

    Parameters
    ----------
    chain, odds, others, calibration
        See `find_segments`.
    """
    candidates = [*register_findings(chain, odds), *direction_findings(chain, odds)]
    for name, sequence in others.items():
        candidates += chain_findings(chain, odds, name, sequence, len(others))
    taken = np.zeros(len(chain), dtype=np.bool_)
    found = [_supported(one) for one in _best(candidates, taken, calibration)]
    for one in found:
        taken[one.first : one.last + 1] = True
    found += _best(mistraced_findings(chain, odds, taken), taken, calibration)
    return sorted(found, key=lambda one: one.first)


def _supported(one: Finding) -> Finding:
    """Return a finding, as mistraced if its suggestion fits no better than random residues."""
    if one.support >= SUPPORT:
        return one
    return one._replace(kind="mistraced", suggestion=_MISTRACED, shift=None, tail=one.kind)


def _best(
    candidates: Iterable[Finding], taken: NDArray[np.bool_], calibration: Calibration
) -> list[Finding]:
    """Return the significant candidates that do not overlap, the most significant first."""

    def surprise(one: Finding) -> float:
        return calibration.log_rate(one.kind, one.log_odds) - float(np.log(ALARMS[one.kind]))

    taken = taken.copy()
    found = []
    for one in sorted(candidates, key=surprise):
        if surprise(one) > 0:
            break
        if not taken[one.first : one.last + 1].any():
            taken[one.first : one.last + 1] = True
            found.append(one)
    return found


def register_findings(chain: ChainModel, odds: NDArray[np.float64]) -> list[Finding]:
    """Return the stretches that fit better with a shift, or with the declared sequence.

    Parameters
    ----------
    chain, odds
        See `find_segments`.
    """
    gains = shift_odds(chain, odds)
    if chain.declared:
        declared = fit(odds, moved_types(chain, 0)) - fit(odds, chain.types)
        gains = np.concatenate([gains, declared[:, None]], axis=1)
    found = []
    for run in find_runs(gains, np.full(gains.shape[1], PRICE)):
        shift = run_shift(chain, run)
        types = moved_types(chain, SHIFTS[run.state] if run.state < len(SHIFTS) else 0)
        wide = extend(chain, odds, run)
        types[: run.first] = types[run.last + 1 :] = UNKNOWN  # those of the extension
        letters = _letters(types[wide.first : wide.last + 1])
        if shift is None:
            kind: Kind = "sequence"
            text = f"Build the declared sequence here: {letters}"
        else:
            kind = "register"
            text = f"Move the sequence by {shift:+d}: these residues are then {letters}"
        rows = slice(run.first, run.last + 1)
        support = float(fit(odds[rows], types[rows]).sum())
        found.append(Finding(kind, wide.first, wide.last, run.log_odds, text, shift, support))
    return found


def run_shift(chain: ChainModel, run: Run) -> int | None:
    """Return the shift of a run, None if the model has another sequence there.

    Parameters
    ----------
    chain
        The chain.
    run
        A state is a column of `SHIFTS`, or the one after them for the sequence as declared, of
        which the model may have another part.
    """
    if run.state < len(SHIFTS):
        return SHIFTS[run.state]
    rows = slice(run.first, run.last + 1)
    types = chain.types[rows]
    for shift in sorted(SHIFTS, key=abs):
        same = moved_types(chain, -shift)[rows] == types
        if 5 * int(same.sum()) >= 4 * len(types):
            return shift
    return None


def extend(chain: ChainModel, odds: NDArray[np.float64], run: Run) -> Run:
    """Add the residues that a shift leaves without a residue type from the model.

    Without a declared sequence, the types that belong at one end of a segment may be missing from
    the model, so that nothing supports the shift there. These residues belong to the segment as far
    as their modelled types do not fit.

    Parameters
    ----------
    chain, odds, run
        See `find_segments` and `run_shift`.
    """
    if chain.declared or run.state >= len(SHIFTS):
        return run
    shift = SHIFTS[run.state]
    gain = -fit(odds, chain.types)
    if shift > 0:
        gains = np.cumsum(gain[max(0, run.first - shift) : run.first][::-1])
    else:
        gains = np.cumsum(gain[run.last + 1 : run.last + 1 - shift])
    if not len(gains) or gains.max() <= 0:
        return run
    more = int(gains.argmax()) + 1
    if shift > 0:
        return run._replace(first=run.first - more)
    return run._replace(last=run.last + more)


def direction_findings(chain: ChainModel, odds: NDArray[np.float64]) -> list[Finding]:
    """Return the stretches that fit better backwards.

    Parameters
    ----------
    chain, odds
        See `find_segments`.
    """
    found = []
    for run in reversed_runs(chain, odds):
        partners = run.state - np.arange(run.first, run.last + 1)
        text = "Trace it in the other direction: these residues are then "
        types = chain.types[partners]
        text += _letters(types)
        support = float(fit(odds[run.first : run.last + 1], types).sum())
        found.append(Finding("direction", run.first, run.last, run.log_odds, text, support=support))
    return found


def chain_findings(
    chain: ChainModel,
    odds: NDArray[np.float64],
    name: str,
    sequence: NDArray[np.int64],
    n_sequences: int,
) -> list[Finding]:
    """Return the stretches that fit better with another sequence.

    Parameters
    ----------
    chain, odds
        See `find_segments`.
    name, sequence
        Name of the other sequence, and its amino acids.
    n_sequences
        Number of sequences that are tried; the log odds are reduced by its logarithm.
    """
    found = []
    for run in foreign_runs(chain, odds, sequence, PRICE):
        start = run.first + run.state
        end = run.last + run.state
        text = f"Build residues {start + 1} to {end + 1} of the sequence of {name} here: "
        types = sequence[start : end + 1]
        text += _letters(types)
        fitted = run.log_odds - float(np.log(n_sequences))
        support = float(fit(odds[run.first : run.last + 1], types).sum())
        found.append(Finding("chain", run.first, run.last, fitted, text, support=support))
    return found


def mistraced_findings(
    chain: ChainModel, odds: NDArray[np.float64], taken: NDArray[np.bool_]
) -> list[Finding]:
    """Return the stretches that random residues would fit better than the modelled ones.

    Parameters
    ----------
    chain, odds
        See `find_segments`.
    taken
        ``residue`` bool, those that are explained already.
    """
    gain = -fit(odds, chain.types)
    gain[taken] = -np.inf
    return [
        Finding("mistraced", run.first, run.last, run.log_odds, _MISTRACED)
        for run in find_runs(gain[:, None], np.array([PRICE]))
    ]


def author_number(structure: Structure, row: int) -> str:
    """Return the author number of a residue, with its insertion code.

    Parameters
    ----------
    structure
        The structure.
    row
        Row of the residue.
    """
    return f"{structure.number[row]}{structure.insertion_code[row]}"


def _letters(types: NDArray[np.int64]) -> str:
    text = "".join("X" if t == UNKNOWN else ONE_LETTER[AMINO_ACIDS[t]] for t in types.tolist())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
