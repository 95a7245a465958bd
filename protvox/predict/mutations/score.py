"""Scores of mutations: log odds of amino acids in the surroundings of a residue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import count
from protvox.predict.classify import requested_residues
from protvox.predict.device import choose_device, report_out_of_memory
from protvox.predict.model_cache import limit_threads
from protvox.predict.mutations.binding import binding_scores, parse_partners
from protvox.predict.mutations.copies import Copies, find_copies
from protvox.predict.mutations.coupling import couplings
from protvox.predict.mutations.list_files import collect_mutations, read_mutations
from protvox.predict.mutations.locate import Located, Sites
from protvox.predict.mutations.mutation_list import Failure, Mutation, MutationList, Variant
from protvox.predict.mutations.networks import ENVIRONMENT, Networks, load_scorers
from protvox.predict.mutations.scores import MutationScores, substitutions
from protvox.predict.mutations.table import make_table
from protvox.predict.results.prediction import InputInfo
from protvox.predict.task import ProgressBar, no_progress
from protvox.predict.warnings import side_chain_warning
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.structure import Dropped, Structure

Mutations = str | Path | MutationList | Sequence[str | Mutation | Variant]
"""A file, or mutations one by one."""


def score_mutations(
    structure: Structure,
    mutations: Mutations | None = None,
    *,
    chain: str | None = None,
    device: str = "auto",
    networks: Networks = "both",
    model: str | None = None,
    tied: bool | None = None,
    binding: str | None = None,
    progress: ProgressBar | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> MutationScores:
    """Score mutations of a structure that has been read, alone or several at once.

    Each residue is predicted once by each network, however many mutations there are: the scores of
    all 19 come from one set of probabilities. May be called by several threads at once.

    Parameters
    ----------
    structure
        The whole structure.
    mutations
        What to score, see `protvox.predict.mutations.list_files`; every substitution of every
        residue by default. A mutation given twice is scored once.
    chain
        Only this chain; the others stay as its environment.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    networks
        ``"both"``, or ``"environment"`` or ``"backbone"`` alone.
    model
        A model to use in place of the released one for its task.
    tied
        Whether to mutate all identical chains at once, in one row; by default in a scan of every
        chain, and not in a list.
    binding
        ``"A,B|C"`` to score the binding of chains A and B to chain C as well, see
        `protvox.predict.mutations.binding`.
    progress
        Called with the number of residues done and in all, by one network after the other.
    disorder
        Which residues of a predicted model are disordered, and whether others see them.

    Returns
    -------
    MutationScores
        By the schema ``protvox.mutations/3``. Mutations that cannot be scored are among its
        ``failures``.

    Raises
    ------
    UsageError
        If ``networks`` is invalid (``usage.networks``), or ``tied`` with ``chain`` or a structure
        of which only one of the identical chains is scored (``usage.tied``), or ``binding`` is
        invalid (``usage.binding``).
    InputError
        If there is nothing to predict, the chain does not exist, a list cannot be read, or none
        of its mutations can be scored (``mutations.none``).
    ModelError
        If a model is missing, damaged, or of another kind.
    DeviceError
        If the device is missing or out of memory.

    Notes
    -----
    With p the calibrated probabilities at a residue and log b their mean logarithms at residues
    in solvent (`protvox.predict.mutations.background`), the score of wild type w to mutant m by one
    network is ``log(p_w / p_m) - log(b_w / b_m)`` in nats. Two networks are combined by
    `protvox.predict.mutations.networks.Scorers.combine`. The percentile is the share of all 19 L
    substitutions of the chosen chain, or of the structure, with a lower score; equal scores count
    half. For several mutations at once, see `protvox.predict.mutations.coupling`; of copies in
    identical chains, all values are means over the copies, with how they affect each other.
    """
    requested = None if mutations is None else _listed(mutations)
    partners = None if binding is None else parse_partners(binding, structure)
    together = _mutates_copies(structure, tied, chain, requested)
    named = requested.chains if requested else ()
    wanted = requested_residues(structure, chain, named)
    progress = progress or no_progress
    limit_threads()
    with report_out_of_memory(choose_device(device)):
        scorers = load_scorers(networks, model, device)
        residues, dropped, parts = scorers.predict(structure, wanted, progress, disorder=disorder)
    if not len(residues):
        reason = f"{dropped[0].where}: {dropped[0].why}" if dropped else "Give protein residues"
        raise fail("input.nothing_to_predict", where=structure.name, reason=reason)
    scores = scorers.combine(parts, residues)
    copies = find_copies(structure, residues) if together else None
    if tied is None and copies is not None and max(map(len, copies)) == 1:
        copies = None
    warnings = _warnings(structure, wanted, dropped, side_chains=ENVIRONMENT in parts)
    failures: tuple[Failure, ...] = ()
    if requested is None:
        found = _every(substitutions(residues), copies)
    else:
        sites = Sites(structure, residues, chain, {d.where: d.why for d in dropped}, copies)
        found, failures, repeats = sites.find(requested)
        if not found:
            first = failures[0]
            reason = f"{first.mutation}: {first.why}"
            raise fail(
                "mutations.none",
                where=structure.name,
                mutations=count(len(failures), "mutation"),
                first=f"{reason}. {first.remedy}" if first.remedy else reason,
            )
        if repeats:
            warnings.append(f"{count(repeats, 'mutation')} given more than once; scored once.")
    every = [one.every() for one in found]
    coupling = couplings(scorers, structure, residues, parts, every, progress, disorder)
    bound = None
    if partners is not None:
        bound = binding_scores(scorers, structure, residues, partners, every, progress, disorder)
    rank = partial(_percentiles, np.sort(scores[substitutions(residues)]))
    info = InputInfo.of(structure, disorder.limit)
    return MutationScores(
        input=replace(info, dropped=(*info.dropped, *dropped)),
        models=scorers.models,
        residues=residues,
        matrix=scores,
        table=make_table(residues, found, scores, rank, parts, coupling, scorers, bound),
        failures=failures,
        warnings=(*structure.warnings, *warnings),
    )


def _listed(mutations: Mutations) -> MutationList:
    if isinstance(mutations, MutationList):
        return mutations
    if isinstance(mutations, str | Path):
        return read_mutations(mutations)
    return collect_mutations(mutations)


def _every(wanted: NDArray[np.bool_], copies: Copies | None) -> tuple[Located, ...]:
    """Return every substitution, of residues and their copies once."""
    rows, mutants = np.nonzero(wanted)
    targets = list(zip(rows.tolist(), mutants.tolist(), strict=True))
    if copies is None:
        return tuple(Located(i, (target,)) for i, target in enumerate(targets))
    targets = [(row, mutant) for row, mutant in targets if row == copies[row][0]]
    return tuple(Located(i, (one,), (copies[one[0]],)) for i, one in enumerate(targets))


def _mutates_copies(
    structure: Structure, tied: bool | None, chain: str | None, requested: MutationList | None
) -> bool:
    every = chain is None and not structure.same_as
    if tied and not every:
        raise fail("usage.tied", where="tied")
    return every and (requested is None or requested.tied) if tied is None else tied


def _percentiles(ranked: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    below = np.searchsorted(ranked, scores, side="left")
    upto = np.searchsorted(ranked, scores, side="right")
    percentiles: NDArray[np.float64] = 50.0 * (below + upto) / len(ranked)
    return percentiles


def _warnings(
    structure: Structure,
    wanted: NDArray[np.bool_],
    dropped: tuple[Dropped, ...],
    *,
    side_chains: bool,
) -> list[str]:
    warnings: list[str] = []
    if dropped:
        warnings.append(
            f"{len(dropped)} of {int(wanted.sum())} residues cannot be predicted, the first is "
            f"{dropped[0].where}; see input.dropped."
        )
    if side_chains:
        warning = side_chain_warning(structure, structure.is_protein, "Mutations")
        warnings += [warning] if warning else []
    return warnings
