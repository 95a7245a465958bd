"""Alignments in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protvox.api.sources import Source, as_structure

if TYPE_CHECKING:
    from protvox.predict.search.pairwise import AlignmentResult


def align(
    query: Source,
    target: Source,
    *,
    query_part: str | None = None,
    target_part: str | None = None,
) -> AlignmentResult:
    """Align and superpose two structures by their CA traces.

    Parameters
    ----------
    query, target
        See `protvox.classify`.
    query_part, target_part
        Chain or residue ranges to align, ``"A"`` or ``"A:1-90,120-150"``; by default the only
        protein chain.

    Returns
    -------
    AlignmentResult
        With ``to_json()`` and ``to_pandas()``; ``found.alignment`` has scores, pairs and the
        superposition, ``found.superposed()`` the query moved onto the target.

    Raises
    ------
    InputError
        If a structure cannot be read, a part does not exist, or there are several chains and no
        part is given.

    Examples
    --------
    >>> protvox.align("1ubi", "1aar", target_part="A")  # doctest: +SKIP
    AlignmentResult(StructureAlignment('1ubi', '1aar', Alignment(...)))
    """
    from protvox.predict.search.pairwise import AlignmentResult
    from protvox.structure.alignment.structures import align_structures
    from protvox.structure.selection import parse_selection

    parts = [None if part is None else parse_selection(part) for part in (query_part, target_part)]
    found = align_structures(
        as_structure(query), as_structure(target), query_part=parts[0], target_part=parts[1]
    )
    return AlignmentResult(found)
