"""Chains and the sequences that they should have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.messages import chain_label
from protvox.structure.structure import Structure

UNKNOWN: Final = -1
"""Type of a residue of which no standard amino acid is known."""

_BREAK: Final = 4.5
"""CA-CA distance beyond which residues are not bonded, Å."""

_LONGEST_GAP: Final = 200
"""Most residues that a jump in the numbering stands for."""

_IDENTITY: Final = 0.5
"""Least share of the modelled residues that the sequence of a chain must explain."""

_MOST_CELLS: Final = 30_000_000
"""Largest product of the lengths of a model and a sequence that are aligned with gaps."""

_MOST_ALIGNED: Final = 5
"""Most sequences of the user that are aligned to a chain, those that share most runs of three."""

_MOST_OTHERS: Final = 20
"""Most other sequences that are tried on a chain."""

_MATCH, _MISMATCH, _GAP_OPEN, _GAP = 5.0, -4.0, -8.0, -0.2


@dataclass(frozen=True, eq=False)
class ChainModel:
    """The residues of a chain and their positions in its sequence.

    Attributes
    ----------
    name
        Author name of the chain.
    rows
        ``residue`` int64, rows of the structure, in file order.
    types
        ``residue`` int64, the modelled amino acids, `UNKNOWN` if not standard.
    sequence
        ``position`` int64, the sequence of the chain, with residues that have no coordinates.
    position
        ``residue`` int64, position of each residue in the sequence, increasing.
    declared
        Whether the sequence comes from the file or the user, and not from the model itself.
    """

    name: str
    rows: NDArray[np.int64]
    types: NDArray[np.int64]
    sequence: NDArray[np.int64]
    position: NDArray[np.int64]
    declared: bool

    def __len__(self) -> int:
        return len(self.rows)

    def with_sequence(self, sequence: NDArray[np.int64], position: NDArray[np.int64]) -> ChainModel:
        """Return the chain with a declared sequence.

        Parameters
        ----------
        sequence, position
            See the attributes.
        """
        return replace(self, sequence=sequence, position=position, declared=True)


def chain_model(
    structure: Structure, chain: str, declared: NDArray[np.int64] | None = None
) -> ChainModel:
    """Return a chain with its sequence.

    Parameters
    ----------
    structure
        The structure.
    chain
        Author name of a protein chain.
    declared
        ``position``, the sequence that it should have. By default that of the model, in which a
        chain break across which the numbers jump counts as so many unknown residues.
    """
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    types = amino_acid_types(structure.parent[rows].tolist())
    if declared is not None:
        position = align(types, declared)
        return ChainModel(chain, rows, types, declared, position, declared=True)
    missing = missing_before(structure.backbone()[rows, 1], structure.number[rows])
    position = np.arange(len(rows)) + np.cumsum(missing)
    sequence = np.full(position[-1] + 1, UNKNOWN)
    sequence[position] = types
    return ChainModel(chain, rows, types, sequence, position, declared=False)


def amino_acid_types(names: list[str]) -> NDArray[np.int64]:
    """Return the indices of amino acids, `UNKNOWN` for other names.

    Parameters
    ----------
    names
        Three-letter codes.
    """
    return np.array([AMINO_ACID_INDEX.get(name, UNKNOWN) for name in names], dtype=np.int64)


def missing_before(ca: NDArray[np.floating], number: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many residues are missing before each residue of a chain, by its numbers.

    Parameters
    ----------
    ca
        ``residue 3``, Å; NaN where it is missing.
    number
        ``residue``, author numbers.

    Returns
    -------
    ndarray
        ``residue`` int64. A jump in the numbers without a chain break counts for nothing.
    """
    missing = np.zeros(len(number), dtype=np.int64)
    distance = np.linalg.norm(np.diff(ca, axis=0), axis=1)
    jump = np.diff(number.astype(np.int64)) - 1
    # A residue without CA has no distance, and is not a break.
    broken = (distance > _BREAK) & (jump > 0) & (jump <= _LONGEST_GAP)
    missing[1:][broken] = jump[broken]
    return missing


