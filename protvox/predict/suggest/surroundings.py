"""What surrounds each residue: burial, partners of its charges, ligands, other chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX, BACKBONE_ATOMS
from protvox.networks.backbone.residues import kept_rows, residues_of, torsions
from protvox.structure.geometry.secondary_structure import secondary_structure
from protvox.structure.structure import ResidueKind, Structure

_AT_ONCE: Final = 1_000_000
"""Distances in memory at once."""

_NEIGHBOURS: Final = 10.0  # Å, of CB atoms
_CONTACT: Final = 8.0  # Å, of CB atoms of two chains
_POLAR_CONTACT: Final = 3.6  # Å, hydrogen bonds and salt bridges
_DISULFIDE: Final = 2.5  # Å
_CHARGES: Final = {"charged_N": 1, "charged_O": -1}
_FARTHEST: Final = 99.0


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Measures of the residues of a structure.

    Attributes
    ----------
    neighbours
        ``residue`` int64, CB atoms within 10 Å.
    phi
        ``residue`` float64, radians; NaN where it is not defined.
    sse
        ``residue`` uint8, as `protvox.structure.geometry.secondary_structure` codes it.
    interface
        ``residue`` bool, whether a CB of another chain is within 8 Å.
    disulfide
        ``residue`` bool.
    motif
        ``residue`` bool, whether it is in a motif CxxC, two cysteines three residues apart, as
        redox sites and many metal sites have.
    partner
        ``residue`` bool, whether a polar atom of the side chain has a polar atom of another
        residue within 3.6 Å.
    like, opposite
        ``residue`` float64, from the charged atoms of the side chain to the nearest charge of the
        same and of the other sign, Å; 99 where there is none.
    positive, negative
        ``residue`` float64, from CB to the nearest charge of another residue, Å; 99 where there is
        none.
    """

    neighbours: NDArray[np.int64]
    phi: NDArray[np.float64]
    sse: NDArray[np.uint8]
    interface: NDArray[np.bool_]
    disulfide: NDArray[np.bool_]
    motif: NDArray[np.bool_]
    partner: NDArray[np.bool_]
    like: NDArray[np.float64]
    opposite: NDArray[np.float64]
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]

    @classmethod
    def of(cls, structure: Structure) -> Surroundings:
        """Measure all residues of a structure.

        Parameters
        ----------
        structure
            The whole structure. Waters are not known, so a polar atom that only water reaches has
            no partner.
        """
        n = structure.n_residues
        rows = kept_rows(structure)
        residues = residues_of(structure)
        cb = residues.atoms[:, 4].astype(np.float64)
        neighbours, interface = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
        for part, apart in _distances(cb, cb):
            neighbours[rows[part]] = (apart < _NEIGHBOURS).sum(axis=1) - 1
            other = residues.chain[part][:, None] != residues.chain
            interface[rows[part]] = ((apart < _CONTACT) & other).any(axis=1)
        phi = np.full(n, np.nan)
        sine, cosine = torsions(residues.atoms, residues.bonded)[:, :2].astype(np.float64).T
        known = (sine != 0) | (cosine != 0)
        phi[rows[known]] = np.arctan2(sine[known], cosine[known])
        sse = np.zeros(n, dtype=np.uint8)
        for chain in np.unique(residues.chain):
            here = residues.chain == chain
            sse[rows[here]] = secondary_structure(residues.atoms[here, 1])
        like, opposite = _charges(structure)
        at_cb = np.full((n, 3), np.nan)
        at_cb[rows] = cb
        return cls(
            neighbours,
            phi,
            sse,
            interface,
            _disulfides(structure),
            _motifs(structure),
            _partners(structure),
            like,
            opposite,
            _nearest_charge(structure, at_cb, 1),
            _nearest_charge(structure, at_cb, -1),
        )


def near(structure: Structure, others: NDArray[np.bool_], distance: float) -> NDArray[np.bool_]:
    """Return the protein residues with an atom near other residues.

    Parameters
    ----------
    structure
        The whole structure.
    others
        ``residue`` mask.
    distance
        Å.

    Returns
    -------
    ndarray
        ``residue`` bool; False for the others themselves.
    """
    found = np.zeros(structure.n_residues, dtype=np.bool_)
    of_others = others[structure.residue_index]
    own = structure.is_protein[structure.residue_index] & ~of_others
    points = structure.coordinates[own].astype(np.float64)
    index = structure.residue_index[own]
    for _, apart in _distances(structure.coordinates[of_others].astype(np.float64), points):
        found[index[(apart < distance).any(axis=0)]] = True
    return found


