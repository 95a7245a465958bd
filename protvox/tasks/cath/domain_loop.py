"""Run a model over the domains of a structure, with progress and warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from protvox.errors import InputError
from protvox.messages import chain_label
from protvox.predict.choose_domains import Domain
from protvox.predict.results.records import DomainRecord
from protvox.registry.card import Card
from protvox.tasks.cath.warnings import range_warning

Record = TypeVar("Record", bound=DomainRecord)


def process_domains(
    compute: Callable[[Domain], Record],
    domains: Sequence[Domain],
    card: Card,
    progress: Callable[[int, int], None],
    *,
    explicit: bool,
) -> tuple[tuple[Record, ...], list[str]]:
    """Compute a record for every domain.

    Parameters
    ----------
    compute
        Returns the record of a domain.
    domains
        The domains, in order.
    card
        Card of the model.
    progress
        Called with the number of residues done and in all.
    explicit
        Whether the user listed the domains. If so, an unusable domain is an error; otherwise it
        is skipped with a warning.

    Returns
    -------
    records : tuple
        One per usable domain.
    warnings : list of str
        One sentence each.

    Raises
    ------
    InputError
        If a listed domain cannot be used.
    """
    records: list[Record] = []
    warnings: list[str] = []
    sizes = [int(domain.residues.sum()) for domain in domains]
    progress(0, sum(sizes))
    for row, domain in enumerate(domains):
        if row:
            progress(sum(sizes[:row]), sum(sizes))
        try:
            record = compute(domain)
        except InputError as error:
            if explicit:
                raise
            name = domain.id if domain.chopping else chain_label(domain.chain)
            warnings.append(f"No architecture for {name}: {error.what}.")
            continue
        records.append(record)
        warning = range_warning(record, card)
        warnings += [warning] if warning else []
    progress(sum(sizes), sum(sizes))
    return tuple(records), warnings
