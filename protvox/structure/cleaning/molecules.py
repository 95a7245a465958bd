"""Molecules that share a chain name, as in simulation boxes and concatenated files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, factorize, lookup, run_starts
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.interning import factorize_integers, order_of_appearance

_CLASH: Final = 3.0
"""Repeated residues whose CA atoms are closer than this are the same residue written twice, Å."""

_FEWEST: Final = 3
"""Fewer repeated residues are taken for an error in the file, not for another molecule."""

_BOND: Final = 2.0
"""Largest C-N distance of linked residues, Å."""

_CA_DISTANCE: Final = 4.3
"""Largest CA-CA distance of linked residues, Å, used where N or C is missing."""

_STEP: Final = 4.0
"""Largest CA-CA distance per residue number between two residues of a chain, Å."""

_SLACK: Final = 1.0

_SEGMENT: Final = 4096
"""Factor of the records in `AtomTable.part`."""

_TERMINAL_OXYGENS: Final = frozenset({"OXT", "OT2", "OC2", "OT", "O2", "OT1", "OC1", "O''"})


@dataclass(frozen=True, slots=True)
class _Traces:
    """The residues with a CA atom, in file order."""

    run: NDArray[np.int64]
    number: NDArray[np.int64]
    key: NDArray[np.int64]
    part: NDArray[np.int64]
    ca: NDArray[np.float64]
    n: NDArray[np.float64]
    c: NDArray[np.float64]
    ends: NDArray[np.bool_]


def separate_molecules(table: AtomTable) -> tuple[AtomTable, list[str]]:
    """Rename molecules that have the chain name of an earlier molecule.

    A residue with a CA atom begins a new molecule in the following cases. In all but the first,
    it must not be bonded to the previous residue.

    - It and at least two more residues, or one that is bonded to it, repeat residue numbers of
      the current molecule, with other coordinates: the median distance of the repeated CA atoms
      exceeds 3 Å.
    - Its segment identifier differs from that of the previous residue.
    - It follows a TER or END record, and the previous residue has a terminal oxygen.
    - It follows a TER or END record, or a residue with a terminal oxygen, and its number is not
      larger than that of the previous residue, or too close to it for their distance in space.

    A copy with the same coordinates, such as a second model without MODEL records, is not
    renamed; its atoms are dropped later as duplicates. Single residues, such as ligands with a
    CA atom, are not molecules. Atoms of residues without a CA atom belong to the molecule that
    has their residue (for side chains written after all backbones), or else to the previous
    molecule in the file; waters belong to the first.

    Parameters
    ----------
    table
        Rows of one model, in file order.

    Returns
    -------
    table, warnings
        The second molecule of chain A becomes ``A_2``, and so on.
    """
    (atoms, atom), (elements, element) = table.texts("atom_name"), table.texts("element")
    if "CA" not in atoms or "C" not in elements:
        return table, []
    traced = np.flatnonzero((atom == atoms.index("CA")) & (element == elements.index("C")))
    chains, which = table.texts("chain")
    chain = which[traced].astype(np.int64)
    suspects = _suspects(table, traced, chain)
    if not suspects:
        return table, []
    insertion = table.insertion_code.view(np.uint32)
    starts = run_starts(which, table.number, insertion, table.texts("residue_name")[1])
    names = table.chain.astype(object)
    warnings = []
    for code in suspects:
        name = chains[code]
        rows = np.flatnonzero(which[starts] == code)
        stops = np.append(starts, len(table))[rows + 1]
        traces = _trace(table, starts[rows], stops)
        molecule = _split(traces)
        if not molecule.any():
            continue
        of_run = _assign_runs(table, starts[rows], traces, molecule)
        for start, stop, copy in zip(starts[rows], stops, of_run.tolist(), strict=True):
            if copy:
                names[start:stop] = f"{name}_{copy + 1}"
        copies = int(molecule.max()) + 1
        listed = ", ".join(f"{name}_{i}" for i in range(2, copies + 1))
        warnings.append(
            f"Chain name {name or '(blank)'} is used for {copies} chains; the later ones are "
            f"called {listed}."
        )
    coded = {name: texts for name, texts in table.coded.items() if name != "chain"}
    return replace(table, chain=names.astype(str), coded=coded), warnings


def _suspects(table: AtomTable, traced: NDArray[np.int64], chain: NDArray[np.int64]) -> list[int]:
    """Return the chains with a repeated residue or with a break between residues."""
    if not len(traced):
        return []
    order = np.argsort(chain, kind="stable")
    rows, chain = traced[order], chain[order]
    code = table.insertion_code[rows].view(np.uint32).astype(np.int64)
    other = table.altloc[rows].view(np.uint32).astype(np.int64)
    keys = (chain << 32 | table.number[rows].astype(np.int64) + 2**31) * 256 + code % 256
    same = chain[1:] == chain[:-1]
    suspect = np.zeros(len(rows), dtype=np.bool_)
    if table.part is not None:
        parts = table.part[rows]
        changes = same & (parts[1:] != parts[:-1])
        # A single residue, such as a ligand behind TER, is not a molecule.
        pair = np.append(same[1:] & (parts[2:] == parts[1:-1]), False)
        suspect[1:] |= changes & pair[: len(changes)]
        same &= parts[1:] == parts[:-1]
    seen = order_of_appearance(keys).astype(np.int64) << 32 | other
    if len(factorize_integers(seen)[0]) < len(seen):
        ordered = np.argsort(seen, kind="stable")
        suspect[ordered[1:][seen[ordered][1:] == seen[ordered][:-1]]] = True
    number = table.number[rows]
    if not _TERMINAL_OXYGENS.isdisjoint(table.texts("atom_name")[0]):
        # A chain may begin behind the oxygen at the end of another, far away.
        step = number[1:].astype(np.int64) - number[:-1]
        jump = np.linalg.norm(np.diff(table.coordinates[rows], axis=0), axis=1)
        suspect[1:] |= same & (jump > _STEP * np.maximum(step, 0) + _SLACK)
    falls = same & (number[1:] <= number[:-1]) & (code[1:] == 0) & (code[:-1] == 0)
    suspect[1:] |= falls & (other[1:] == other[:-1])
    return sorted(set(chain[suspect].tolist()))


def _trace(table: AtomTable, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> _Traces:
    size = stops - starts
    run = np.repeat(np.arange(len(starts)), size)
    rows = np.arange(int(size.sum())) + np.repeat(starts - np.append(0, np.cumsum(size)[:-1]), size)
    atoms = {}
    words, which = factorize(table.atom_name[rows])
    for name in ("CA", "N", "C"):
        xyz = np.full((len(starts), 3), np.nan)
        found = which == words.index(name) if name in words else np.zeros(len(rows), np.bool_)
        xyz[run[found][::-1]] = table.coordinates[rows[found][::-1]]
        atoms[name] = xyz
    ends = np.zeros(len(starts), dtype=np.bool_)
    ends[run[lookup((word in _TERMINAL_OXYGENS for word in words), which)]] = True
    traced = ~np.isnan(atoms["CA"][:, 0])
    amino, of = factorize(table.residue_name[starts])
    traced &= lookup((residue_name(word).amino_acid is not False for word in amino), of)
    index = np.flatnonzero(traced)
    first = starts[index]
    number = table.number[first].astype(np.int64)
    key = (number + 2**31) * 1_114_112 + table.insertion_code[first].view(np.uint32)
    # The alternative position of the CA atom is part of the key.
    ca_row = np.full(len(starts), -1, dtype=np.int64)
    found = which == words.index("CA") if "CA" in words else np.zeros(len(rows), np.bool_)
    ca_row[run[found][::-1]] = rows[found][::-1]
    other = table.altloc[ca_row[index]].view(np.uint32).astype(np.int64)
    part = np.zeros(len(index), np.int64) if table.part is None else table.part[first]
    return _Traces(
        run=index,
        number=number,
        key=key * 256 + other % 256,
        part=part.astype(np.int64),
        ca=atoms["CA"][index],
        n=atoms["N"][index],
        c=atoms["C"][index],
        ends=ends[index],
    )


def _split(traces: _Traces) -> NDArray[np.int64]:
    """Return the molecule of each residue, from 0."""
    out = np.zeros(len(traces.run), dtype=np.int64)
    keys, parts = traces.key.tolist(), traces.part.tolist()
    bonded = _bonded(traces)
    seen: dict[int, int] = {}
    current, repeats_until = 0, -1
    for i, key in enumerate(keys):
        before = seen.get(key)
        if before is not None and i > repeats_until:
            stop, moved = _block(traces, keys, seen, i)
            after_break = parts[i] != parts[i - 1]
            pair = i + 1 < len(keys) and bonded[i + 1] and not bonded[i]
            enough = len(moved) >= (2 if pair else _FEWEST) or after_break
            if enough and float(np.median(moved)) > _CLASH:
                current += 1
                first = _start_of_run(traces, bonded, out, i)
                out[first:i] = current
                seen = {keys[row]: row for row in range(first, i)}
            else:
                repeats_until = stop
        elif before is None and i and not bonded[i] and _begins(traces, parts, i):
            current += 1
            seen = {}
        seen.setdefault(key, i)
        out[i] = current
    return _merge_single(out, bonded)


def _merge_single(molecule: NDArray[np.int64], bonded: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Merge residues that are not bonded to another into the previous molecule."""
    linked = bonded.copy()
    linked[:-1] |= bonded[1:]
    real = np.zeros(int(molecule.max(initial=0)) + 1, dtype=np.bool_)
    real[molecule[linked]] = True
    real[0] = True
    merged: NDArray[np.int64] = (np.cumsum(real) - 1)[molecule]
    return merged


