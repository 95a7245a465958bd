"""Features that distinguish a cut between domains from a cut through one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.geometry.secondary_structure import SecondaryStructure
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.cuts import Piece
from protvox.structure.splitting.sides import segment_measurer, side_measurer

FEATURES: Final = (
    "log_chain",
    "log_piece",
    "log_small",
    "cut_density",
    "cut_long",
    "cut_near",
    "cut_share_small",
    "cut_share_large",
    "cut_sheet",
    "cut_sheet_share",
    "home_small",
    "home_large",
    "segments",
    "log_shortest_segment",
    "cut_depth",
    "loop_ends",
    "packing_small",
    "packing_large",
    "packing_piece",
    "spread_small",
    "spread_large",
    "spread_piece",
    "gap",
    "helix_small",
    "strand_small",
    "helix_large",
    "strand_large",
    "elements_small",
    "elements_large",
)
"""Names of the features, in order; `small` and `large` are the two sides of the cut. The released
model stores these names."""

_SURFACE: Final = 2.22
"""From `protvox.structure.geometry.compactness`: the contacts per residue of a compact chain of n
residues grow as 1 - 2.22 n^(-1/3)."""

_INTERFACE: Final = 2.0 / 3.0
"""Exponent: contacts between two sides grow with the surface of the smaller one."""


def measure_cuts(contacts: Contacts, piece: Piece, sides: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the features of cuts.

    Parameters
    ----------
    contacts
        The chain.
    piece
        The part of the chain that is cut.
    sides
        ``cut residue`` bool, one side of each cut.

    Returns
    -------
    ndarray
        ``cut feature`` float64, in the order of `FEATURES`; independent of the pose.
    """
    small = np.where((2 * sides.sum(axis=1) > sides.shape[1])[:, None], ~sides, sides)
    size = small.sum(axis=1).astype(np.float64)
    other = len(piece) - size
    cut, own, home = side_measurer()(piece.first, piece.second, piece.weight, piece.counts, small)
    rest = piece.counts.sum(axis=0) - own - cut
    table = {
        "log_chain": np.full(len(size), np.log(len(contacts))),
        "log_piece": np.full(len(size), np.log(len(piece))),
        "log_small": np.log(size),
        **_contact_measures(piece, size, cut, own, rest, home),
        **_segment_measures(contacts, piece, small),
        **_shape_measures(contacts, piece, small, size),
        **_composition(contacts, piece, small, size),
        "elements_small": np.log1p(_count_sses(contacts, piece, small)),
        "elements_large": np.log1p(_count_sses(contacts, piece, ~small)),
    }
    table["packing_small"] = own[:, 0] / _compact(size)
    table["packing_large"] = rest[:, 0] / _compact(other)
    table["packing_piece"] = (cut + own + rest)[:, 0] / _compact(np.float64(len(piece)))
    return np.stack([table[name] for name in FEATURES], axis=1)


def _compact(size: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(size * np.maximum(1 - _SURFACE * size ** (-1 / 3), 0.1))


def _contact_measures(
    piece: Piece,
    size: NDArray[np.float64],
    cut: NDArray[np.float64],
    own: NDArray[np.float64],
    rest: NDArray[np.float64],
    home: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Return the features of contacts across each cut and within either side."""
    surface = size**_INTERFACE
    return {
        "cut_density": cut[:, 0] * len(piece) / (size * (len(piece) - size)),
        "cut_long": cut[:, 1] / surface,
        "cut_near": cut[:, 3] / surface / 10,
        "cut_share_small": cut[:, 0] / (cut[:, 0] + 2 * own[:, 0] + 1e-9),
        "cut_share_large": cut[:, 0] / (cut[:, 0] + 2 * rest[:, 0] + 1e-9),
        "cut_sheet": np.log1p(cut[:, 2]),
        "cut_sheet_share": cut[:, 2] / (cut[:, 2] + 2 * own[:, 2] + 2),
        "home_small": home[:, 0],
        "home_large": home[:, 1],
    }


def _segment_measures(
    contacts: Contacts, piece: Piece, small: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """Return the features of the segments into which a cut divides the chain."""
    # An inserted domain leaves the host domain and returns to it at about the same point.
    segments, shortest, depth, gap = segment_measurer()(
        piece.residues, contacts.depth, contacts.ca, small
    ).T
    return {
        "segments": segments,
        "log_shortest_segment": np.log(shortest),
        "cut_depth": depth,
        "loop_ends": gap / 10,
    }


def _shape_measures(
    contacts: Contacts, piece: Piece, small: NDArray[np.bool_], size: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return the radii of gyration, and the distance between the two sides."""
    points = contacts.ca[piece.residues]
    points = points - points.mean(axis=0)
    squares = (points**2).sum(axis=1)
    n = float(len(points))
    total = np.sqrt(squares.mean())
    centre = small @ points / size[:, None]
    other = -(small @ points) / (n - size)[:, None]
    radius = np.sqrt(np.maximum(small @ squares / size - (centre**2).sum(axis=1), 1e-6))
    rest = (squares.sum() - small @ squares) / (n - size) - (other**2).sum(axis=1)
    other_radius = np.sqrt(np.maximum(rest, 1e-6))
    gap = np.linalg.norm(centre - other, axis=1) / (radius + other_radius)
    return {
        "spread_small": radius / size**0.4,
        "spread_large": other_radius / (n - size) ** 0.4,
        "spread_piece": np.full(len(size), total / n**0.4),
        "gap": gap,
    }


def _composition(
    contacts: Contacts, piece: Piece, small: NDArray[np.bool_], size: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return the fractions of helix and strand on either side."""
    secondary = contacts.secondary[piece.residues]
    table: dict[str, NDArray[np.float64]] = {}
    for name, state in (("helix", SecondaryStructure.HELIX), ("strand", SecondaryStructure.STRAND)):
        in_state = (secondary == state).astype(np.float64)
        own = small @ in_state
        table[f"{name}_small"] = own / size
        table[f"{name}_large"] = (in_state.sum() - own) / (len(in_state) - size)
    return table


def _count_sses(contacts: Contacts, piece: Piece, side: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of helices and strands that have a residue on each side."""
    sse = contacts.sse[piece.residues]
    one_hot = np.zeros((len(sse), int(sse.max(initial=0)) + 1), dtype=np.float64)
    one_hot[np.arange(len(sse)), sse] = 1
    found: NDArray[np.int64] = (side.astype(np.float64) @ one_hot[:, 1:] > 0).sum(axis=1)
    return found
