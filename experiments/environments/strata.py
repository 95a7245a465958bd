"""Accuracy of the environment model by burial, by amino acid and at interfaces.

Burial is a contact number (Nishikawa and Ooi 1980): the heavy atoms of all other residues and
ligands of the file within 10 Å of the ideal CB. It depends neither on the side chain, which the
network does not see, nor on radii, as an accessible surface does. A residue is at an interface if
it has an atom within 5 Å of an atom of another protein chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.train.metrics import bootstrap_interval
from protvox.train.shard import Shard
from protvox.voxel.moments.residue_frames import residue_frames

CA_TO_CB: Final = 1.53
"""Å."""

BURIAL_RADIUS: Final = 10.0
"""Å around the ideal CB."""

INTERFACE: Final = 5.0
"""Å between atoms of two chains."""

N_BURIALS: Final = 5
"""Groups of burial, of equal size."""

REPEATS: Final = 1000
"""Resamples of an interval."""


@dataclass(frozen=True)
class Outcome:
    """Prediction and label of every sample.

    Attributes
    ----------
    log_p
        ``sample class`` float64, calibrated log probabilities.
    labels
        ``sample`` int64.
    groups
        ``sample`` int64, proteins, which the intervals resample.
    """

    log_p: NDArray[np.float64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]

    def values(self) -> dict[str, NDArray[np.float64]]:
        """Return the contribution of each sample to the mean of each measure."""
        own = self.log_p[np.arange(len(self.labels)), self.labels]
        rank = (self.log_p > own[:, None]).sum(axis=1)
        return {"top1": (rank < 1) * 1.0, "top3": (rank < 3) * 1.0, "nll": -own}

    def take(self, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the measures of some samples, with intervals."""
        values = {name: value[chosen] for name, value in self.values().items()}
        groups = self.groups[chosen]
        return {
            "n": int(chosen.sum()),
            "n_proteins": len(np.unique(groups)),
            **{name: float(value.mean()) for name, value in values.items()},
            "intervals": {
                name: list(bootstrap_interval(value, groups, repeats=REPEATS))
                for name, value in values.items()
            },
        }


