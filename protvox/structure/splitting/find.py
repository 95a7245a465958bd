"""Chains into domains, from CA positions alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError
from protvox.messages import chain_label
from protvox.structure.selection import ResidueId, Segment, Selection
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.cut_model import CutModel, load_cut_model
from protvox.structure.splitting.cuts import Piece, propose_cuts
from protvox.structure.splitting.features import measure_cuts
from protvox.structure.structure import Structure

LONGEST: Final = 4000
"""Residues; a longer chain is not split, since memory grows with the square."""


@dataclass(frozen=True, slots=True)
class ChainDomains:
    """The domains of one chain.

    Attributes
    ----------
    selections
        One a domain, in order of their first residues; each selects exactly its residues from
        the structure. Empty if the chain is one domain.
    warnings
        Why a chain was not looked at, one sentence each.
    """

    selections: tuple[Selection, ...] = ()
    warnings: tuple[str, ...] = ()


def split_chain(ca: NDArray[np.floating], model: CutModel | None = None) -> NDArray[np.int64]:
    """Split a chain into domains.

    A piece of the chain, at first all of it, is cut in two where few contacts are lost for the
    size of the sides, as long as `protvox.structure.splitting.cut_model` finds it more probable
    that the sides hold different domains than that the piece is one; see
    `protvox.structure.splitting.cuts`. Domains may consist of several segments. Every residue
    lies in a domain, and none is shorter than
    `protvox.structure.splitting.cuts.LEAST_SIDE` residues, unless the chain is.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å, all finite. Time and memory grow with the
        square of their number: about 15 ms at 200, 0.5 s at 1,500.
    model
        Decides on cuts; the one that comes with the program by default.

    Returns
    -------
    ndarray
        ``residue`` int64, number of the domain, from 0 in order of their first residues;
        independent of the pose.
    """
    model = model or load_cut_model()
    labels = np.zeros(len(ca), dtype=np.int64)
    contacts = Contacts.of(ca)
    waiting = [np.arange(len(ca))]
    n = 0
    while waiting:
        residues = waiting.pop()
        piece = Piece.of(contacts, residues)
        sides = propose_cuts(piece)
        row = model.choose(measure_cuts(contacts, piece, sides)) if len(sides) else None
        if row is None:
            labels[residues] = n
            n += 1
        else:
            waiting += [residues[~sides[row]], residues[sides[row]]]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))[inverse]
    return rank


def several_probability(ca: NDArray[np.floating]) -> float:
    """Return how probable it is that a chain holds several domains.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å, all finite. Time and memory grow with the
        square of their number, see `split_chain`, which cuts chains from 0.25 on.

    Returns
    -------
    float
        0 if the chain is too short for two.
    """
    contacts = Contacts.of(ca)
    piece = Piece.of(contacts, np.arange(len(ca)))
    sides = propose_cuts(piece)
    if not len(sides):
        return 0.0
    return load_cut_model().probability(measure_cuts(contacts, piece, sides))


def find_domains(structure: Structure, chain: str) -> ChainDomains:
    """Find the domains of a chain of a structure.

    Parameters
    ----------
    structure
        The structure.
    chain
        Author name of a protein chain. Residues without CA go with the residue before them.

    Returns
    -------
    ChainDomains
        In author numbers with insertion codes.
    """
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    ca = structure.backbone()[rows, 1]
    there = np.isfinite(ca).all(axis=1)
    if there.sum() > LONGEST:
        told = (
            f"{chain_label(chain)} has {len(rows)} residues and was not split into domains, "
            f"the limit is {LONGEST}."
        )
        return ChainDomains(warnings=(told[0].upper() + told[1:],))
    if not there.any():
        return ChainDomains()
    found = split_chain(ca[there])
    # Before the first residue with CA there is none to go with.
    labels = found[np.maximum(np.cumsum(there) - 1, 0)]
    if not labels.any():
        return ChainDomains()
    masks = [
        np.isin(np.arange(structure.n_residues), rows[labels == d])
        for d in range(int(labels.max()) + 1)
    ]
    selections = tuple(_describe(structure, chain, rows, labels == d) for d in range(len(masks)))
    if all(_selects(s, structure, mask) for s, mask in zip(selections, masks, strict=True)):
        return ChainDomains(selections)
    told = (
        f"{chain_label(chain)} falls into {len(masks)} domains, but its residue numbers run "
        "backwards or repeat, so they cannot be named; it was taken whole."
    )
    return ChainDomains(warnings=(told[0].upper() + told[1:],))


def _describe(
    structure: Structure, chain: str, rows: NDArray[np.int64], held: NDArray[np.bool_]
) -> Selection:
    """Return the ranges of the residues held, each of numbers that do not fall."""
    number = structure.number[rows]
    edge = np.diff(held.astype(np.int8), prepend=0, append=0)
    segments: list[Segment] = []
    for start, stop in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True):
        falls = start + 1 + np.flatnonzero(np.diff(number[start:stop]) < 0)
        for low, high in pairwise([int(start), *falls.tolist(), int(stop)]):
            first, last = (_residue(structure, int(rows[r])) for r in (low, high - 1))
            segments.append(Segment(chain, first, last))
    return Selection(tuple(segments))


def _residue(structure: Structure, row: int) -> ResidueId:
    return ResidueId(int(structure.number[row]), str(structure.insertion_code[row]))


def _selects(selection: Selection, structure: Structure, mask: NDArray[np.bool_]) -> bool:
    try:
        return bool(np.array_equal(selection.mask(structure), mask))
    except InputError:
        return False
