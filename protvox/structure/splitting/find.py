"""Splitting chains into domains, from CA positions alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.errors import InputError
from protvox.messages import chain_label
from protvox.structure.selection import ResidueId, Segment, Selection
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.cut_model import CutModel, load_cut_model
from protvox.structure.splitting.cuts import Piece, propose_cuts
from protvox.structure.splitting.features import measure_cuts
from protvox.structure.structure import Structure

Recognise = Callable[[NDArray[np.floating]], float]
"""Returns the probability that CA atoms ``residue 3`` are one domain of a known superfamily."""

LONGEST: Final = 4000
"""Residues; a longer chain is not split, because memory grows with the square of the length."""

_ASKED: Final = 0.1
"""Probability of a cut from which known domains are looked for."""

_KNOWN_WEIGHT: Final = 5.0
"""What the log odds of a cut gain if both sides are known domains, and lose if the whole is one.
Between 3 and 9 the results hardly differ, see ``experiments/segmentation/results/log.md``."""


@dataclass(frozen=True, slots=True)
class ChainDomains:
    """The domains of one chain.

    Attributes
    ----------
    selections
        One per domain, in order of their first residues; each selects exactly the residues of
        its domain. Empty if the chain is one domain, with all its residues.
    warnings
        Why the chain was not split, one sentence each.
    """

    selections: tuple[Selection, ...] = ()
    warnings: tuple[str, ...] = ()


def split_chain(
    ca: NDArray[np.floating],
    model: CutModel | None = None,
    recognise: Recognise | None = None,
) -> NDArray[np.int64]:
    """Split a chain into domains.

    The chain is cut in two where few contacts are broken relative to the size of the two sides
    (`protvox.structure.splitting.cuts`), if the model
    (`protvox.structure.splitting.cut_model`) finds it probable enough that the sides belong to
    different domains. Each side is then cut in the same way. A domain may consist of several
    segments. Every residue belongs to a domain, and no domain is shorter than
    `protvox.structure.splitting.cuts.LEAST_SIDE` residues unless the chain is.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å, all finite. Time and memory grow with the
        square of their number: about 15 ms at 200, 0.5 s at 1,500.
    model
        Model that scores cuts; by default the one shipped with protvox.
    recognise
        Whether a part of the chain is a known domain. A cut is less probable if the part is one as
        a whole, and more probable if its sides are. Without it, contacts alone decide.

    Returns
    -------
    ndarray
        ``residue`` int64, number of the domain, from 0 in order of the first residues;
        independent of the pose.

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.radians(100) * np.arange(20)
    >>> helix = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(20)], axis=1)
    >>> split_chain(helix).tolist() == [0] * 20
    True
    """
    model = model or load_cut_model()
    labels = np.zeros(len(ca), dtype=np.int64)
    contacts = Contacts.of(ca)
    waiting = [np.arange(len(ca))]
    n = 0
    while waiting:
        checkpoint()
        residues = waiting.pop()
        piece = Piece.of(contacts, residues)
        sides = propose_cuts(piece)
        features = measure_cuts(contacts, piece, sides) if len(sides) else None
        p = 0.0 if features is None else model.probability(features)
        if features is not None and p > (_ASKED if recognise else model.threshold):
            side = sides[model.score(features).argmax()]
            parts = residues[~side], residues[side]
            if _excess(p, model.threshold, ca, parts, recognise) > 0:
                waiting += parts
                continue
        labels[residues] = n
        n += 1
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))[inverse]
    return rank


def _excess(
    p: float,
    threshold: float,
    ca: NDArray[np.floating],
    parts: tuple[NDArray[np.int64], NDArray[np.int64]],
    recognise: Recognise | None,
) -> float:
    """Return by how much the log odds of a cut exceed those of the threshold."""
    excess = _log_odds(p) - _log_odds(threshold)
    # What cannot change the sign any more is not computed.
    if recognise is None or excess > _KNOWN_WEIGHT:
        return excess
    whole = np.sort(np.concatenate(parts))
    excess -= _KNOWN_WEIGHT * recognise(ca[whole])
    if -_KNOWN_WEIGHT < excess <= 0:
        known = sum(len(part) * recognise(ca[part]) for part in parts)
        excess += _KNOWN_WEIGHT * known / len(whole)
    return excess


def _log_odds(p: float) -> float:
    return log(p / max(1 - p, 1e-12))


def several_probability(ca: NDArray[np.floating]) -> float:
    """Return the probability that a chain has several domains.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å, all finite. Time and memory grow with the
        square of their number.

    Returns
    -------
    float
        Between 0 and 1; 0 if the chain is too short for two domains. `split_chain` cuts a
        chain from 0.25 on.
    """
    contacts = Contacts.of(ca)
    piece = Piece.of(contacts, np.arange(len(ca)))
    sides = propose_cuts(piece)
    if not len(sides):
        return 0.0
    return load_cut_model().probability(measure_cuts(contacts, piece, sides))


def find_domains(
    structure: Structure,
    chain: str,
    outside: NDArray[np.bool_] | None = None,
    recognise: Recognise | None = None,
) -> ChainDomains:
    """Find the domains of a chain of a structure.

    Parameters
    ----------
    structure
        The structure.
    chain
        Author name of a protein chain. A residue without CA belongs to the domain of the
        residue before it.
    outside
        ``residue`` mask of residues that belong to no domain; none by default.
    recognise
        See `split_chain`.

    Returns
    -------
    ChainDomains
        In author numbers with insertion codes.
    """
    wanted = structure.is_protein & (structure.chain == chain)
    ordered = wanted if outside is None else wanted & ~outside
    rows = np.flatnonzero(ordered)
    partial = len(rows) < int(wanted.sum())
    ca = structure.backbone()[rows, 1]
    has_ca = np.isfinite(ca).all(axis=1)
    if has_ca.sum() > LONGEST:
        return _not_split(
            chain,
            f"has {len(rows)} residues and was not split into domains, the limit is {LONGEST}.",
        )
    if not has_ca.any():
        return ChainDomains()
    found = split_chain(ca[has_ca], recognise=recognise)
    # Residues before the first CA belong to the first domain.
    labels = found[np.maximum(np.cumsum(has_ca) - 1, 0)]
    if not labels.any() and not partial:
        return ChainDomains()
    masks = [
        np.isin(np.arange(structure.n_residues), rows[labels == d])
        for d in range(int(labels.max()) + 1)
    ]
    selections = tuple(_describe(structure, chain, mask) for mask in masks)
    if all(_selects(s, structure, mask) for s, mask in zip(selections, masks, strict=True)):
        return ChainDomains(selections)
    return _not_split(
        chain,
        f"has {len(masks)} domains, but its residue numbers run backwards or repeat, so they "
        "cannot be written as ranges; it was treated as one domain.",
    )


def _not_split(chain: str, reason: str) -> ChainDomains:
    warning = f"{chain_label(chain)} {reason}"
    return ChainDomains(warnings=(warning[0].upper() + warning[1:],))


def describe_residues(
    structure: Structure, chain: str, mask: NDArray[np.bool_]
) -> Selection | None:
    """Return residues of a chain as ranges.

    Parameters
    ----------
    structure
        The structure.
    chain
        Author name of the chain.
    mask
        ``residue`` mask of some of its protein residues.

    Returns
    -------
    Selection or None
        Selects exactly these residues; None if ranges cannot.
    """
    selection = _describe(structure, chain, mask)
    return selection if _selects(selection, structure, mask) else None


def _describe(structure: Structure, chain: str, mask: NDArray[np.bool_]) -> Selection:
    """Return residues as ranges, in each of which the residue numbers do not decrease."""
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    members = mask[rows]
    number = structure.number[rows]
    edge = np.diff(members.astype(np.int8), prepend=0, append=0)
    segments: list[Segment] = []
    for start, stop in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True):
        drops = start + 1 + np.flatnonzero(np.diff(number[start:stop]) < 0)
        for low, high in pairwise([int(start), *drops.tolist(), int(stop)]):
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
