"""The table of scored mutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS, ONE_LETTER
from protvox.comparable import Comparable
from protvox.predict.mutations.locate import Located
from protvox.predict.mutations.networks import BACKBONE, ENVIRONMENT, Scorers
from protvox.predict.mutations.stability import Change, find_stability, together
from protvox.predict.results.residue_table import ResidueTable

COLUMNS: Final = (
    "chain",
    "number",
    "insertion_code",
    "wild_type",
    "mutant",
    "mutation",
    "score",
    "percentile",
    "environment",
    "backbone",
    "ddg",
    "ddg_low",
    "ddg_high",
    "p_destabilising",
)
"""Columns of the table. ``binding`` follows if asked for, ``coupling`` if there are several
mutations at once, ``copies`` if copies of a residue are mutated together, and ``note`` if a
mutation could not be scored."""


@dataclass(frozen=True, slots=True, eq=False)
class MutationTable(Comparable):
    """Scored mutations, in the order of the list, or of the file for a scan.

    A row is one mutation, or several made at once: those have no number, wild type and mutant of
    their own, and ``chain`` if all are in one.

    Attributes
    ----------
    row
        ``mutation`` int64, position in the requested list.
    chain, insertion_code
        ``mutation``, author chain name and insertion code (``""`` if none).
    number
        ``mutation`` int32, author residue number.
    wild_type, mutant
        ``mutation``, three-letter codes.
    mutation
        ``mutation``, one-letter codes: ``F45W``, ``F45A+L50A``, or ``A:F45A+B:L50A`` for several
        chains.
    several
        ``mutation`` bool, several at once.
    score
        ``mutation`` float64, nats, positive = predicted destabilising.
    percentile
        ``mutation`` float64, 0 to 100, among all single substitutions of the structure;
        100 = the most destabilising; NaN for several at once.
    environment, backbone
        ``mutation`` float64, the scores of the two networks alone, nats; NaN where a network was
        not used.
    ddg
        ``mutation`` float64, estimated change of the free energy of folding, kcal/mol, positive =
        destabilising; NaN for models that were not calibrated, like the next three.
    ddg_low, ddg_high
        ``mutation`` float64, ends of its 80 % interval, kcal/mol.
    p_destabilising
        ``mutation`` float64, probability that the change is above 1 kcal/mol.
    binding
        ``mutation`` float64, score in the complex less that in the separated partners, nats,
        positive = predicted to weaken the complex; NaN outside the partners; ``None`` if not asked
        for.
    coupling
        ``mutation`` float64, by how much the score exceeds the sum of those of the single
        mutations, nats; ``None`` if no row has several, and no copies.
    copies
        ``mutation``, names of the identical chains that are mutated as well, with blanks between;
        the scores are means over the copies. ``None`` if each residue is mutated alone.
    plddt
        ``mutation`` float32, predicted confidence of the residue, or the lowest of several, 0 to
        100; ``None`` for a structure without.
    disordered
        ``mutation`` bool, whether the pLDDT is below the limit; ``None`` like ``plddt``.
    """

    row: NDArray[np.int64]
    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.str_]
    mutant: NDArray[np.str_]
    mutation: NDArray[np.str_]
    several: NDArray[np.bool_]
    score: NDArray[np.float64]
    percentile: NDArray[np.float64]
    environment: NDArray[np.float64]
    backbone: NDArray[np.float64]
    ddg: NDArray[np.float64]
    ddg_low: NDArray[np.float64]
    ddg_high: NDArray[np.float64]
    p_destabilising: NDArray[np.float64]
    binding: NDArray[np.float64] | None = None
    coupling: NDArray[np.float64] | None = None
    copies: NDArray[np.str_] | None = None
    plddt: NDArray[np.float32] | None = None
    disordered: NDArray[np.bool_] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: `COLUMNS`, and the others that the table has."""
        others = ("binding", "coupling", "copies", "plddt", "disordered")
        return (*COLUMNS, *(name for name in others if getattr(self, name) is not None))

    def take(self, order: NDArray[np.int64]) -> MutationTable:
        """Return some rows, which become the rows of the list in this order."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen: Any = {name: c if c is None else c[order] for name, c in columns.items()}
        return MutationTable(**chosen | {"row": np.arange(len(order))})

    def __len__(self) -> int:
        return len(self.chain)


def make_table(
    residues: ResidueTable,
    found: Sequence[Located],
    scores: NDArray[np.float64],
    percentiles: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    parts: Mapping[str, NDArray[np.float64]],
    coupling: Mapping[str, NDArray[np.float64]],
    scorers: Scorers,
    binding: NDArray[np.float64] | None,
) -> MutationTable:
    """Return the table of mutations that have been found.

    Parameters
    ----------
    residues
        Predicted residues.
    found
        The mutations.
    scores
        ``residue 20``, of single mutations.
    percentiles
        Gives the percentiles of scores.
    parts
        Task to the scores of its network, ``residue 20``.
    coupling
        Task to ``mutation``, see `protvox.predict.mutations.coupling.couplings`.
    scorers
        The networks.
    binding
        ``mutation``, see `protvox.predict.mutations.binding`; None if not asked for.
    """
    n_sites = np.array([len(one.targets) for one in found])
    rows, columns = np.array([t for one in found for t in one.targets]).reshape(-1, 2).T
    first = np.cumsum(n_sites) - n_sites
    several = n_sites > 1
    among = _Copies.of(found, rows)

    def summed(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = np.add.reduceat(among.mean(matrix, columns), first)
        return total

    def single(values: NDArray[np.str_]) -> NDArray[np.str_]:
        return np.where(several, "", values[first])

    unknown = np.full(len(found), np.nan)
    alone = {task: summed(part) + coupling[task] for task, part in parts.items()}
    beyond = scorers.mix(coupling)
    total = summed(scores) + beyond
    plddt, disordered = residues.plddt, residues.disordered
    # What is not additive is shared among the sites.
    shared = among.mean(scores, columns) + np.repeat(beyond / n_sites, n_sites)
    change = _change(scorers.models, residues, rows, columns, shared, n_sites)
    return MutationTable(
        row=np.array([one.position for one in found], dtype=np.int64),
        chain=_chains(residues.chain[rows], first, n_sites),
        number=np.where(several, 0, residues.number[rows][first]).astype(np.int32),
        insertion_code=single(residues.insertion_code[rows]),
        wild_type=single(residues.wild_type[rows]),
        mutant=single(np.take(AMINO_ACIDS, columns)),
        mutation=_names(residues, found),
        several=several,
        score=total,
        percentile=np.where(several, np.nan, percentiles(total)),
        environment=alone.get(ENVIRONMENT, unknown),
        backbone=alone.get(BACKBONE, unknown),
        ddg=change.ddg,
        ddg_low=change.low,
        ddg_high=change.high,
        p_destabilising=change.probability,
        binding=binding,
        coupling=beyond if several.any() or among.any() else None,
        copies=_copies(residues.chain, found) if found[0].copies else None,
        plddt=None if plddt is None else np.minimum.reduceat(among.lowest(plddt), first),
        disordered=None
        if disordered is None
        else np.logical_or.reduceat(among.lowest(~disordered) == 0, first),
    )


@dataclass(frozen=True, eq=False)
class _Copies:
    """The residues that each target of a list stands for.

    Attributes
    ----------
    rows
        ``copy`` int64, of all targets one after another.
    first, counts
        ``target`` int64, the first copy of each, and how many there are.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, found: Sequence[Located], rows: NDArray[np.int64]) -> _Copies:
        if not found[0].copies:
            return cls(rows, np.arange(len(rows)), np.ones(len(rows), dtype=np.int64))
        copies = [copies for one in found for copies in one.copies]
        counts = np.array([len(one) for one in copies])
        return cls(np.concatenate(copies), np.cumsum(counts) - counts, counts)

    def any(self) -> bool:
        return bool((self.counts > 1).any())

    def mean(self, matrix: NDArray[np.float64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the mean of ``residue 20`` over the copies of each target."""
        values = matrix[self.rows, np.repeat(columns, self.counts)]
        means: NDArray[np.float64] = np.add.reduceat(values, self.first) / self.counts
        return means

    def lowest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the lowest value among the copies of each target."""
        lowest: NDArray[Any] = np.minimum.reduceat(values[self.rows], self.first)
        return lowest


def _change(
    models: Mapping[str, str],
    residues: ResidueTable,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    scores: NDArray[np.float64],
    n_sites: NDArray[np.int64],
) -> Change:
    """Return the changes in kcal/mol; NaN without a calibration of these models."""
    stability = find_stability(models)
    if stability is None:
        unknown = np.full(len(n_sites), np.nan)
        return Change(unknown, unknown, unknown, unknown)
    _, which, counts = np.unique(residues.chain, return_inverse=True, return_counts=True)
    lengths = counts[which][rows].astype(np.float64)
    wild_types = np.array([AMINO_ACID_INDEX[one] for one in residues.wild_type.tolist()])[rows]
    sites = stability.change(scores, lengths, wild_types, columns)
    return together(sites, np.cumsum(n_sites) - n_sites)


def _copies(chain: NDArray[np.str_], found: Sequence[Located]) -> NDArray[np.str_]:
    """Return the names of the other chains that each row mutates."""
    names = []
    for one in found:
        own = {str(chain[row]) for row, _ in one.targets}
        others = (str(chain[row]) for rows in one.copies for row in rows)
        names.append(" ".join(name for name in dict.fromkeys(others) if name not in own))
    return np.array(names)


def _chains(
    chain: NDArray[np.str_], first: NDArray[np.int64], n_sites: NDArray[np.int64]
) -> NDArray[np.str_]:
    """Return the chain of each row, blank for several chains."""
    other = chain != np.repeat(chain[first], n_sites)
    return np.where(np.logical_or.reduceat(other, first), "", chain[first])


def _names(residues: ResidueTable, found: Sequence[Located]) -> NDArray[np.str_]:
    """Return the mutations in one-letter codes, with chains if there are several."""
    chain = residues.chain.tolist()
    wild_type = [ONE_LETTER[name] for name in residues.wild_type.tolist()]
    number = [
        f"{number}{code}"
        for number, code in zip(
            residues.number.tolist(), residues.insertion_code.tolist(), strict=True
        )
    ]
    mutant = [ONE_LETTER[name] for name in AMINO_ACIDS]
    names = []
    for one in found:
        parts = [f"{wild_type[row]}{number[row]}{mutant[column]}" for row, column in one.targets]
        chains = [chain[row] for row, _ in one.targets]
        if len(set(chains)) > 1:
            parts = [f"{name}:{part}" for name, part in zip(chains, parts, strict=True)]
        names.append("+".join(parts))
    return np.array(names)
