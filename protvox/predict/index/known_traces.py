"""CA traces and sequences of the domains of an index, about four bytes per residue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.alignment.domain_trace import DomainTrace

UNIT: Final = 0.05
"""Resolution of the coordinates, Å. A TM-score changes by less than 0.001."""

UNKNOWN: Final = "X"
"""Letter of a residue whose amino acid is not known."""

_ARRAYS: Final = ("starts", "steps", "jumps", "letters")
_LONGEST: Final = 127


@dataclass(frozen=True, eq=False)
class KnownTraces:
    """CA traces of domains, as steps from residue to residue.

    Attributes
    ----------
    starts
        ``domain+1`` int32, first residue of each domain.
    steps
        ``residue 3`` int8, from the residue before, in units of `UNIT`; 0 where there is a jump.
    jumps
        ``jump 4`` int32: residue and step, for the first residue of every domain, whose step is
        from the origin, and for steps too long for 8 bits, as over a gap in the chain.
    letters
        ``residue`` uint8, ASCII codes of one-letter amino acids.
    """

    starts: NDArray[np.int32]
    steps: NDArray[np.int8]
    jumps: NDArray[np.int32]
    letters: NDArray[np.uint8]

    @classmethod
    def build(
        cls, traces: Sequence[NDArray[np.floating]], sequences: Sequence[str | None]
    ) -> KnownTraces:
        """Store traces.

        Parameters
        ----------
        traces
            ``residue 3`` each, Å; they may be empty.
        sequences
            One letter per residue each; None if not known.
        """
        lengths = [len(trace) for trace in traces]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        empty = np.empty((0, 3), dtype=np.int64)
        units = [np.rint(np.asarray(trace) / UNIT).astype(np.int64) for trace in traces]
        steps = np.concatenate(
            [empty, *(np.diff(unit, axis=0, prepend=0 * unit[:1]) for unit in units)]
        )
        far = np.abs(steps).max(axis=1, initial=0) > _LONGEST
        far[starts[:-1][np.array(lengths) > 0]] = True
        rows = np.flatnonzero(far)
        jumps = np.column_stack([rows, steps[rows]]).astype(np.int32)
        steps[rows] = 0
        texts = [
            UNKNOWN * length if text is None else text
            for text, length in zip(sequences, lengths, strict=True)
        ]
        letters = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8)
        if len(letters) != starts[-1]:
            raise ValueError("a sequence does not have one letter per residue")
        return cls(starts, steps.astype(np.int8), jumps, letters)

    def ca(self, row: int) -> NDArray[np.float64]:
        """Return the trace of a domain, ``residue 3`` float64, Å.

        Parameters
        ----------
        row
            The domain.
        """
        first, last = int(self.starts[row]), int(self.starts[row + 1])
        steps = self.steps[first:last].astype(np.int64)
        low, high = np.searchsorted(self.jumps[:, 0], [first, last])
        steps[self.jumps[low:high, 0] - first] = self.jumps[low:high, 1:]
        return np.cumsum(steps, axis=0).astype(np.float64) * UNIT

    def sequence(self, row: int) -> str:
        """Return the one-letter sequence of a domain.

        Parameters
        ----------
        row
            The domain.
        """
        return self.letters[self.starts[row] : self.starts[row + 1]].tobytes().decode("ascii")

    def domain(self, row: int) -> DomainTrace:
        """Return the trace and the sequence of a domain.

        Parameters
        ----------
        row
            The domain.
        """
        return DomainTrace(self.ca(row), self.sequence(row))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store, by name."""
        return {f"trace.{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> KnownTraces | None:
        """Return the traces among stored arrays, None if there are none.

        Parameters
        ----------
        arrays
            Arrays of an index file by name, see `arrays`.
        """
        if f"trace.{_ARRAYS[0]}" not in arrays:
            return None
        return cls(*(arrays[f"trace.{name}"] for name in _ARRAYS))
