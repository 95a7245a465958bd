"""Chains of the check's experiments: features, types and positions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.predict.check.calibration import Calibration
from protvox.predict.check.register import amino_acid_odds
from protvox.predict.check.sequence import (
    UNKNOWN,
    ChainModel,
    amino_acid_types,
    missing_before,
)


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain with its features.

    Attributes
    ----------
    name
        Entry and chain.
    features
        ``row feature`` float32, from surroundings without side chains.
    rows
        ``row`` int64, residues that have features.
    types
        ``residue`` int64, amino acids.
    position
        ``residue`` int64, positions in the sequence with its gaps.
    backbone
        ``residue 4 3`` float32, Å.
    probabilities
        ``row 20`` float32 from surroundings with side chains; None if not computed.
    """

    name: str
    features: NDArray[np.float32]
    rows: NDArray[np.int64]
    types: NDArray[np.int64]
    position: NDArray[np.int64]
    backbone: NDArray[np.float32]
    probabilities: NDArray[np.float32] | None

    def odds(self, calibration: Calibration) -> NDArray[np.float64]:
        """Return the log odds of every amino acid, ``residue 20``."""
        odds = np.zeros((len(self.types), 20))
        shares = calibration.probabilities(self.features)
        odds[self.rows] = amino_acid_odds(shares, calibration.background)
        return odds

    def model(self, types: NDArray[np.int64] | None = None) -> ChainModel:
        """Return the chain as it is checked, optionally with other amino acids."""
        types = self.types if types is None else types
        sequence = np.full(self.position[-1] + 1, UNKNOWN)
        sequence[self.position] = types
        rows = np.arange(len(types))
        return ChainModel(self.name, rows, types, sequence, self.position, declared=False)


def read_chains(path: Path) -> list[Chain]:
    """Read the chains written by ``experiments.check.features``.

    Parameters
    ----------
    path
        The archive.
    """
    with np.load(path, allow_pickle=False) as archive:
        names = sorted({name.split("/")[0] for name in archive.files})
        return [_read(archive, name) for name in names]


def read_all(paths: Iterable[Path]) -> list[Chain]:
    """Read the chains of several archives, each chain once, by name; without empty ones.

    Parameters
    ----------
    paths
        The archives.
    """
    chains = (chain for path in paths for chain in read_chains(path))
    found = {chain.name: chain for chain in chains if len(chain.rows)}
    return [found[name] for name in sorted(found)]


def _read(archive: Any, name: str) -> Chain:
    def get(key: str) -> Any:
        return archive[f"{name}/{key}"]

    backbone, number = get("backbone"), get("number")
    position = np.arange(len(number)) + np.cumsum(missing_before(backbone[:, 1], number))
    return Chain(
        name=name,
        features=get("f").astype(np.float32),
        rows=get("rows"),
        types=amino_acid_types(get("parent").tolist()),
        position=position,
        backbone=backbone,
        probabilities=get("p") if f"{name}/p" in archive.files else None,
    )
