"""Frames of molecular dynamics trajectories; the only module that imports mdtraj."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.errors import ProtvoxError, fail
from protvox.structure.atom_table import AtomTable, lookup
from protvox.structure.cleaning.build import build_structure
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.io.read import read_table
from protvox.structure.limits import DEFAULT_LIMITS, ReadLimits
from protvox.structure.structure import Structure

_FEWEST_BONDS = 3
_BOND = 1.65  # Å; longest bond of carbon, nitrogen, oxygen and hydrogen in the topology
_LONGEST_BOND = 2.5  # Å; a molecule that crosses the edge of the box has a few longer ones
_MOST_BROKEN = 0.1
_BLOCK = 40  # Atoms in a row among which the bonds of an amino acid lie
_ANGSTROM_PER_NM = 10.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a trajectory.

    Attributes
    ----------
    index
        Index in the file, from 0.
    time
        Time in the file, ps; NaN if there is none.
    coordinates
        ``atom 3`` float64, Å.
    sha256
        Hex digest of the coordinates and the topology.
    """

    index: int
    time: float
    coordinates: NDArray[np.float64]
    sha256: str


class Trajectory:
    """An open trajectory with the structure file that names its atoms.

    Parameters
    ----------
    path
        Trajectory in a format that mdtraj can read frame by frame: .xtc, .trr, .dcd, .nc, ...
    topology
        Structure file with the same atoms in the same order; the first of several models.
        Atoms are matched by the order of the file. These formats have no names, so the order is
        checked in every frame by the bonds between the amino-acid atoms of the topology.
    limits
        Limits on the size of the topology.

    Raises
    ------
    UsageError
        If mdtraj is not installed (``usage.mdtraj``).
    InputError
        If a file cannot be read (``input.trajectory``), or the numbers of atoms differ
        (``input.topology``).

    Notes
    -----
    The topology is read and cleaned like any other structure: solvent and hydrogens are
    dropped, whatever the force field calls them. Molecules broken across the periodic box are
    not made whole; write the trajectory with whole molecules.
    """

    def __init__(self, path: str, topology: str, limits: ReadLimits = DEFAULT_LIMITS) -> None:
        self.name = Path(path).name
        table, _, self._format, digest = read_table(topology, limits=limits)
        self._table: AtomTable = table.take(table.model == table.model[:1])
        self._limits = limits
        self._digest = digest
        self._bonds = _find_bonds(self._table)
        self._file, self._atoms = _open(path, len(self._table))
        self._next = 0

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._file)

    def frame(self, index: int) -> Frame:
        """Read one frame.

        Parameters
        ----------
        index
            Index of the frame, from 0.

        Raises
        ------
        InputError
            If it cannot be read (``input.trajectory``), or the number or the order of its atoms
            is not that of the topology (``input.topology``).
        """
        try:
            if index != self._next:
                self._file.seek(index)
            read = self._file.read_as_traj(self._atoms, n_frames=1)
            self._next = index + 1
            coordinates = read.xyz[0].astype(np.float64) * _ANGSTROM_PER_NM
            time = float(read.time[0]) if len(read.time) else float("nan")
        except ValueError as error:
            raise fail("input.topology", where=self.name, atoms=len(self._table)) from error
        except (OSError, RuntimeError, IndexError) as error:
            raise _unreadable(self.name, f"frame {index}: {error}") from error
        self._check_order(read.xyz[0])
        digest = hashlib.sha256(self._digest.encode() + read.xyz.tobytes())
        return Frame(index, time, coordinates, digest.hexdigest())

    def _check_order(self, xyz: NDArray[np.float32]) -> None:
        """Raise if atoms that are bonded in the topology are far apart."""
        first, second = self._bonds
        if len(first) >= _FEWEST_BONDS:
            lengths = np.linalg.norm(xyz[first] - xyz[second], axis=1) * _ANGSTROM_PER_NM
            if not float((lengths < _LONGEST_BOND).mean()) >= 1 - _MOST_BROKEN:
                raise fail("input.topology.order", where=self.name)

    def structure(self, frame: Frame, *, name: str | None = None) -> Structure:
        """Return a frame as a cleaned structure.

        Parameters
        ----------
        frame
            A frame from `frame`.
        name
            Name to report; by default the file name with the index of the frame.

        Raises
        ------
        InputError
            See `protvox.structure.io.read.read_structure`.
        """
        return build_structure(
            replace(self._table, coordinates=frame.coordinates),
            name=name or f"{self.name}#{frame.index}",
            form=self._format,
            sha256=frame.sha256,
            limits=self._limits,
        )


def _find_bonds(table: AtomTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the bonded atoms of amino acids, and of consecutive amino acids."""
    words, which = table.texts("residue_name")
    amino = lookup((residue_name(word).amino_acid is True for word in words), which)
    rows = np.flatnonzero(amino)
    xyz, chain = table.coordinates[rows], table.texts("chain")[1][rows]
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for step in range(1, min(_BLOCK, len(rows))):
        near = np.abs(xyz[step:] - xyz[:-step]).max(axis=1) < _BOND
        near &= chain[step:] == chain[:-step]
        first = np.flatnonzero(near)
        away = np.linalg.norm(xyz[first + step] - xyz[first], axis=1)
        first = first[(away > 0) & (away < _BOND)]
        pairs.append(np.column_stack([rows[first], rows[first + step]]))
    first, second = np.concatenate(pairs).T
    return first, second


def _open(path: str, n_atoms: int) -> tuple[Any, Any]:
    try:
        import mdtraj
    except ImportError as error:
        raise fail("usage.mdtraj", where=path) from error
    # mdtraj only needs the number of atoms; their names come from the topology read above.
    atoms = mdtraj.Topology()
    residue = atoms.add_residue("UNK", atoms.add_chain())
    for _ in range(n_atoms):
        atoms.add_atom("X", None, residue)
    if not Path(path).is_file():
        raise fail("input.not_found.trajectory", where=path)
    try:
        file = mdtraj.open(path)
    except (OSError, RuntimeError, ValueError, KeyError, ImportError) as error:
        raise _unreadable(path, str(error)) from error
    if not all(hasattr(file, name) for name in ("read_as_traj", "seek", "__len__")):
        raise _unreadable(path, "this format does not give access to single frames")
    return file, atoms


def _unreadable(where: str, reason: str) -> ProtvoxError:
    return fail("input.trajectory", where=where, reason=" ".join(reason.split())[:200])
