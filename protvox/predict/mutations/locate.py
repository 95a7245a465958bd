"""Where the mutations of a list lie in a structure, and why some lie nowhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import InputError
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
        Those with an answer.
    chain
        The only chain asked for; None for all.
    lost
        Place to reason, of residues without an answer, see `Structure.where`.
    """

    def __init__(
        self,
        structure: Structure,
        residues: ResidueTable,
        chain: str | None,
        lost: Mapping[str, str],
    ) -> None:
        self._structure = structure
        self._residues = residues
        self._chain = chain
        self._lost = lost
        self._answered = _by_key(residues.chain, residues.number, residues.insertion_code)
        self._there = _by_key(structure.chain, structure.number, structure.insertion_code)

    def find(
        self, asked: MutationList
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], tuple[Failure, ...], int]:
        """Find the mutations of a list.

        Parameters
        ----------
        asked
            The list.

        Returns
        -------
        order, rows, columns : ndarray
            ``mutation`` int64: place in the list, row of the residues, amino acid.
        failures : tuple of Failure
            Those that lie nowhere, and those of the list, in its order.
        twice : int
            Mutations left out since the list has them before.
        """
        found: dict[tuple[int, int], int] = {}
        failures = list(asked.failures)
        twice = 0
        for place, mutation in asked.mutations.items():
            try:
                target = self._row(mutation), AMINO_ACID_INDEX[mutation.mutant]
            except InputError as error:
                failures.append(Failure(place, str(mutation), error.what, error.code, mutation))
                continue
            twice += target in found
            found.setdefault(target, place)
        order = np.array(list(found.values()), dtype=np.int64)
        targets = np.array(list(found), dtype=np.int64).reshape(-1, 2)
        failures.sort(key=lambda failure: failure.row)
        return order, targets[:, 0], targets[:, 1], tuple(failures), twice

    def _row(self, mutation: Mutation) -> int:
        key = self._key(mutation)
        row = self._answered.get(key)
        present = str(self._residues.wild_type[row]) if row is not None else ""
        if row is None:
            raise self._missing(key)
        if mutation.wild_type and mutation.wild_type != present:
            raise _failure(f"{present} is there, not {mutation.wild_type}", "mutation.wild_type")
        if mutation.mutant == present:
            raise _failure(f"{present} is there already", "mutation.none")
        return row

    def _key(self, mutation: Mutation) -> _Key:
        there = self._structure.protein_chains
        chain = mutation.chain
        if chain is None:
            if self._chain is None and len(there) > 1 and "" not in there:
                raise _failure(
                    f"it names no chain, and there are {listing(there, most=30)}", "mutation.chain"
                )
            blank = self._chain is None and "" in there
            chain = "" if blank else (self._chain or there[0])
        if self._chain is not None and chain != self._chain:
            raise _failure(f"it does not lie in chain {self._chain}", "mutation.chain")
        if chain not in there:
            known = (self._structure.chain == chain).any()
            what = "has no protein residues" if known else "does not exist"
            raise _failure(
                f"{chain_label(chain)} {what}, the protein chains are {listing(there, most=30)}",
                "mutation.chain",
            )
        return chain, mutation.number, mutation.insertion_code

    def _missing(self, key: _Key) -> InputError:
        row = self._there.get(key)
        if row is None:
            chain, number, code = key
            similar = [f"{n}{i}" for c, n, i in self._there if (c, n) == (chain, number)]
            more = f"; there is {listing(similar)}" if similar else ""
            return _failure(
                f"{chain_label(chain)} has no residue {number}{code}{more}", "mutation.residue"
            )
        where = self._structure.where(row)
        if not self._structure.is_protein[row]:
            return _failure(f"{where} is no protein residue", "mutation.residue")
        why = self._lost.get(where, "it was not asked for").rpartition(": ")[2]
        return _failure(f"{where} has no prediction: {why}", "mutation.residue")


def _by_key(
    chain: NDArray[np.str_], number: NDArray[np.int32], code: NDArray[np.str_]
) -> dict[_Key, int]:
    keys = zip(chain.tolist(), number.tolist(), code.tolist(), strict=True)
    return {key: row for row, key in enumerate(keys)}


def _failure(why: str, code: str) -> InputError:
    return InputError(why, where="mutations", code=code)
