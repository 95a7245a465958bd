"""What the backbone network reads of a residue and its neighbours.

All geometry is expressed relative to the centre, so nothing depends on the pose of the file, and
side chains are never read: CB is placed from N, CA and C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.networks.backbone.feature_loops import describe_pairs, describe_tokens
from protvox.networks.backbone.residues import N_NEIGHBOURS, UNKNOWN, Residues, torsions

HIDDEN: Final = UNKNOWN + 1
"""Type of the centre, and of neighbours whose type is withheld in training."""

N_KINDS: Final = HIDDEN + 1

FARTHEST_OFFSET: Final = 24
"""Larger separations along the chain count as this one."""

OTHER_CHAIN: Final = 2 * FARTHEST_OFFSET + 1
"""Offset of residues of another chain."""

N_OFFSETS: Final = OTHER_CHAIN + 1

_SHELLS: Final = np.arange(2.0, 18.0, 2.0, dtype=np.float32)
_SHELL_WIDTH: Final = np.float32(2.0)
N_TOKEN: Final = 25 * len(_SHELLS) + 15 + 3 + 9 + 6 + 2
"""Numbers that describe a residue, see `describe`."""

_PAIR_SHELLS: Final = np.array([4.0, 5.5, 7.0, 9.0, 11.5, 14.5, 18.0], dtype=np.float32)
_PAIR_WIDTHS: Final = np.array([1.5, 1.5, 1.5, 2.0, 2.5, 3.0, 3.5], dtype=np.float32)
N_PAIR: Final = len(_PAIR_SHELLS) + 5
"""Numbers that describe a pair of residues, see `describe`."""


@dataclass(frozen=True)
class Batch:
    """What the network reads of some centres.

    Attributes
    ----------
    tokens
        ``centre 32 token`` float32, see `describe`.
    pairs
        ``centre 32 32 pair`` float32.
    kinds
        ``centre 32`` int64, `HIDDEN` for the centre.
    offsets
        ``centre 32`` int64, see `N_OFFSETS`.
    present
        ``centre 32`` bool, False where there is no such residue.
    """

    tokens: NDArray[np.float32]
    pairs: NDArray[np.float32]
    kinds: NDArray[np.int64]
    offsets: NDArray[np.int64]
    present: NDArray[np.bool_]


def describe(
    residues: Residues,
    chosen: NDArray[np.int64],
    *,
    atoms: NDArray[np.float32] | None = None,
    angles: NDArray[np.float32] | None = None,
) -> Batch:
    """Return what the network reads of some centres.

    Parameters
    ----------
    residues
        Where the centres are.
    chosen
        ``centre``, which of its centres.
    atoms
        ``residue 5 3``, in place of the residues' own, Å: with noise, for training.
    angles
        What `protvox.networks.backbone.residues.torsions` gives for these atoms; computed by
        default.

    Returns
    -------
    Batch
        Of each of the 32 residues: eight Gaussians (2 to 16 Å, width 2 Å) of each of its 25
        distances to the five atoms of the centre; its five atoms in the frame of the centre,
        in units of 8 Å; the direction of its CB from that of the centre; its axes in the
        frame; its torsion angles; its crowding. Of each pair of them: seven Gaussians of the
        distance of their CB, and whether they are 1, 2, 3 or 4 positions apart along one chain,
        or in one chain at all.
    """
    atoms = residues.atoms if atoms is None else atoms
    angles = torsions(atoms, residues.bonded) if angles is None else angles
    neighbours = residues.neighbours[chosen]
    n = len(neighbours)
    tokens = np.zeros((n, N_NEIGHBOURS, N_TOKEN), dtype=np.float32)
    pairs = np.zeros((n, N_NEIGHBOURS, N_NEIGHBOURS, N_PAIR), dtype=np.float32)
    describe_tokens(atoms, angles, residues.crowding, neighbours, _SHELLS, _SHELL_WIDTH, tokens)
    describe_pairs(
        atoms, residues.chain, residues.position, neighbours, _PAIR_SHELLS, _PAIR_WIDTHS, pairs
    )
    present = neighbours >= 0
    kinds = residues.kind[neighbours].astype(np.int64)
    kinds[:, 0] = HIDDEN
    return Batch(tokens, pairs, kinds, _offsets(residues, neighbours, present), present)


def _offsets(
    residues: Residues, neighbours: NDArray[np.int32], present: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the separation of each neighbour from its centre along the chain."""
    centre = neighbours[:, :1]
    apart = residues.position[neighbours] - residues.position[centre]
    apart = np.clip(apart, -FARTHEST_OFFSET, FARTHEST_OFFSET) + FARTHEST_OFFSET
    same = present & (residues.chain[neighbours] == residues.chain[centre])
    return np.where(same, apart, OTHER_CHAIN).astype(np.int64)
