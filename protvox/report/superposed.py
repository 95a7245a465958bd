"""Files that show structures superposed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER
from protvox.structure.alignment.structures import StructureAlignment
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.predict.search.results import SearchResult

_THREE: Final = {ONE_LETTER[name]: name for name in AMINO_ACIDS}

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


def superposed_hits(structure: Structure, result: SearchResult) -> dict[str, str]:
    """Return the files of the neighbours of domains, superposed on them.

    Parameters
    ----------
    structure
        The structure that was searched for.
    result
        Its neighbours; those that were not aligned are skipped.

    Returns
    -------
    dict
        File name to text: the structure as mmCIF, one PDB file with the CA trace of each neighbour,
        numbered by domain and rank, and scripts for PyMOL and ChimeraX that open them.
    """
    files = {"query.cif": _mmcif(structure)}
    hits: list[str] = []
    for number, domain in enumerate(result.domains, start=1):
        for rank, near in enumerate(domain.nearest, start=1):
            moved = near.superposed()
            if near.trace is None or moved is None:
                continue
            name = re.sub(r"[^A-Za-z0-9]+", "_", near.domain).strip("_")
            hits.append(f"domain{number}_{rank:02d}_{name}")
            files[f"{hits[-1]}.pdb"] = _trace_text(near.trace.sequence, moved)
    files["superposed.pml"] = "\n".join(
        [
            "# Made by protvox: open it in PyMOL, in this folder.",
            "load query.cif, query",
            *(f"load {hit}.pdb, {hit}" for hit in hits),
            "hide everything",
            "set cartoon_trace_atoms, 1",
            "show cartoon, polymer",
            "color grey70, query",
            "show ribbon, not query",
            "hide cartoon, not query",
            "orient query",
            "",
        ]
    )
    files["superposed.cxc"] = "\n".join(
        [
            "# Made by protvox: open it in ChimeraX.",
            "open query.cif",
            *(f"open {hit}.pdb" for hit in hits),
            "hide atoms",
            "show cartoons",
            "color #1 silver",
            "view #1",
            "",
        ]
    )
    return files


def _trace_text(sequence: str, moved: NDArray[np.float64]) -> str:
    letters = sequence or "X" * len(moved)
    lines = [
        f"ATOM  {number:5d}  CA  {_THREE.get(letter, 'UNK')} A{number:4d}    "
        f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
        for number, (letter, (x, y, z)) in enumerate(
            zip(letters, moved.tolist(), strict=True), start=1
        )
    ]
    return "\n".join([*lines, "TER", "END", ""])


def _mmcif(structure: Structure) -> str:
    text: str = structure.to_gemmi().make_mmcif_document().as_string()
    return text
