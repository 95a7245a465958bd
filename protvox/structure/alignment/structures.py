"""Structural alignment of chains or domains of two structures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ONE_LETTER
from protvox.errors import fail
from protvox.messages import count, listing
from protvox.structure.alignment.align import SHORTEST, Alignment, align
from protvox.structure.selection import Selection
from protvox.structure.structure import Structure


@dataclass(frozen=True, eq=False, repr=False)
class StructureAlignment:
    """An alignment of parts of two structures.

    Attributes
    ----------
    query, target
        The structures.
    query_residues, target_residues
        Rows of the residues that were aligned: those of the part that have a CA atom.
    alignment
        Scores, pairs and superposition; its indices count within those residues.
    """

    query: Structure
    target: Structure
    query_residues: NDArray[np.int64]
    target_residues: NDArray[np.int64]
    alignment: Alignment

    def __repr__(self) -> str:
        """Return one line with the names and the scores."""
        return f"StructureAlignment({self.query.name!r}, {self.target.name!r}, {self.alignment!r})"

    def superposed(self) -> Structure:
        """Return the query superposed on the target; ligands and other chains move with it."""
        moved = self.alignment.move(self.query.coordinates.astype(np.float64))
        return replace(self.query, coordinates=moved.astype(np.float32))


def align_structures(
    query: Structure,
    target: Structure,
    *,
    query_part: Selection | None = None,
    target_part: Selection | None = None,
    fast: bool = False,
) -> StructureAlignment:
    """Align chains or domains of two structures.

    Parameters
    ----------
    query, target
        The structures.
    query_part, target_part
        Chains or ranges to align, see `protvox.structure.selection.parse_selection`; by default
        the only protein chain.
    fast
        See `protvox.structure.alignment.align.align`.

    Returns
    -------
    StructureAlignment
        Residues without a CA atom are skipped.

    Raises
    ------
    InputError
        If a structure has several protein chains and no part is given, or the part does not
        exist (``input.chain``, ``input.range``); if it has no protein (``input.no_protein``), or
        fewer than 3 residues with CA atoms (``input.trace``).
    """
    rows, traces, sequences = [], [], []
    for structure, part in ((query, query_part), (target, target_part)):
        chosen = _choose(structure, part)
        ca = structure.backbone()[:, 1]
        row = np.flatnonzero(chosen & np.isfinite(ca).all(axis=1))
        rows.append(row)
        traces.append(ca[row])
        sequences.append("".join(ONE_LETTER.get(name, "X") for name in structure.parent[row]))
    for structure, row in zip((query, target), rows, strict=True):
        if len(row) < SHORTEST:
            raise fail(
                "input.trace.short", where=structure.name, residues=count(len(row), "residue")
            )
    found = align(
        traces[0],
        traces[1],
        query_sequence=sequences[0],
        target_sequence=sequences[1],
        fast=fast,
    )
    return StructureAlignment(query, target, rows[0], rows[1], found)


def _choose(structure: Structure, part: Selection | None) -> NDArray[np.bool_]:
    chains = structure.protein_chains
    if not chains:
        raise fail("input.no_protein", where=structure.name, part="structure")
    if part is not None:
        return part.mask(structure)
    if len(chains) > 1:
        raise fail(
            "input.chain.several",
            where=structure.name,
            chains=listing(name or "(blank)" for name in chains),
        )
    return structure.is_protein
