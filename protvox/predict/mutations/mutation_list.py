"""Mutations as asked for, alone or several at once, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from protvox.chemistry import ONE_LETTER
from protvox.errors import InputError


@dataclass(frozen=True, slots=True)
class Mutation:
    """One substitution, as given.

    Attributes
    ----------
    chain
        Author chain name; ``None`` stands for the only protein chain.
    number
        Author residue number.
    insertion_code
        ``""`` if none.
    wild_type
        Expected amino acid, three letters; ``""`` if not given.
    mutant
        Amino acid after the mutation, three letters.
    counted
        Whether ``number`` counts the polymer residues of the file from 1, as Rosetta does.
    """

    chain: str | None
    number: int
    insertion_code: str
    wild_type: str
    mutant: str
    counted: bool = False

    @property
    def substitution(self) -> str:
        """The mutation without its chain, with one-letter codes: ``L45AW``."""
        wild_type, mutant = (ONE_LETTER.get(aa, aa) for aa in (self.wild_type, self.mutant))
        return f"{wild_type}{self.number}{self.insertion_code}{mutant}"

    def __str__(self) -> str:
        """Return the form that `parse_mutation` reads, with one-letter codes: ``A:L45AW``."""
        return self.substitution if self.chain is None else f"{self.chain}:{self.substitution}"


@dataclass(frozen=True, slots=True)
class Variant:
    """One or several substitutions made at once.

    Attributes
    ----------
    mutations
        At least one, in the order given.
    """

    mutations: tuple[Mutation, ...]

    def __str__(self) -> str:
        """Return the form that `parse_variant` reads: ``A:F45A+A:L50A``."""
        return "+".join(map(str, self.mutations))


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of a list that has no score.

    Attributes
    ----------
    row
        Position in the list, from 0.
    mutation
        ``str`` of the `Variant`; the row as given if it cannot be parsed.
    why
        The reason, one clause.
    code
        Stable machine-readable code, e.g. ``"mutation.wild_type"``.
    requested
        What was asked for; None if the row cannot be parsed.
    remedy
        What to do about it, one clause; ``""`` if nothing is known.
    """

    row: int
    mutation: str
    why: str
    code: str
    requested: Variant | None = None
    remedy: str = ""

    @classmethod
    def of(
        cls, row: int, mutation: str, error: InputError, requested: Variant | None = None
    ) -> Failure:
        """Return the failure of a row for the reason that an error states."""
        return cls(row, mutation, error.what, error.code, requested, error.remedy or "")


@dataclass(frozen=True, slots=True)
class MutationList:
    """Mutations in the order given, and rows that cannot be parsed.

    Attributes
    ----------
    variants
        Row to the mutations of it.
    failures
        Rows that cannot be parsed.
    tied
        Whether a row names the copies that were mutated with it, as in the tables of
        `protvox.mutations` and `protvox.suggest`; it then stands for all copies again.
    """

    variants: Mapping[int, Variant]
    failures: tuple[Failure, ...] = ()
    tied: bool = False

    @property
    def chains(self) -> frozenset[str]:
        """Names of the chains that are named."""
        return frozenset(m.chain for v in self.variants.values() for m in v.mutations if m.chain)


def join_lists(lists: Iterable[MutationList]) -> MutationList:
    """Join lists into one, with consecutive row numbers.

    Parameters
    ----------
    lists
        The lists, in order.
    """
    variants: dict[int, Variant] = {}
    failures: list[Failure] = []
    tied = False
    for part in lists:
        tied |= part.tied
        start = len(variants) + len(failures)
        variants.update({start + row: item for row, item in part.variants.items()})
        failures += [replace(item, row=start + item.row) for item in part.failures]
    return MutationList(variants, tuple(failures), tied)