def _block(
    traces: _Traces, keys: list[int], seen: dict[int, int], start: int
) -> tuple[int, NDArray[np.float64]]:
    """Return the last of the repeated residues, and the distances to the originals."""
    moved = []
    used: set[int] = set()
    stop = start
    while stop < len(keys) and keys[stop] in seen and keys[stop] not in used:
        used.add(keys[stop])
        moved.append(traces.ca[stop] - traces.ca[seen[keys[stop]]])
        stop += 1
    return stop - 1, np.linalg.norm(moved, axis=1)


def _start_of_run(
    traces: _Traces, bonded: NDArray[np.bool_], molecule: NDArray[np.int64], i: int
) -> int:
    """Return where the numbers that increase up to a repeated one begin, if not bonded there.

    The second molecule may begin with a number that the first does not have, such as 0.
    """
    first = i
    while first and traces.number[first] > traces.number[first - 1]:
        first -= 1
    if not first or bonded[first] or molecule[first - 1] != molecule[i - 1]:
        return i
    return first


def _begins(traces: _Traces, parts: list[int], i: int) -> bool:
    """Return whether a residue that is not bonded to the previous one begins a new molecule."""
    if parts[i] % _SEGMENT != parts[i - 1] % _SEGMENT:
        return True
    after_break, after_end = parts[i] != parts[i - 1], bool(traces.ends[i - 1])
    if after_break and after_end:
        return True
    if not (after_break or after_end):
        return False
    step = int(traces.number[i] - traces.number[i - 1])
    distance = float(np.linalg.norm(traces.ca[i] - traces.ca[i - 1]))
    return step <= 0 or distance > _STEP * step + _SLACK


