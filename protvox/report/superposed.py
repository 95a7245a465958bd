"""Files that show two structures superposed."""

from __future__ import annotations

from typing import Final

from protvox.structure.alignment.structures import StructureAlignment
from protvox.structure.structure import Structure

_PYMOL: Final = """\
# Made by protvox: open it in PyMOL, in this folder.
load target.cif, target
load query.cif, query
hide everything
show cartoon, polymer
color grey70, target
color marine, query
orient
"""

_CHIMERAX: Final = """\
# Made by protvox: open it in ChimeraX.
open target.cif
open query.cif
hide atoms
show cartoons
color #1 silver
color #2 cornflower blue
view
"""


def superposed_files(found: StructureAlignment) -> dict[str, str]:
    """Return the files of a superposition.

    Parameters
    ----------
    found
        Alignment of two structures.

    Returns
    -------
    dict
        File name to text: both structures as mmCIF, the query moved onto the target, and scripts
        for PyMOL and ChimeraX that open them.
    """
    return {
        "query.cif": _mmcif(found.superposed()),
        "target.cif": _mmcif(found.target),
        "superposed.pml": _PYMOL,
        "superposed.cxc": _CHIMERAX,
    }


def _mmcif(structure: Structure) -> str:
    text: str = structure.to_gemmi().make_mmcif_document().as_string()
    return text