def count_neighbours(shard: Shard, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the heavy atoms of other residues around residues.

    Parameters
    ----------
    shard
        Structures.
    rows
        ``sample`` int64, residues with a frame.

    Returns
    -------
    ndarray
        ``sample`` int64, atoms within `BURIAL_RADIUS` of the ideal CB.
    """
    positions = shard.positions()
    centre = residue_frames(shard.backbone(), CA_TO_CB).origin[rows]
    counts = np.zeros(len(rows), dtype=np.int64)
    for samples, first, last in _by_structure(shard, rows):
        tree = cKDTree(positions[first:last])
        counts[samples] = tree.query_ball_point(centre[samples], BURIAL_RADIUS, return_length=True)
    for sample, row in enumerate(rows.tolist()):
        own = positions[shard.residue_start[row] : shard.residue_start[row + 1]] - centre[sample]
        counts[sample] -= int((np.linalg.norm(own, axis=1) <= BURIAL_RADIUS).sum())
    return counts


def read_chains(shard: Shard, structures: Path) -> NDArray[np.int64]:
    """Return the protein chain of every residue of a shard, from the files it was made of.

    Parameters
    ----------
    shard
        Structures whose names are their files, relative to a folder.
    structures
        The folder.

    Returns
    -------
    ndarray
        ``residue`` int64, numbered within each structure; -1 for residues that are not protein.

    Raises
    ------
    InputError
        If a file is not the one in the shard (``input.shard``).
    """
    parts = []
    for index, name in enumerate(shard.name.tolist()):
        structure = read_structure(structures / name)
        first, last = shard.structure_start[index : index + 2].tolist()
        counts = np.bincount(structure.residue_index, minlength=structure.n_residues)
        if not np.array_equal(counts, np.diff(shard.residue_start[first : last + 1])):
            raise InputError(
                "the file has other residues than the shard",
                where=str(structures / name),
                remedy="Build the shards again from these files",
                code="input.shard",
            )
        _, chain = np.unique(structure.chain, return_inverse=True)
        parts.append(np.where(structure.is_protein, chain, -1))
    return np.concatenate(parts).astype(np.int64)


def touch_chains(
    shard: Shard, rows: NDArray[np.int64], chain: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which residues are at an interface of protein chains.

    Parameters
    ----------
    shard
        Structures.
    rows
        ``sample`` int64, protein residues.
    chain
        From `read_chains`.

    Returns
    -------
    interface : ndarray
        ``sample`` bool.
    several : ndarray
        ``sample`` bool, whether the file has another protein chain.
    """
    positions = shard.positions()
    of_atom = chain[shard.atom_residue()]
    interface = np.zeros(len(rows), dtype=bool)
    several = np.zeros(len(rows), dtype=bool)
    for samples, first, last in _by_structure(shard, rows):
        points, chains = positions[first:last], of_atom[first:last]
        for name in np.unique(chain[rows[samples]]).tolist():
            others = points[(chains != name) & (chains >= 0)]
            if not len(others):
                continue
            here = samples[chain[rows[samples]] == name]
            several[here] = True
            tree = cKDTree(others)
            for sample in here.tolist():
                atoms = slice(*shard.residue_start[rows[sample] : rows[sample] + 2])
                near, _ = tree.query(positions[atoms], distance_upper_bound=INTERFACE)
                interface[sample] = bool(np.isfinite(near).any())
    return interface, several


def by_burial(outcome: Outcome, neighbours: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the measures by burial, the most exposed fifth first."""
    edges = np.quantile(neighbours, np.arange(1, N_BURIALS) / N_BURIALS)
    group = np.searchsorted(edges, neighbours, side="right")
    table = []
    for number in range(N_BURIALS):
        chosen = group == number
        if chosen.any():
            counts = neighbours[chosen]
            bounds = {"least": int(counts.min()), "most": int(counts.max())}
            table.append({"neighbours": bounds, **outcome.take(chosen)})
    return table


def by_amino_acid(outcome: Outcome, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return the measures by the amino acid present, and the precision of each prediction.

    ``top1`` of an amino acid is its recall; ``precision`` is the share of the ``n_predicted``
    residues predicted as this amino acid that have it.
    """
    predicted = outcome.log_p.argmax(axis=1)
    table = {}
    for label, name in enumerate(classes):
        present, as_predicted = outcome.labels == label, predicted == label
        if not present.any():
            continue
        entry = outcome.take(present)
        entry["n_predicted"] = int(as_predicted.sum())
        if as_predicted.any():
            right = present[as_predicted].astype(float)
            entry["precision"] = float(right.mean())
            entry["intervals"]["precision"] = list(
                bootstrap_interval(right, outcome.groups[as_predicted], repeats=REPEATS)
            )
        table[name] = entry
    return table


def by_interface(
    outcome: Outcome,
    neighbours: NDArray[np.int64],
    interface: NDArray[np.bool_],
    several: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the measures at interfaces and away from them.

    ``interface`` against ``rest`` (all other residues) and ``rest_of_complexes`` (those of files
    with several protein chains). Interfaces are neither as buried as a core nor as exposed as
    a surface, as ``mean_neighbours`` shows.
    """
    parts = {
        "interface": interface,
        "rest": ~interface,
        "rest_of_complexes": several & ~interface,
    }
    return {
        name: {"mean_neighbours": float(neighbours[chosen].mean()), **outcome.take(chosen)}
        for name, chosen in parts.items()
        if chosen.any()
    }


def _by_structure(
    shard: Shard, rows: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], int, int]]:
    """Return by structure its samples, and its first and one-past-last atom."""
    structure = np.searchsorted(shard.structure_start, rows, side="right") - 1
    bounds = shard.residue_start[shard.structure_start]
    return [
        (np.flatnonzero(structure == one), int(bounds[one]), int(bounds[one + 1]))
        for one in np.unique(structure).tolist()
    ]