def _bonded(traces: _Traces) -> NDArray[np.bool_]:
    out = np.zeros(len(traces.run), dtype=np.bool_)
    bond = np.linalg.norm(traces.n[1:] - traces.c[:-1], axis=1)
    trace = np.linalg.norm(traces.ca[1:] - traces.ca[:-1], axis=1)
    out[1:] = np.where(np.isnan(bond), trace < _CA_DISTANCE, bond < _BOND)
    return out


def _assign_runs(
    table: AtomTable, starts: NDArray[np.int64], traces: _Traces, molecule: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the molecule of each run of atoms of a chain."""
    out = np.full(len(starts), -1, dtype=np.int64)
    out[traces.run] = molecule
    columns = (table.number, table.insertion_code, table.residue_name)
    keys = list(zip(*(column[starts].tolist() for column in columns), strict=True))
    owners: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for row, run in enumerate(traces.run.tolist()):
        owners[keys[run]].append(row)
    current = 0
    for run, key in enumerate(keys):
        if out[run] >= 0:
            current = int(out[run])
            continue
        rows = owners.get(key, [])
        if residue_name(key[2]).water:
            out[run] = 0
        elif rows:
            away = np.linalg.norm(traces.ca[rows] - table.coordinates[starts[run]], axis=1)
            out[run] = molecule[rows[int(np.argmin(away))]]
        else:
            out[run] = current
    return out
