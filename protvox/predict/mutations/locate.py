"""The residues of a structure that a list of mutations refers to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import InputError, ProtvoxError, fail
from protvox.messages import chain_label, listing
from protvox.predict.mutations.mutation_list import Failure, Mutation, MutationList
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.structure import Structure

_Key = tuple[str, int, str]


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
    """

    def __init__(
        self,
        structure: Structure,
        residues: ResidueTable,
        chain: str | None,
        dropped: Mapping[str, str],
    ) -> None:
        self._structure = structure
        self._residues = residues
        self._chain = chain
        self._dropped = dropped
        self._predicted = _by_key(residues.chain, residues.number, residues.insertion_code)
        self._present = _by_key(structure.chain, structure.number, structure.insertion_code)

    def find(
        self, requested: MutationList
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], tuple[Failure, ...], int]:
        """Find the mutations of a list.

        Parameters
        ----------
        requested
            The list.

        Returns
        -------
        order, rows, columns : ndarray
            ``mutation`` int64: position in the list, row of the residues, amino acid.
        failures : tuple of Failure
            Mutations without a residue, and failures of the list, in its order.
        repeats : int
            Mutations skipped because the list contains them already.
        """
        found: dict[tuple[int, int], int] = {}
        failures = list(requested.failures)
        repeats = 0
        for position, mutation in requested.mutations.items():
            try:
                target = self._row(mutation), AMINO_ACID_INDEX[mutation.mutant]
            except InputError as error:
                failures.append(Failure(position, str(mutation), error.what, error.code, mutation))
                continue
            repeats += target in found
            found.setdefault(target, position)
        order = np.array(list(found.values()), dtype=np.int64)
        targets = np.array(list(found), dtype=np.int64).reshape(-1, 2)
        failures.sort(key=lambda failure: failure.row)
        return order, targets[:, 0], targets[:, 1], tuple(failures), repeats

    def _row(self, mutation: Mutation) -> int:
        key = self._key(mutation)
        row = self._predicted.get(key)
        present = str(self._residues.wild_type[row]) if row is not None else ""
        if row is None:
            raise self._missing(key)
        if mutation.wild_type and mutation.wild_type != present:
            raise fail(
                "mutation.wild_type",
                where="mutations",
                present=present,
                wild_type=mutation.wild_type,
            )
        if mutation.mutant == present:
            raise fail("mutation.none", where="mutations", present=present)
        return row

    def _key(self, mutation: Mutation) -> _Key:
        chains = self._structure.protein_chains
        chain = mutation.chain
        if chain is None:
            if self._chain is None and len(chains) > 1 and "" not in chains:
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
