"""Scripts that show a prediction in PyMOL and ChimeraX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from protvox.predict.results.prediction import Prediction, ResidueTable
from protvox.report.terminal.prediction import SUSPECT_ODDS

ATTRIBUTE: Final = "protvox_p"
"""Name of the residue attribute in ChimeraX: probability of the amino acid present."""

_LOW, _MIDDLE, _HIGH = "#b2182b", "#f7f7f7", "#2166ac"
_NO_VALUE: Final = "#9a9a9a"
SAFE_CHAIN = re.compile(r"[A-Za-z0-9]+")


def pymol_script(prediction: Prediction, *, structure: str) -> str:
    """Return a ``.pml`` script that shows a prediction.

    The structure is coloured by the probability of the amino acid present, from red (0) through
    white to blue (1), and grey where there is none. Suspicious residues are shown as sticks and
    selected as ``suspects``; every domain is a named selection.

    Parameters
    ----------
    prediction
        Prediction, with or without residues and domains.
    structure
        Path of the structure file to open.

    Returns
    -------
    str
        Text of the script. It holds names from files only as quoted Python literals, so that no
        chain or file name can run as a command.
    """
    lines = [
        "# Made by protvox: open it in PyMOL. Colour: probability of the amino acid present.",
        "python",
        f"cmd.load({structure!r}, 'protvox')",
        "cmd.hide('everything')",
        "cmd.show('cartoon', 'polymer')",
        "cmd.show('sticks', 'organic')",
        "cmd.show('spheres', 'inorganic')",
    ]
    if prediction.residues is not None:
        lines += _pymol_colours(prediction.residues)
    for domain in prediction.domains:
        if "+" not in domain.chain:  # the ranges do not say to which chain they belong
            selection = residue_selection(domain.chain, domain.chopping)
            lines.append(f"cmd.select({identifier(domain.id)!r}, {selection!r})")
    lines += ["cmd.deselect()", "cmd.orient('polymer')", "python end", ""]
    return "\n".join(lines)


def chimerax_script(prediction: Prediction, *, structure: str, attributes: str) -> str:
    """Return a ``.cxc`` script that shows a prediction.

    Parameters
    ----------
    prediction
        Prediction, with or without residues and domains.
    structure
        Path of the structure file to open.
    attributes
        Path of the file written by `chimerax_attributes`.

    Returns
    -------
    str
        Text of the script. Chains whose names are not plain letters and digits are not selected,
        because ChimeraX cannot parse them.
    """
    lines = [
        "# Made by protvox: open it in ChimeraX. Colour: probability of the amino acid present.",
        f"open {quoted_path(structure)}",
        "hide atoms",
        "show cartoons",
        "show ligand | ions atoms",
    ]
    if prediction.residues is not None:
        lines += [
            f"open {quoted_path(attributes)}",
            f"color byattribute r:{ATTRIBUTE} palette 0,{_LOW}:0.5,{_MIDDLE}:1,{_HIGH} "
            f"noValueColor {_NO_VALUE}",
        ]
        wrong = [(c, r) for c, r in _suspects(prediction.residues) if SAFE_CHAIN.fullmatch(c)]
        if wrong:
            lines.append(f"name suspects {' '.join(f'/{c}:{r}' for c, r in wrong)}")
            lines.append("show suspects atoms")
    for domain in prediction.domains:
        if SAFE_CHAIN.fullmatch(domain.chain):
            ranges = f":{domain.chopping}" if domain.chopping else ""
            lines.append(f"name {identifier(domain.id)} /{domain.chain}{ranges}")
    return "\n".join([*lines, "view", ""])


def chimerax_attributes(prediction: Prediction) -> str:
    """Return a ``.defattr`` file with the probability of the amino acid present.

    Parameters
    ----------
    prediction
        Prediction, with or without residues.

    Returns
    -------
    str
        One line per residue, tab-separated, in the format of ChimeraX.
    """
    lines = [f"attribute: {ATTRIBUTE}", "match mode: 1-to-1", "recipient: residues"]
    scores = {} if prediction.residues is None else _scores(prediction.residues)
    lines += [
        f"\t/{chain}:{residue}\t{score:.6g}"
        for (chain, residue), score in scores.items()
        if SAFE_CHAIN.fullmatch(chain)
    ]
    return "\n".join([*lines, ""])


def _pymol_colours(table: ResidueTable) -> list[str]:
    palette = [(f"protvox_{i}", rgb(c)) for i, c in enumerate((_LOW, _MIDDLE, _HIGH))]
    return [
        "scores = {",
        *(f"    {residue!r}: {score}," for residue, score in _scores(table).items()),
        "}",
        "suspects = [",
        *(f"    {residue!r}," for residue in _suspects(table)),
        "]",
        "cmd.alter('protvox', 'b = scores.get((chain, resi), -1.0)', space={'scores': scores})",
        f"cmd.set_color('protvox_none', {rgb(_NO_VALUE)})",
        f"for name, rgb in {palette!r}:",
        "    cmd.set_color(name, rgb)",
        "cmd.color('protvox_none', 'protvox')",
        f"cmd.spectrum('b', {' '.join(name for name, _ in palette)!r}, "
        "'protvox and b > -0.5', minimum=0, maximum=1)",
        "cmd.select('suspects', 'none')",
        "for chain, resi in suspects:",
        "    residue = (chain, resi.replace('-', '\\\\-'))",
        "    cmd.select('suspects', 'protvox and chain \"%s\" and resi %s' % residue, merge=1)",
        "cmd.show('sticks', 'suspects')",
    ]


def _scores(table: ResidueTable) -> dict[tuple[str, str], float]:
    scores = zip(_residues(table), table.p_wild_type.tolist(), strict=True)
    return {residue: float(f"{p:.6g}") for residue, p in scores if np.isfinite(p)}


def _suspects(table: ResidueTable) -> list[tuple[str, str]]:
    residues = list(_residues(table))
    return [residues[suspect.row] for suspect in table.suspects(odds=SUSPECT_ODDS)]


def _residues(table: ResidueTable) -> Iterator[tuple[str, str]]:
    for chain, number, code in zip(table.chain, table.number, table.insertion_code, strict=True):
        yield str(chain), f"{number}{code}"


def residue_selection(chain: str, chopping: str) -> str:
    """Return a PyMOL selection of a chain, or of ranges of it.

    Parameters
    ----------
    chain
        Author chain name.
    chopping
        Author residue ranges, ``""`` for the whole chain.
    """
    selection = f'protvox and polymer and chain "{chain}"'
    if not chopping:
        return selection
    ranges = "+".join(re.sub(r"^-", r"\\-", part) for part in chopping.split(","))
    return f"{selection} and resi {ranges.replace('--', '-' + chr(92) + '-')}"


def identifier(name: str) -> str:
    """Return a name for the selection of a domain.

    Parameters
    ----------
    name
        Id of the domain.
    """
    return "domain_" + re.sub(r"[^A-Za-z0-9]+", "_", name)


def quoted_path(path: str) -> str:
    """Return a path in quotes, as ChimeraX reads it.

    Parameters
    ----------
    path
        Any path.
    """
    return '"' + path.replace("\\", "/").replace('"', "'").replace("\n", " ") + '"'


def rgb(colour: str) -> list[float]:
    """Return red, green and blue of a colour, 0 to 1.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    """
    return [round(int(colour[i : i + 2], 16) / 255, 3) for i in (1, 3, 5)]