def named(structure: Structure, name: str) -> NDArray[np.bool_]:
    """Return the residues of a kind or a name.

    Parameters
    ----------
    structure
        The whole structure.
    name
        ``"LIGAND"``, ``"METAL"``, ``"NUCLEIC"``, or a residue name such as ``"HEM"``.

    Returns
    -------
    ndarray
        ``residue`` bool.
    """
    kinds = {"NUCLEIC": ResidueKind.NUCLEIC, "LIGAND": ResidueKind.LIGAND}
    if name in kinds:
        of_kind: NDArray[np.bool_] = structure.kind == kinds[name]
        return of_kind
    if name == "METAL":
        metal = np.zeros(structure.n_residues, dtype=np.bool_)
        atoms = structure.atom_type == ATOM_TYPE_INDEX["metal"]
        metal[structure.residue_index[atoms]] = True
        return metal
    chosen: NDArray[np.bool_] = ~structure.is_protein & (structure.residue_name == name)
    return chosen


def _distances(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the distances of some of the first points to all of the second, part by part."""
    at_once = max(1, _AT_ONCE // max(len(second), 1))
    for start in range(0, len(first), at_once):
        part = slice(start, start + at_once)
        yield part, np.linalg.norm(first[part, None] - second, axis=2)


def _side_chain(structure: Structure) -> NDArray[np.bool_]:
    protein = structure.is_protein[structure.residue_index]
    side: NDArray[np.bool_] = protein & ~np.isin(structure.atom_name, (*BACKBONE_ATOMS, "OXT"))
    return side


def _disulfides(structure: Structure) -> NDArray[np.bool_]:
    found = np.zeros(structure.n_residues, dtype=np.bool_)
    cysteine = structure.parent[structure.residue_index] == "CYS"
    rows = np.flatnonzero(_side_chain(structure) & (structure.atom_name == "SG") & cysteine)
    points = structure.coordinates[rows].astype(np.float64)
    for part, apart in _distances(points, points):
        bonded = (apart < _DISULFIDE).sum(axis=1) > 1
        found[structure.residue_index[rows[part][bonded]]] = True
    return found


def _motifs(structure: Structure) -> NDArray[np.bool_]:
    found = np.zeros(structure.n_residues, dtype=np.bool_)
    cysteine, number, chain = structure.parent == "CYS", structure.number, structure.chain
    pairs = cysteine[:-3] & cysteine[3:] & (chain[:-3] == chain[3:])
    for first in np.flatnonzero(pairs & (number[3:] - number[:-3] == 3)):
        found[first : first + 4] = True
    return found


def _partners(structure: Structure) -> NDArray[np.bool_]:
    found = np.zeros(structure.n_residues, dtype=np.bool_)
    polar = np.flatnonzero(np.isin(structure.element, ("N", "O")))
    own = np.flatnonzero(_side_chain(structure) & np.isin(structure.element, ("N", "O")))
    points = structure.coordinates.astype(np.float64)
    for part, apart in _distances(points[own], points[polar]):
        mine = structure.residue_index[own[part]]
        other = structure.residue_index[polar] != mine[:, None]
        found[mine[((apart < _POLAR_CONTACT) & other).any(axis=1)]] = True
    return found


def _charged(structure: Structure, sign: int) -> NDArray[np.int64]:
    types = [ATOM_TYPE_INDEX[name] for name, charge in _CHARGES.items() if charge == sign]
    return np.flatnonzero(np.isin(structure.atom_type, types))


def _charges(structure: Structure) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances to the nearest charges of the same and of the other sign."""
    out = [np.full(structure.n_residues, _FARTHEST) for _ in range(2)]
    points = structure.coordinates.astype(np.float64)
    for sign in (1, -1):
        own = _charged(structure, sign)
        for distances, other in zip(out, (sign, -sign), strict=True):
            others = _charged(structure, other)
            for part, apart in _distances(points[own], points[others]):
                mine = structure.residue_index[own[part]]
                apart[structure.residue_index[others] == mine[:, None]] = _FARTHEST
                nearest = apart.min(axis=1, initial=_FARTHEST)
                np.minimum.at(distances, mine, nearest)
    return out[0], out[1]


def _nearest_charge(
    structure: Structure, at_cb: NDArray[np.float64], sign: int
) -> NDArray[np.float64]:
    nearest = np.full(structure.n_residues, _FARTHEST)
    charged = _charged(structure, sign)
    index = structure.residue_index[charged]
    for part, apart in _distances(at_cb, structure.coordinates[charged].astype(np.float64)):
        apart[index == np.arange(structure.n_residues)[part, None]] = _FARTHEST
        nearest[part] = np.nan_to_num(apart, nan=_FARTHEST).min(axis=1, initial=_FARTHEST)
    return nearest
