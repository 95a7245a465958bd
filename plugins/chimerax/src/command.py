"""The command ``protvox`` of ChimeraX."""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import predictions


def description():
    """Return the arguments of the command, for ChimeraX."""
    from chimerax.atomic import AtomicStructureArg
    from chimerax.core.commands import CmdDesc, EnumOf, StringArg

    return CmdDesc(
        required=[("task", EnumOf(predictions.TASKS))],
        optional=[("structure", AtomicStructureArg)],
        keyword=[("service", StringArg), ("command", StringArg)],
        synopsis="Colour a model by the predictions of protvox",
    )


def protvox(session, task, structure=None, service="", command="protvox"):
    """Predict with protvox, colour the residues of a model, and log what was predicted.

    Parameters
    ----------
    session
        The session of ChimeraX.
    task
        ``"domains"``, ``"check"`` or ``"mutations"``.
    structure
        The model; may be omitted if one is open.
    service
        Address of a running service; by default the command is run.
    command
        Path of the command.
    """
    from chimerax.core.commands import run
    from chimerax.core.errors import UserError

    if structure is None:
        structure = _only_structure(session)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.cif"
            run(session, f'save "{path.as_posix()}" models {structure.atomspec}', log=False)
            result = predictions.predict(task, str(path), service, command)
        residues = {_key(r): r for r in structure.residues if r.polymer_type == r.PT_AMINO}
        colours = predictions.colours(result, list(residues))
    except predictions.PredictionError as error:
        raise UserError(f"protvox: {error}") from None
    for key, colour in colours.items():
        rgba = [int(colour[i : i + 2], 16) for i in (1, 3, 5)] + [255]
        residues[key].ribbon_color = rgba
        for atom in residues[key].atoms:
            if atom.element.name == "C":
                atom.color = rgba
    for number, (chain, first, last, kind) in enumerate(predictions.segments(result), 1):
        run(session, f"name protvox_{kind}_{number} {structure.atomspec}/{chain}:{first}-{last}")
    for line in predictions.report(result):
        session.logger.info(f"protvox: {line}")
    return result


def _only_structure(session):
    from chimerax.atomic import AtomicStructure
    from chimerax.core.errors import UserError

    found = session.models.list(type=AtomicStructure)
    if len(found) != 1:
        raise UserError(f"name one model, such as #1; {len(found)} are open")
    return found[0]


def _key(residue):
    return residue.chain_id, f"{residue.number}{residue.insertion_code}"
