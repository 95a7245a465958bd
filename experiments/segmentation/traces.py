"""Chains as CA traces with their CATH domains."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TracedChain:
    """One chain.

    Attributes
    ----------
    id
        PDB code and chain name.
    ca
        ``residue 3`` float32, Å.
    labels
        ``residue`` int64, number of the CATH domain from 1, 0 for none.
    superfamily
        CATH superfamily of the first domain.
    """

    id: str
    ca: NDArray[np.float32]
    labels: NDArray[np.int64]
    superfamily: str

    @property
    def n_domains(self) -> int:
        """Number of CATH domains."""
        return int(self.labels.max())


def read_traces(folder: Path, splits: tuple[str, ...]) -> list[TracedChain]:
    """Read the chains of some splits.

    Parameters
    ----------
    folder
        Holds ``chains.csv.xz`` and ``ca.i16.xz``: two int32 numbers (residues and chains), the
        int32 offsets of the chains, and the int16 differences of the coordinates, 0.01 Å.
    splits
        Which to read.
    """
    with lzma.open(folder / "chains.csv.xz", "rt") as text:
        table = pd.read_csv(text, keep_default_na=False, dtype={"pdb": str, "chain": str})
    with lzma.open(folder / "ca.i16.xz") as stream:
        raw = stream.read()
    total, n = np.frombuffer(raw, np.int32, 2)
    offset = np.frombuffer(raw, np.int32, n + 1, 8)
    steps = np.frombuffer(raw, np.int16, 3 * total, 8 + 4 * (n + 1)).reshape(3, total).T
    # The sums wrap around by design.
    points = np.cumsum(steps, axis=0, dtype=np.int16)
    chains = []
    for row, values in enumerate(table.itertuples(index=False)):
        if values.split not in splits:
            continue
        # id:code:ranges, one per domain
        ranges = "|".join(text.split(":")[2] for text in values.domains.split("|"))
        labels = read_chopping(ranges, values.length)
        ca = (points[offset[row] : offset[row + 1]] / 100).astype(np.float32)
        family = values.domains.split(":")[1]
        chains.append(TracedChain(values.pdb + values.chain, ca, labels, family))
    return chains


def read_chopping(text: str, n_residues: int) -> NDArray[np.int64]:
    """Return the domain of every residue.

    Parameters
    ----------
    text
        Ranges of residue indices from 0, the last one included: ``0-90_120-150|91-119``; a
        single index is a range of one residue.
    n_residues
        Length of the chain; what lies beyond is ignored.

    Returns
    -------
    ndarray
        ``residue`` int64, from 1 in the order of the text, 0 for none.
    """
    labels = np.zeros(n_residues, dtype=np.int64)
    for number, domain in enumerate(text.split("|"), start=1):
        for segment in domain.split("_"):
            first, _, last = segment.partition("-")
            labels[int(first) : int(last or first) + 1] = number
    return labels
