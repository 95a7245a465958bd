"""Columns of tables of mutations, under the names that programs give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from protvox.errors import fail
from protvox.predict.mutations.mutation_list import Mutation, Variant
from protvox.predict.mutations.notation import amino_acid, parse_variant

_NUMBER: Final = re.compile(r"(-?\d{1,9})([A-Za-z]?)", re.ASCII)
_BARE: Final = re.compile(r"[A-Za-z]{3}|[A-Za-z]", re.ASCII)

_TEXT: Final = tuple(
    name
    for names in (
        "mutation mutations mutationspdb mutationpdb mutant mutants variant variants hgvspro hgvsp",
        "hgvs proteinvariant muttype mutationscleaned aachange aasubstitutions substitution",
        "substitutions mutationcode",
    )
    for name in names.split()
)
"""Names of a column of whole mutations (``F45W``): of protvox, SKEMPI, PremPS, ProteinGym, RaSP,
MaveDB, AlphaMissense and Megascale, in the order in which they are preferred."""

_NAMES: Final = {
    "chain": "chain chainid pdbchain mutatedchain mutchain authasymid",
    "number": "number position pos residue resnum resi resid resseq resno residuenumber residuenum "
    "resnumber authseqid seqpos site",
    "insertion_code": "insertioncode icode inscode pdbinscode",
    "wild_type": "wildtype wt wtaa wild wildaa wtres wtresidue wildtypeaa aawt ref refaa aaref "
    "reference from native original",
    "mutant": "mutant mut mutation mutaa mt mtaa alt altaa aaalt to subs aamut mutres mutresidue "
    "mutantaa mutatedaa newaa substitution",
}
"""Names of the columns of single amino acids, in the order in which they are preferred."""

_REQUIRED: Final = ("chain", "number", "mutant")
_FROM_ZERO: Final = {"model", "dataset", "ddgpred", "position", "wildtype", "mutation"}
"""Columns of ThermoMPNN, whose positions count from 0 along the chain."""


@dataclass(frozen=True)
class Columns:
    """Where a table holds its mutations.

    Attributes
    ----------
    text
        Column of whole mutations; None if there is none.
    of
        ``"chain"``, ``"number"``, ``"insertion_code"``, ``"wild_type"`` and ``"mutant"`` to
        their columns.
    """

    text: int | None
    of: dict[str, int]

    def read(self, cells: Sequence[str]) -> Variant:
        """Read one row.

        Parameters
        ----------
        cells
            Its cells.

        Raises
        ------
        InputError
            If it is not a valid mutation, see `protvox.predict.mutations.notation`.
        """
        values = {
            name: cells[column].strip() for name, column in self.of.items() if column < len(cells)
        }
        if self.text is not None:
            text = cells[self.text].strip() if self.text < len(cells) else ""
            if not (values.get("number") and (not text or _BARE.fullmatch(text))):
                return _with_chain(parse_variant(text), values.get("chain", ""))
        return Variant((_of_values(values),))


def find_columns(header: Sequence[str], where: str) -> Columns | None:
    """Return where a table holds its mutations.

    Parameters
    ----------
    header
        Names of the columns. Whole mutations stand in ``mutation`` (or ``mutant``, ``variant``,
        ``hgvs_pro``, ...), or in parts in ``chain``, ``number`` (``position``, ``resseq``, ...) and
        ``mutant`` (``mt_aa``, ``alt``, ...), with ``insertion_code`` and ``wild_type`` if known.
        Upper and lower case, blanks and underscores do not matter.
    where
        Name of the list, for errors.

    Returns
    -------
    Columns or None
        None if this is not a header.

    Raises
    ------
    InputError
        ``mutations.columns`` if columns are missing, ``mutations.columns.from_zero`` if the
        numbers are not residue numbers.
    """
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    of = {
        part: names.index(next(alias for alias in aliases.split() if alias in names))
        for part, aliases in _NAMES.items()
        if any(alias in names for alias in aliases.split())
    }
    text = next((names.index(alias) for alias in _TEXT if alias in names), None)
    if text is None and not {"number", "mutant"} & set(of):
        return None
    if set(names) >= _FROM_ZERO and "number" not in names:
        raise fail("mutations.columns.from_zero", where=where)
    missing = [name for name in _REQUIRED[1:] if name not in of]
    if text is None and missing:
        raise fail("mutations.columns", where=where, columns=", ".join(missing))
    return Columns(text, of)


def _with_chain(variant: Variant, chain: str) -> Variant:
    if not chain:
        return variant
    return Variant(
        tuple(replace(m, chain=chain) if m.chain is None else m for m in variant.mutations)
    )


def _of_values(values: dict[str, str]) -> Mutation:
    match = _NUMBER.fullmatch(values.get("number", ""))
    code = values.get("insertion_code", "")
    if match is None or (code and match[2] and code != match[2]) or len(code) > 1:
        raise fail("mutation.syntax.number", where="mutations", text=values.get("number", ""))
    wild_type = values.get("wild_type", "")
    return Mutation(
        values.get("chain") or None,
        int(match[1]),
        code or match[2],
        amino_acid(wild_type) if wild_type else "",
        amino_acid(values.get("mutant", "")),
    )
