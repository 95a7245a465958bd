"""Values per residue, for the B-factors of an annotated structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from protvox.predict.results.residue_table import ResidueTable
    from protvox.structure.structure import Structure

REMARK: Final = (
    "B-factors are the probability, in percent, that protvox assigns to the amino acid present, "
    "given only its surroundings"
)
"""Remark in the files written by ``--annotate``."""


def values_of_residues(
    structure: Structure, table: ResidueTable, values: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Return a value for each residue of a structure.

    Parameters
    ----------
    structure
        The structure.
    table
        Residues that have values.
    values
        ``row`` of the table, values.

    Returns
    -------
    ndarray
        ``residue`` of the structure, NaN where there is no value.
    """
    keys = zip(
        table.chain.tolist(), table.number.tolist(), table.insertion_code.tolist(), strict=True
    )
    value_of = dict(zip(keys, values.tolist(), strict=True))
    rows = zip(
        structure.chain.tolist(),
        structure.number.tolist(),
        structure.insertion_code.tolist(),
        strict=True,
    )
    out = np.array([value_of.get(key, np.nan) for key in rows])
    out[~structure.is_protein] = np.nan
    return out
