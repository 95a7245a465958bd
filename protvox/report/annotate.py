"""Values of residues as B-factors of an annotated structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from protvox.predict.results.residue_table import ResidueTable
    from protvox.structure.structure import Structure

REMARK: Final = (
    "B-factors are the probability, in percent, that protvox gives to the amino acid present "
    "from its surroundings alone"
)
"""What ``--annotate`` says in the file that it writes."""


def values_of_residues(
    structure: Structure, table: ResidueTable, values: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Spread values of some residues over all residues of a structure.

    Parameters
    ----------
    structure
        The structure.
    table
        The residues that have values.
    values
        ``row`` of the table.

    Returns
    -------
    ndarray
        ``residue`` of the structure; NaN where there is no value.
    """
    keys = zip(
        table.chain.tolist(), table.number.tolist(), table.insertion_code.tolist(), strict=True
    )
    known = dict(zip(keys, values.tolist(), strict=True))
    rows = zip(
        structure.chain.tolist(),
        structure.number.tolist(),
        structure.insertion_code.tolist(),
        strict=True,
    )
    out = np.array([known.get(key, np.nan) for key in rows])
    out[~structure.is_protein] = np.nan
    return out
