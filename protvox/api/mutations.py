"""Scores of mutations in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protvox.api.sources import Source, as_structure, takes_sources
from protvox.structure.disorder import DisorderOption

if TYPE_CHECKING:
    from protvox.predict.mutations.mutation_list import Mutation, Variant
    from protvox.predict.mutations.networks import Networks
    from protvox.predict.mutations.scores import MutationScores


@takes_sources
def mutations(
    source: Source,
    mutations: str | Path | Sequence[str | Mutation | Variant] | None = None,
    *,
    chain: str | None = None,
    device: str = "auto",
    networks: Networks = "both",
    model: str | None = None,
    plddt: float = 50.0,
    hide_disordered: bool = False,
    assembly: str | int | None = None,
    unique: bool = False,
    tied: bool | None = None,
    binding: str | None = None,
) -> MutationScores:
    """Score mutations of a structure, alone or several at once.

    Parameters
    ----------
    source
        See `protvox.classify`.
    mutations
        Mutations to score, e.g. ``["A:45W", "A:L50F", "A:52AW"]`` (chain, optional wild type,
        number, optional insertion code, mutant), ``"A:F45A+A:L50A"`` for two at once, or the path
        of a list, see `protvox.predict.mutations.list_files.parse_lines`. By default, every
        substitution of every residue.
    chain
        Score this chain only. Other chains still form its environment.
    networks
        Networks that score: ``"both"``, ``"environment"`` or ``"backbone"``.
    tied
        Whether to mutate all identical chains at once, in one row with mean scores; by default in a
        scan of all chains, and not in a list.
    binding
        Score the binding of chains as well: ``"A,B|C"`` for that of A and B to C. The column
        ``binding`` is the score in the complex less that in the separated partners, positive =
        predicted to weaken the complex.
    device, model, assembly, unique
        See `protvox.classify`.
    plddt, hide_disordered
        See `protvox.classify`.

    Returns
    -------
    MutationScores
        With ``to_pandas()``, ``to_json()`` and ``matrix`` (``residue 20``). Scores are log odds
        in nats, positive = predicted destabilising. Mutations without a score are in
        ``failures``.

    Raises
    ------
    InputError
        If the structure or the list cannot be read, or no mutation can be scored.
    ModelError
        If the model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.mutations.score import score_mutations

    return score_mutations(
        as_structure(source, assembly, unique),
        mutations,
        chain=chain,
        device=device,
        networks=networks,
        model=model,
        tied=tied,
        binding=binding,
        disorder=DisorderOption(plddt, hide_disordered),
    )
