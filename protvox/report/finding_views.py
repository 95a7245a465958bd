"""Findings of a check in PyMOL, in ChimeraX, and as B-factors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.check.results import CheckResult
from protvox.report.viewers import SAFE_CHAIN, quoted_path, residue_selection, rgb

SEGMENT_VALUE: Final = 100.0
RESIDUE_VALUE: Final = 50.0

FINDINGS_REMARK: Final = (
    "B-factors are 100 in segments that protvox check found, 50 in residues whose "
    "surroundings favour another amino acid, and 0 elsewhere"
)
"""Remark in the files written by ``protvox check --annotate``."""

_COLOURS: Final = {
    "register": "#b2182b",
    "sequence": "#762a83",
    "chain": "#762a83",
    "direction": "#e08214",
    "mistraced": "#1b1b1b",
    "residue": "#f4a582",
}
_REST: Final = "#d1e5f0"


def finding_values(result: CheckResult) -> NDArray[np.float64]:
    """Return a value per residue: 100 in segments, 50 in flagged residues, 0 elsewhere.

    Parameters
    ----------
    result
        Result of a check.

    Returns
    -------
    ndarray
        ``residue`` of its table, float64.
    """
    table = result.table
    values = np.zeros(len(table))
    numbers = [f"{n}{c}" for n, c in zip(table.number, table.insertion_code, strict=True)]
    rows = {
        (str(chain), n): row
        for row, (chain, n) in enumerate(zip(table.chain, numbers, strict=True))
    }
    for residue in result.residues:
        values[rows[residue.chain, f"{residue.number}{residue.insertion_code}"]] = RESIDUE_VALUE
    for segment in result.segments:
        inside = np.flatnonzero(table.chain == segment.chain)
        # An end without a prediction is not in the table; then the segment ends at its neighbour.
        first = rows.get((segment.chain, segment.first), int(inside[0]))
        last = rows.get((segment.chain, segment.last), int(inside[-1]))
        values[first : last + 1] = SEGMENT_VALUE
    return values


def pymol_findings(result: CheckResult, *, structure: str) -> str:
    """Return a ``.pml`` script that shows findings, each segment as a named selection.

    Parameters
    ----------
    result
        Result of a check.
    structure
        Path of the structure file to open.

    Returns
    -------
    str
        Text of the script. It holds names from files only as quoted Python literals.
    """
    lines = [
        "# Made by protvox check: open it in PyMOL.",
        "python",
        f"cmd.load({structure!r}, 'protvox')",
        "cmd.hide('everything')",
        "cmd.show('cartoon', 'polymer')",
        "cmd.show('sticks', 'organic')",
        "cmd.show('spheres', 'inorganic')",
        f"cmd.set_color('protvox_rest', {rgb(_REST)})",
        "cmd.color('protvox_rest', 'polymer')",
    ]
    for name, kind, chain, first, last in _found(result):
        selection = residue_selection(chain, f"{first}-{last}" if last != first else first)
        lines += [
            f"cmd.set_color('protvox_{kind}', {rgb(_COLOURS[kind])})",
            f"cmd.select({name!r}, {selection!r})",
            f"cmd.color('protvox_{kind}', {name!r})",
            f"cmd.show('sticks', {name!r})",
        ]
    return "\n".join([*lines, "cmd.deselect()", "cmd.orient('polymer')", "python end", ""])


def chimerax_findings(result: CheckResult, *, structure: str) -> str:
    """Return a ``.cxc`` script that shows findings, each segment with a name.

    Parameters
    ----------
    result
        Result of a check.
    structure
        Path of the structure file to open.

    Returns
    -------
    str
        Text of the script. Findings in chains whose names are not plain letters and digits are
        skipped, because ChimeraX cannot parse them.
    """
    lines = [
        "# Made by protvox check: open it in ChimeraX.",
        f"open {quoted_path(structure)}",
        "hide atoms",
        "show cartoons",
        "show ligand | ions atoms",
        f"color protein {_REST}",
    ]
    for name, kind, chain, first, last in _found(result):
        if SAFE_CHAIN.fullmatch(chain):
            lines += [
                f"name {name} /{chain}:{first}-{last}",
                f"color {name} {_COLOURS[kind]}",
                f"show {name} atoms",
            ]
    return "\n".join([*lines, "view", ""])


def _found(result: CheckResult) -> Iterator[tuple[str, str, str, str, str]]:
    """Give name, kind, chain, first and last residue of every finding."""
    for residue in result.residues:
        number = f"{residue.number}{residue.insertion_code}"
        yield (
            f"residue_{_word(residue.chain)}_{_word(number)}",
            "residue",
            residue.chain,
            number,
            number,
        )
    for i, s in enumerate(result.segments, start=1):
        yield f"segment_{i}_{s.kind}", s.kind, s.chain, s.first, s.last


def _word(text: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in text)