def align(model: NDArray[np.int64], sequence: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place the residues of a model in a sequence.

    Parameters
    ----------
    model
        ``residue``, amino acids.
    sequence
        ``position``, amino acids.

    Returns
    -------
    ndarray
        ``residue`` int64, the position of each residue, by global alignment with affine gaps that
        are free at the ends of the sequence. A residue that is aligned with a gap gets the position
        after that of the residue before it, so that positions may repeat or lie outside.
    """
    n, length = len(model), len(sequence)
    if n * length > _MOST_CELLS:
        return _best_diagonal(model, sequence)
    same = (model[:, None] == sequence[None]) & (model[:, None] != UNKNOWN)
    score = np.where(same, _MATCH, _MISMATCH)
    columns = np.arange(length + 1)
    best = np.zeros(length + 1)  # positions before the model are free
    vertical = np.full(length + 1, -np.inf)
    origin = np.zeros((n, length + 1), dtype=np.int8)
    jump = np.zeros((n, length + 1), dtype=np.int32)
    stay = np.zeros((n, length + 1), dtype=np.bool_)
    for i in range(n):
        opened, extended = best + _GAP_OPEN, vertical + _GAP
        stay[i] = extended > opened
        vertical = np.maximum(opened, extended)
        diagonal = np.full(length + 1, -np.inf)
        diagonal[1:] = best[:-1] + score[i]
        row = np.maximum(diagonal, vertical)
        origin[i] = np.where(diagonal >= vertical, 0, 1)
        # The best horizontal gap that ends in each column, by a running maximum.
        source = row - _GAP * columns
        leader = np.maximum.accumulate(source)
        starts = np.where(source == leader, columns, 0)
        start = np.maximum.accumulate(starts)
        horizontal = np.full(length + 1, -np.inf)
        horizontal[1:] = leader[:-1] + _GAP_OPEN + _GAP * columns[1:]
        taken = horizontal > row
        origin[i][taken] = 2
        jump[i, 1:] = start[:-1]
        best = np.maximum(row, horizontal)
    return _trace(origin, jump, stay, int(best.argmax()))


def _best_diagonal(model: NDArray[np.int64], sequence: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place a long model in a sequence without gaps."""
    rows = np.arange(len(model))
    longest = max(len(model), len(sequence))
    matches = np.zeros(2 * longest)
    for kind in range(len(AMINO_ACID_INDEX)):
        ones = np.fft.rfft(sequence == kind, 2 * longest)
        matches += np.fft.irfft(
            ones * np.conj(np.fft.rfft(model == kind, 2 * longest)), 2 * longest
        )
    offset = int(matches.argmax())
    return rows + (offset if offset < longest else offset - 2 * longest)


def _trace(
    origin: NDArray[np.int8], jump: NDArray[np.int32], stay: NDArray[np.bool_], column: int
) -> NDArray[np.int64]:
    position = np.full(len(origin), UNKNOWN)
    row, in_gap = len(origin) - 1, False
    while row >= 0:
        if not in_gap and origin[row, column] == 2:
            column = int(jump[row, column])
        if in_gap or origin[row, column] == 1:
            in_gap = bool(stay[row, column])
        else:
            column -= 1
            position[row] = column
        row -= 1
    return _fill(position)


def _fill(position: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give residues in gaps the positions that follow those before them."""
    known = np.flatnonzero(position != UNKNOWN)
    if not len(known):
        return np.arange(len(position))
    rows = np.arange(len(position))
    before = np.maximum.accumulate(np.where(position != UNKNOWN, rows, known[0]))
    return position[before] + rows - before


def choose_sequence(
    structure: Structure,
    chain: str,
    given: Mapping[str, str] | None,
    warnings: list[str],
) -> NDArray[np.int64] | None:
    """Return the sequence that a chain should have.

    Parameters
    ----------
    structure
        The structure.
    chain
        Author name of a protein chain.
    given
        Sequences of the user, name to one-letter codes; the one most like that of the model is
        used. By default the sequence that the file declares for the chain.
    warnings
        List to which a sentence is added if no sequence resembles that of the model.

    Returns
    -------
    ndarray or None
        ``position`` int64; None to use the sequence of the model.
    """
    if given is None:
        names = structure.sequences.get(chain)
        candidates = [] if not names else [amino_acid_types(list(names))]
    else:
        candidates = [sequence_types(letters) for letters in given.values()]
    if not candidates:
        return None
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    model = amino_acid_types(structure.parent[rows].tolist())
    if len(candidates) > _MOST_ALIGNED:
        own = _triplets(model)
        candidates.sort(key=lambda sequence: -len(own & _triplets(sequence)))
    best = max(candidates[:_MOST_ALIGNED], key=lambda sequence: identity(model, sequence))
    if identity(model, best) >= _IDENTITY:
        return best
    whose = "of the file" if given is None else "given"
    warnings.append(
        f"No sequence {whose} resembles that of {chain_label(chain)}; the check uses that of the "
        "model."
    )
    return None


def sequence_types(letters: str) -> NDArray[np.int64]:
    """Return the indices of amino acids, `UNKNOWN` for other letters.

    Parameters
    ----------
    letters
        One-letter codes.
    """
    return amino_acid_types([THREE_LETTER.get(letter, "") for letter in letters])


def identity(model: NDArray[np.int64], sequence: NDArray[np.int64]) -> float:
    """Return the share of the residues of a model that a sequence has, after alignment.

    Parameters
    ----------
    model, sequence
        See `align`.
    """
    position = align(model, sequence)
    inside = (position >= 0) & (position < len(sequence))
    same = (sequence[np.where(inside, position, 0)] == model) & inside & (model != UNKNOWN)
    return float(same.sum() / max(1, int((model != UNKNOWN).sum())))


def other_sequences(
    structure: Structure, chain: ChainModel, given: Mapping[str, str] | None
) -> dict[str, NDArray[np.int64]]:
    """Return the sequences that a chain might have by mistake instead of its own.

    Parameters
    ----------
    structure
        The structure.
    chain
        The chain.
    given
        Sequences of the user, see `choose_sequence`.

    Returns
    -------
    dict
        Name to amino acids: the given sequences, and the modelled ones of the other chains, except
        those that resemble the sequence of the chain or one another.
    """
    found = {name: sequence_types(letters) for name, letters in (given or {}).items()}
    for name in structure.protein_chains:
        rows = structure.is_protein & (structure.chain == name)
        found.setdefault(chain_label(name), amino_acid_types(structure.parent[rows].tolist()))
    kept: dict[str, NDArray[np.int64]] = {}
    for name, sequence in found.items():
        known = [chain.types, chain.sequence, *kept.values()]
        if len(kept) < _MOST_OTHERS and not any(_alike(sequence, other) for other in known):
            kept[name] = sequence
    return kept


def _alike(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Return whether two sequences share a third of the runs of three of the shorter one."""
    first, second = _triplets(one), _triplets(other)
    smaller = max(1, min(len(first), len(second)))
    return 3 * len(first & second) >= smaller


def _triplets(sequence: NDArray[np.int64]) -> set[tuple[int, ...]]:
    letters = sequence.tolist()
    return {*zip(letters[:-2], letters[1:-1], letters[2:], strict=True)}
