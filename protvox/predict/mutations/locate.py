"""The residues of a structure that a list of mutations refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import InputError, ProtvoxError, fail
from protvox.messages import chain_label, count, listing
from protvox.predict.mutations.copies import Copies
from protvox.predict.mutations.coupling import Target
from protvox.predict.mutations.mutation_list import Failure, Mutation, MutationList, Variant
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.structure import Structure

_Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Located:
    """A row of a list, found in a structure.

    Attributes
    ----------
    position
        Position in the list, from 0.
    targets
        Row of the predicted residues, and index of the amino acid, of each mutation.
    copies
        Rows of the copies of each target, itself among them, that are mutated with it; empty if
        none are.
    """

    position: int
    targets: tuple[tuple[int, int], ...]
    copies: Copies = ()

    def every(self) -> list[Target]:
        """Return every residue that is mutated."""
        if not self.copies:
            return [(row, mutant, 1.0) for row, mutant in self.targets]
        return [
            (row, mutant, 1 / len(copies))
            for (_, mutant), copies in zip(self.targets, self.copies, strict=True)
            for row in copies
        ]


class Sites:
    """The residues of a structure by author name.

    Parameters
    ----------
    structure
        The whole structure.
    residues
        Residues with a prediction.
    chain
        The only chain to use; None for all.
    dropped
        Residue, as named by `Structure.where`, to the reason why it has no prediction.
    copies
        Copies of each predicted residue, which are mutated with it; None to mutate each alone.
    """

    def __init__(
        self,
        structure: Structure,
        residues: ResidueTable,
        chain: str | None,
        dropped: Mapping[str, str],
        copies: Copies | None = None,
    ) -> None:
        self._structure = structure
        self._residues = residues
        self._chain = chain
        self._dropped = dropped
        self._copies = copies
        self._predicted = _by_key(residues.chain, residues.number, residues.insertion_code)
        self._present = _by_key(structure.chain, structure.number, structure.insertion_code)

    def find(self, requested: MutationList) -> tuple[tuple[Located, ...], tuple[Failure, ...], int]:
        """Find the mutations of a list.

        Parameters
        ----------
        requested
            The list.

        Returns
        -------
        found : tuple of Located
            The rows of the list that have residues.
        failures : tuple of Failure
            Rows without, and failures of the list, in its order.
        repeats : int
            Rows skipped because the list contains them already.
        """
        found: dict[frozenset[tuple[int, int]], Located] = {}
        failures = list(requested.failures)
        repeats = 0
        for position, variant in requested.variants.items():
            try:
                targets = self._targets(variant)
            except InputError as error:
                failures.append(Failure.of(position, str(variant), error, variant))
                continue
            key = frozenset((self._first(row), mutant) for row, mutant in targets)
            repeats += key in found
            copies = tuple(self._copies[row] for row, _ in targets) if self._copies else ()
            found.setdefault(key, Located(position, targets, copies))
        failures.sort(key=lambda failure: failure.row)
        return tuple(found.values()), tuple(failures), repeats

    def _targets(self, variant: Variant) -> tuple[tuple[int, int], ...]:
        targets: dict[int, int] = {}
        first: dict[int, int] = {}
        for mutation in variant.mutations:
            row, mutant = self._row(mutation), AMINO_ACID_INDEX[mutation.mutant]
            same = first.setdefault(self._first(row), row)
            if same != row and targets[same] == mutant:
                # Another copy, which is mutated already.
                continue
            if same in targets:
                number = f"{self._residues.number[row]}{self._residues.insertion_code[row]}"
                residue = f"{self._residues.chain[row]}:{number} {self._residues.wild_type[row]}"
                raise fail("mutation.twice", where="mutations", residue=residue)
            targets[row] = mutant
        return tuple(targets.items())

    def _first(self, row: int) -> int:
        """Return the row that stands for a residue and its copies."""
        return self._copies[row][0] if self._copies else row

    def _row(self, mutation: Mutation) -> int:
        key = self._counted(mutation) if mutation.counted else self._key(mutation)
        row = self._predicted.get(key)
        present = str(self._residues.wild_type[row]) if row is not None else ""
        if row is None:
            raise self._missing(key)
        if mutation.wild_type and mutation.wild_type != present:
            types = {"present": present, "wild_type": mutation.wild_type}
            if mutation.counted:
                residue = f"{key[0]}:{key[1]}{key[2]}"
                raise fail(
                    "mutation.wild_type.counted", where="mutations", residue=residue, **types
                )
            raise fail("mutation.wild_type", where="mutations", **types)
        if mutation.mutant == present:
            raise fail("mutation.none", where="mutations", present=present)
        return row

    def _counted(self, mutation: Mutation) -> _Key:
        """Return the residue that a mutfile names by counting those of the polymers."""
        rows = np.flatnonzero(self._structure.is_polymer)
        if not 1 <= mutation.number <= len(rows):
            residues = count(len(rows), "polymer residue")
            raise fail(
                "mutation.counted", where="mutations", residues=residues, number=mutation.number
            )
        row = rows[mutation.number - 1]
        structure = self._structure
        return (
            str(structure.chain[row]),
            int(structure.number[row]),
            str(structure.insertion_code[row]),
        )

    def _key(self, mutation: Mutation) -> _Key:
        chains = self._structure.protein_chains
        chain = mutation.chain
        if chain is None:
            several = self._chain is None and len(chains) > 1 and not self._one_sequence
            if several and "" not in chains:
                raise fail("mutation.chain", where="mutations", chains=listing(chains, most=30))
            blank = self._chain is None and "" in chains
            chain = "" if blank else (self._chain or chains[0])
        if self._chain is not None and chain != self._chain:
            raise fail("mutation.chain.other", where="mutations", chain=self._chain)
        if chain not in chains:
            known = (self._structure.chain == chain).any()
            raise fail(
                "mutation.chain.not_protein" if known else "mutation.chain.unknown",
                where="mutations",
                chain=chain_label(chain),
                chains=listing(chains, most=30),
            )
        return chain, mutation.number, mutation.insertion_code

    @property
    def _one_sequence(self) -> bool:
        """Whether all chains are copies of each other, so that none needs a name."""
        chains = [set(self._residues.chain[list(rows)]) for rows in self._copies or ()]
        return bool(chains) and max(map(len, chains)) == len(self._structure.protein_chains)

    def _missing(self, key: _Key) -> ProtvoxError:
        row = self._present.get(key)
        if row is None:
            return self._unknown(*key)
        residue = self._structure.where(row)
        if not self._structure.is_protein[row]:
            return fail("mutation.residue.not_protein", where="mutations", residue=residue)
        reason = self._dropped.get(residue, "it was not requested").rpartition(": ")[2]
        return fail("mutation.residue.dropped", where="mutations", residue=residue, reason=reason)

    def _unknown(self, chain: str, number: int, code: str) -> ProtvoxError:
        similar = [f"{n}{i}" for c, n, i in self._present if (c, n) == (chain, number)]
        label = chain_label(chain)
        if not similar:
            return fail(
                "mutation.residue", where="mutations", chain=label, number=f"{number}{code}"
            )
        return fail(
            "mutation.residue.insertion",
            where="mutations",
            chain=label,
            number=f"{number}{code}",
            similar=listing(similar),
        )


def _by_key(
    chain: NDArray[np.str_], number: NDArray[np.int32], code: NDArray[np.str_]
) -> dict[_Key, int]:
    keys = zip(chain.tolist(), number.tolist(), code.tolist(), strict=True)
    return {key: row for row, key in enumerate(keys)}
