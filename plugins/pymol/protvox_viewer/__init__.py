"""Predictions of protvox in PyMOL: ``protvox domains``, ``protvox check``, ``protvox mutations``.

See docs/how-to/viewers.md. In PyMOL, ``help protvox`` explains the command.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pymol import CmdException, cmd

from . import predictions


def protvox(task="domains", selection="enabled", service="", command="protvox", quiet=0):
    """
    DESCRIPTION

        Predicts with protvox and colours the residues of a model.

    USAGE

        protvox [ task [, selection [, service [, command ]]]]

    ARGUMENTS

        task = domains: a colour for every domain, and its CATH architecture {default}
             = check: what may be wrong; every segment becomes a selection
             = mutations: mean score of all substitutions, red where they destabilise

        selection = one model, e.g. an object {default: enabled}

        service = address of a running service, e.g. http://127.0.0.1:8000
             {default: run the command}

        command = path of the command {default: protvox}

    EXAMPLES

        protvox check
        protvox mutations, 1pwc, http://127.0.0.1:8000
        protvox domains, 1pwc, command=/home/me/protvox/.venv/bin/protvox
    """  # noqa: D400, D401, D405, D407, D412 (the form of PyMOL's help)
    names = cmd.get_object_list(f"({selection}) and polymer") or []
    if len(names) != 1:
        raise CmdException(f"choose one model with protein; {selection} has {len(names)}")
    [name] = names
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.cif"
            cmd.save(str(path), f"model {name}", state=-1)
            result = predictions.predict(task, str(path), service, command)
        residues = _residues(name)
        _colour(name, predictions.colours(result, residues))
    except predictions.PredictionError as error:
        raise CmdException(f"protvox: {error}") from None
    for chain, first, last, kind in predictions.segments(result):
        label = re.sub(r"[^A-Za-z0-9]+", "_", f"protvox_{kind}_{chain}_{first}_{last}")
        inside = [r for r in residues if r[0] == chain]
        numbers = [number for _, number in predictions.between(inside, first, last)]
        cmd.select(label, _select(name, chain, numbers))
    if not int(quiet):
        for line in predictions.report(result):
            print(f" protvox: {line}")
    return result


def _residues(name: str) -> list[predictions.Residue]:
    """Return the residues of the protein of a model, in its order."""
    found: list[predictions.Residue] = []
    cmd.iterate(
        f"model {name} and polymer.protein",
        "found.append((chain, resi))",
        space={"found": found},
    )
    return list(dict.fromkeys(found))


def _colour(name: str, colours: dict[predictions.Residue, str]) -> None:
    groups: dict[tuple[str, str], list[str]] = {}
    for (chain, number), colour in colours.items():
        groups.setdefault((colour, chain), []).append(number)
    for (colour, chain), numbers in groups.items():
        # PyMOL knows colours by number as 0xRRGGBB.
        cmd.color(f"0x{colour[1:]}", f"({_select(name, chain, numbers)}) and elem C")


def _select(name: str, chain: str, numbers: list[str]) -> str:
    """Return the selection of some residues of a chain."""
    listed = "+".join(number.replace("-", "\\-") for number in numbers)
    return f'model {name} and chain "{chain}" and resi {listed}'


def __init_plugin__(app=None):  # noqa: N807 (PyMOL's name)
    """Add the menu; PyMOL calls this when it loads the plugin."""
    from pymol.plugins import addmenuitemqt

    titles = {
        "domains": "Colour by domain (CATH)",
        "check": "Check for errors",
        "mutations": "Colour by mean mutation score",
    }
    for task, title in titles.items():
        addmenuitemqt(f"protvox|{title}", lambda task=task: protvox(task))


cmd.extend("protvox", protvox)
cmd.auto_arg[0]["protvox"] = [
    lambda: cmd.Shortcut(predictions.TASKS),
    "task",
    ", ",
]
