"""Additional output files: annotated structure and viewer scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protvox.cli import console
from protvox.cli.files import STDOUT, write_text
from protvox.errors import fail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from protvox.predict.check.results import CheckResult
    from protvox.predict.results.prediction import Prediction, ResidueTable
    from protvox.structure.structure import Structure

_STRUCTURE_SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif")


@dataclass(frozen=True, slots=True)
class Views:
    """Files to write; None for those not requested.

    Attributes
    ----------
    annotate
        Structure with scores as B-factors.
    pymol
        ``.pml`` script.
    chimerax
        ``.cxc`` script; its ``.defattr`` file is written beside it.
    """

    annotate: str | None
    pymol: str | None
    chimerax: str | None

    @property
    def paths(self) -> tuple[str | None, ...]:
        """All files that will be written."""
        return self.annotate, self.pymol, self.chimerax, self._attributes

    @property
    def _attributes(self) -> str | None:
        return None if self.chimerax is None else str(Path(self.chimerax).with_suffix(".defattr"))

    def check(self, inputs: tuple[str, ...], *, table: str, assembly: bool) -> None:
        """Check that the files can be written, before any work is done.

        Parameters
        ----------
        inputs
            Inputs of the command.
        table
            Table of the task; ``"residues"`` holds the values to annotate.
        assembly
            Whether an assembly is built, whose chains INPUT does not have.

        Raises
        ------
        UsageError
            If there are several inputs, a name has the wrong suffix, or the task does not provide
            the scores (``usage.view``).
        """
        options = {"--annotate": self.annotate, "--pymol": self.pymol, "--chimerax": self.chimerax}
        requested = [option for option, path in options.items() if path is not None]
        if not requested:
            return
        if len(inputs) > 1:
            raise fail("usage.view.one_input", where=requested[0], number=len(inputs))
        if self.annotate is not None:
            if table != "residues":
                raise fail("usage.view.task", where="--annotate")
            check_structure_name(self.annotate)
        elif assembly:
            raise fail("usage.view.assembly", where=requested[0])
        elif inputs and not Path(inputs[0]).is_file():
            raise fail("usage.view.no_file", where=requested[0])
        if self.pymol is not None and Path(self.pymol).suffix.lower() != ".pml":
            raise fail("usage.view.suffix", where="--pymol", suffixes=".pml")
        if self.chimerax is not None and Path(self.chimerax).suffix.lower() != ".cxc":
            raise fail("usage.view.suffix", where="--chimerax", suffixes=".cxc")

    def write(self, structure: Structure, prediction: Prediction, source: str) -> None:
        """Write the files.

        Parameters
        ----------
        structure
            Structure of the prediction.
        prediction
            The prediction.
        source
            INPUT; the scripts open it if no annotated structure is written.

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


class FindingViews(Views):
    """The same files for the findings of a check."""

    @property
    def paths(self) -> tuple[str | None, ...]:
        """All files that will be written."""
        return self.annotate, self.pymol, self.chimerax

    def write_findings(self, structure: Structure, result: CheckResult, source: str) -> None:
        """Write the files.

        Parameters
        ----------
        structure
            Structure of the check.
        result
            Its result.
        source
            INPUT; the scripts open it if no annotated structure is written.

        Raises
        ------
        UsageError
            If a file cannot be written.
        """
        from protvox.report import finding_views

        shown = source
        if self.annotate is not None:
            values = finding_views.finding_values(result)
            write_values(
                self.annotate, structure, result.table, values, finding_views.FINDINGS_REMARK
            )
            shown = self.annotate
        opened = str(Path(shown).resolve())
        if self.pymol is not None:
            _write(self.pymol, finding_views.pymol_findings(result, structure=opened))
        if self.chimerax is not None:
            _write(self.chimerax, finding_views.chimerax_findings(result, structure=opened))


def check_structure_name(path: str) -> None:
    """Check the suffix of an annotated structure.

    Parameters
    ----------
    path
        Value of ``--annotate``.

    Raises
    ------
    UsageError
        If the suffix is neither .pdb nor .cif (``usage.view``).
    """
    if not path.lower().removesuffix(".gz").endswith(_STRUCTURE_SUFFIXES):
        raise fail("usage.view.suffix", where="--annotate", suffixes=".pdb or .cif")


def write_values(
    path: str,
    structure: Structure,
    table: ResidueTable,
    values: NDArray[np.floating],
    remark: str,
) -> None:
    """Write the structure with a value per residue as B-factors.

    Parameters
    ----------
    path
        File to write.
    structure
        The structure.
    table
        Residues that have values.
    values
        ``residue`` of the table, values.
    remark
        Description of the values.

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
