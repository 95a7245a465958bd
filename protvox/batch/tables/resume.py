"""Which inputs of a resumed run are already done."""

from __future__ import annotations

from protvox.batch.plan import Item
from protvox.batch.tables.output_folder import OutputFolder


def finished_content(output: OutputFolder, item: Item, *, retry: bool) -> str | None:
    """Return the SHA-256 of the content for which an input needs no more work.

    An input is identified by its content, chain and domain, not by its file name: a file that
    was replaced is scored again.

    Parameters
    ----------
    output
        The output folder with the results of earlier runs.
    item
        The input.
    retry
        Whether inputs that failed are tried again.

    Returns
    -------
    str or None
        None if the input has no results yet, or those of another chain or domain.
    """
    known = output.entries.get(item.id)
    if known is None or known.work[1:] != (item.chain, item.chopping):
        return None
    return known.work[0] if known.done or not retry else None
