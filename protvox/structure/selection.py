"""The selection grammar: chains, residue ranges and CATH choppings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import listing
from protvox.structure.structure import Structure

_RANGE: Final = re.compile(r"(-?\d{1,9})([A-Za-z]?)-(-?\d{1,9})([A-Za-z]?)", re.ASCII)
_RESIDUE: Final = re.compile(r"(-?\d{1,9})([A-Za-z]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ResidueId:
    """An author residue number with its insertion code (``""`` if none)."""

    number: int
    insertion_code: str = ""

    def __str__(self) -> str:
        """Return it as in a chopping, e.g. ``-5`` or ``52A``."""
        return f"{self.number}{self.insertion_code}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A chain, or one range of it with both ends included.

    Attributes
    ----------
    chain
        Author chain name; ``None`` for the only protein chain.
    first, last
        Ends of the range; both ``None`` for the whole chain.
    """

    chain: str | None
    first: ResidueId | None = None
    last: ResidueId | None = None

    @property
    def range(self) -> str:
        """The range as text, ``""`` for the whole chain."""
        return "" if self.first is None else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Protein residues chosen by chain and range.

    ``str()`` gives text that `parse_selection` reads back as the same selection.
    """

    segments: tuple[Segment, ...]

    @property
    def chains(self) -> tuple[str | None, ...]:
        """Chain names in order, each once."""
        return tuple(dict.fromkeys(segment.chain for segment in self.segments))

    @property
    def chopping(self) -> str:
        """The ranges without chain names, e.g. ``1-90,120-150``; ``""`` for whole chains."""
        return ",".join(segment.range for segment in self.segments if segment.range)

    def __str__(self) -> str:
        """Return the selection in the grammar, without repeating chain names."""
        parts: list[str] = []
        chain: str | None = None
        for segment in self.segments:
            if not segment.range:
                parts.append(segment.chain or ":")
                chain = None
            elif segment.chain is None or segment.chain == chain:
                parts.append(segment.range)
            else:
                parts.append(f"{segment.chain}:{segment.range}")
                chain = segment.chain
        return ",".join(parts)

    def mask(self, structure: Structure) -> NDArray[np.bool_]:
        """Return which residues of a structure are selected.

        A range selects the protein residues whose numbers lie between its ends. Residues with
        the same number as an end are compared by file order if that end exists (insertion codes
        may run backwards, as in thrombin), and by insertion code if it does not.

        Parameters
        ----------
        structure
            Structure to select from.

        Returns
        -------
        ndarray
            ``residue`` bool, protein residues only, at least one per segment.

        Raises
        ------
        InputError
            ``input.chain`` for a chain that does not exist or is not protein, ``input.range``
            for a range without residues.
        """
        chosen = np.zeros(structure.n_residues, dtype=np.bool_)
        for segment in self.segments:
            chain = _find_chain(structure, segment.chain)
            rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
            if segment.first is not None and segment.last is not None:
                rows = _cut(structure, rows, segment.first, segment.last, chain)
            chosen[rows] = True
        return chosen


def parse_selection(text: str) -> Selection:
    """Parse a selection.

    The grammar is a list separated by commas, or by ``_`` between ranges, as in some CATH
    files. ``A`` is a chain and ``A:1-90`` a range of it. A range after a range belongs to the
    same chain, so ``A:1-90,120-150`` is one domain of two segments; ``A:1-90,B:5-20`` spans two
    chains; ``A:45`` is a single residue. Ranges without a chain, as in CATH choppings, refer to
    the only protein chain; a colon without a chain refers to the chain with a blank name:
    ``:1-20``, or ``:`` for all of it. Numbers are author numbers; they may be negative and may
    have an insertion code: ``-5-10``, ``1A-20B``.

    Parameters
    ----------
    text
        The selection.

    Returns
    -------
    Selection
        Independent of any structure.

    Raises
    ------
    InputError
        ``input.selection`` for invalid syntax, ``input.range`` for a reversed range.

    Examples
    --------
    >>> parse_selection("A:1-90,120-150").chopping
    '1-90,120-150'
    """
    segments: list[Segment] = []
    where = f"selection {text!r}"
    for item in map(str.strip, text.strip().split(",")):
        chain, colon, ranges = item.rpartition(":")
        parts = ranges.split("_")
        is_range = all(_RANGE.fullmatch(part) for part in parts) or (
            segments and segments[-1].range and _RESIDUE.fullmatch(ranges)
        )
        if item == ":":
            segments.append(Segment(""))
        elif not ranges:
            raise fail("input.selection", where=where, item=item)
        elif colon:
            segments += [_segment(chain, part, where) for part in parts]
        elif not is_range:
            segments.append(Segment(ranges))
        elif segments and not segments[-1].range:
            raise fail("input.selection", where=where, item=item)
        else:
            owner = segments[-1].chain if segments else None
            segments += [_segment(owner, part, where) for part in parts]
    return Selection(tuple(segments))


def reads_as_range(name: str) -> bool:
    """Return whether a chain name would be read as residues in a selection, as ``1-2`` would.

    Parameters
    ----------
    name
        Name of a chain.
    """
    return bool(_RANGE.fullmatch(name) or _RESIDUE.fullmatch(name))


def _segment(chain: str | None, text: str, where: str) -> Segment:
    text = text.strip()
    match = _RANGE.fullmatch(text)
    if match is None:
        single = _RESIDUE.fullmatch(text)
        if single is None:
            raise fail("input.selection", where=where, item=text)
        residue = ResidueId(int(single[1]), single[2])
        return Segment(chain, residue, residue)
    first, last = ResidueId(int(match[1]), match[2]), ResidueId(int(match[3]), match[4])
    if first.number > last.number:
        raise fail("input.range.backwards", where=where, range=text, first=first, last=last)
    return Segment(chain, first, last)


def _find_chain(structure: Structure, chain: str | None) -> str:
    existing = structure.protein_chains
    chains = listing((name or "(blank)" for name in existing), most=30)
    if chain is None:
        if len(existing) == 1:
            return existing[0]
        raise fail("input.chain.unnamed", where=structure.name, chains=chains)
    if chain in existing:
        return chain
    found = (structure.chain == chain).any()
    key = "input.chain.not_protein" if found else "input.chain.missing"
    raise fail(key, where=structure.name, chain=chain or "(blank)", chains=chains)


def _cut(
    structure: Structure, rows: NDArray[np.int64], first: ResidueId, last: ResidueId, chain: str
) -> NDArray[np.int64]:
    number, code = structure.number[rows], structure.insertion_code[rows]
    order = np.arange(len(rows))
    start = np.flatnonzero((number == first.number) & (code == first.insertion_code))
    stop = np.flatnonzero((number == last.number) & (code == last.insertion_code))
    from_first = order >= start[0] if len(start) else code >= first.insertion_code
    to_last = order <= stop[-1] if len(stop) else code <= last.insertion_code
    inside = (number > first.number) | ((number == first.number) & from_first)
    inside &= (number < last.number) | ((number == last.number) & to_last)
    if inside.any():
        chosen: NDArray[np.int64] = rows[inside]
        return chosen
    raise fail(
        "input.range.empty",
        where=structure.name,
        chain=chain,
        first=first,
        last=last,
        low=structure.where(int(rows[0])),
        high=structure.where(int(rows[-1])),
    )
