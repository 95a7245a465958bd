"""Suggestions in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protvox.api.sources import Source, as_structure, takes_sources
from protvox.structure.disorder import DisorderOption

if TYPE_CHECKING:
    from protvox.predict.mutations.networks import Networks
    from protvox.predict.suggest.results import SuggestionResult


@takes_sources
def suggest(
    source: Source,
    *,
    top: int = 30,
    exclude: str = "",
    fix: Sequence[str] = (),
    keep_away: Sequence[str] = (),
    skip_flagged: bool = False,
    chain: str | None = None,
    device: str = "auto",
    networks: Networks = "both",
    model: str | None = None,
    plddt: float = 50.0,
    hide_disordered: bool = False,
    assembly: str | int | None = None,
) -> SuggestionResult:
    """Suggest mutations that may stabilise a structure, one per residue, best first.

    Parameters
    ----------
    source
        See `protvox.classify`.
    top
        Number of residues to suggest a mutation for.
    exclude
        New amino acids that are not suggested, one-letter codes, e.g. ``"CP"``.
    fix
        Residues that stay, e.g. ``["A:57,102"]``.
    keep_away
        Residues that stay because they are near something, e.g. ``["LIGAND:5", "HEM:8"]``: a
        residue name, ``LIGAND``, ``METAL``, ``NUCLEIC`` or ``INTERFACE``, and a distance in Å.
    skip_flagged
        Whether to suggest nothing for flagged residues.
    chain, device, networks, model, plddt, hide_disordered, assembly
        See `protvox.mutations`.

    Returns
    -------
    SuggestionResult
        With ``suggestions``, ``to_pandas()`` and ``to_json()``. ``ddg`` is in kcal/mol, positive =
        destabilising.

    Raises
    ------
    UsageError
        If an option is invalid.
    InputError
        If the structure cannot be read, or a fixed residue does not exist.
    ModelError
        If a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.

    Examples
    --------
    >>> protvox.suggest("1pwc", top=2).to_pandas()["mutation"].tolist()  # doctest: +SKIP
    ['Q303F', 'N151F']
    """
    from protvox.predict.suggest.suggest import Limits, suggest

    return suggest(
        as_structure(source, assembly),
        top=top,
        limits=Limits(exclude, tuple(fix), tuple(keep_away), skip_flagged),
        chain=chain,
        device=device,
        networks=networks,
        model=model,
        disorder=DisorderOption(plddt, hide_disordered),
    )
