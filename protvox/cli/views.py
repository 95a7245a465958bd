"""Files beside the answer: the annotated structure and the viewer scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protvox.cli import console
from protvox.cli.files import STDOUT, write_text
from protvox.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from protvox.predict.results.prediction import Prediction, ResidueTable
    from protvox.structure.structure import Structure

_STRUCTURE_SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif")


@dataclass(frozen=True, slots=True)
class Views:
    """Which files to write; ``None`` where none is wanted.

    Attributes
    ----------
    annotate
        Structure with scores as B-factors.
    pymol
        ``.pml`` script.
    chimerax
        ``.cxc`` script; its ``.defattr`` file goes beside it.
    """

    annotate: str | None
    pymol: str | None
    chimerax: str | None

    @property
    def paths(self) -> tuple[str | None, ...]:
        """Every file that will be written."""
        return self.annotate, self.pymol, self.chimerax, self._attributes

    @property
    def _attributes(self) -> str | None:
        return None if self.chimerax is None else str(Path(self.chimerax).with_suffix(".defattr"))

    def check(self, inputs: tuple[str, ...], *, task: str) -> None:
        """Refuse what cannot be written, before any work is done.

        Parameters
        ----------
        inputs
            Inputs of the command.
        task
            ``"all"``, ``"cath"`` or ``"environment"``.

        Raises
        ------
        UsageError
            If there are several inputs, the name has the wrong ending, or the scores to be
            written are not asked for.
        """
        options = {"--annotate": self.annotate, "--pymol": self.pymol, "--chimerax": self.chimerax}
        wanted = [option for option, path in options.items() if path is not None]
        if not wanted:
            return
        if len(inputs) > 1:
            raise _refusal(
                f"is for one INPUT, there are {len(inputs)}",
                wanted[0],
                "Run the command once for each",
            )
        if self.annotate is not None:
            if task == "cath":
                raise _refusal("needs the environment task", "--annotate", "Use --task all")
            check_structure_name(self.annotate)
        elif inputs and not Path(inputs[0]).is_file():
            raise _refusal("needs a structure file to open", wanted[0], "Add --annotate FILE.cif")
        if self.pymol is not None and Path(self.pymol).suffix.lower() != ".pml":
            raise _refusal("must end in .pml", "--pymol", "Rename it")
        if self.chimerax is not None and Path(self.chimerax).suffix.lower() != ".cxc":
            raise _refusal("must end in .cxc", "--chimerax", "Rename it")

    def write(self, structure: Structure, prediction: Prediction, source: str) -> None:
        """Write the files.

        Parameters
        ----------
        structure
            Structure the prediction is about.
        prediction
            Answer.
        source
            INPUT as given, opened by the scripts when no annotated structure is written.

        Raises
        ------
        UsageError
            If a file cannot be written.
        """
        shown = source
        if self.annotate is not None and prediction.residues is not None:
            table = prediction.residues
            from protvox.report.annotate import REMARK

            write_values(self.annotate, structure, table, 100 * table.p_wild_type, REMARK)
            shown = self.annotate
        if self.pymol is None and self.chimerax is None:
            return
        from protvox.report import viewers

        opened = str(Path(shown).resolve())
        if self.pymol is not None:
            _write(self.pymol, viewers.pymol_script(prediction, structure=opened))
        if self.chimerax is not None and self._attributes is not None:
            attributes = str(Path(self._attributes).resolve())
            _write(self._attributes, viewers.chimerax_attributes(prediction))
            script = viewers.chimerax_script(prediction, structure=opened, attributes=attributes)
            _write(self.chimerax, script)


def check_structure_name(path: str) -> None:
    """Refuse a name for an annotated structure whose ending names no format.

    Parameters
    ----------
    path
        Value of ``--annotate``.

    Raises
    ------
    UsageError
        If it ends neither in .pdb nor in .cif.
    """
    if not path.lower().removesuffix(".gz").endswith(_STRUCTURE_SUFFIXES):
        raise _refusal("must end in .pdb or .cif", "--annotate", "Rename it")


def write_values(
    path: str,
    structure: Structure,
    table: ResidueTable,
    values: NDArray[np.floating],
    remark: str,
) -> None:
    """Write the structure with a value of each residue as B-factors.

    Parameters
    ----------
    path
        File to write.
    structure
        The structure.
    table
        The residues that have values.
    values
        ``residue`` of the table.
    remark
        What the values are.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    from protvox.report.annotate import values_of_residues
    from protvox.structure.io.annotate import write_annotated

    write_annotated(structure, values_of_residues(structure, table, values), path, remark=remark)
    console.note(f"wrote {path}")


def _write(path: str, text: str) -> None:
    write_text(path, text)
    if path != STDOUT:
        console.note(f"wrote {path}")


def _refusal(what: str, where: str, remedy: str) -> UsageError:
    return UsageError(what, where=where, remedy=remedy, code="usage.view")
