"""``protvox check``: what may be wrong with a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.files import refuse_overwrite
from protvox.cli.inputs import check_inputs, files_in_folders, write_results
from protvox.cli.options import (
    assembly_option,
    chain_option,
    device_option,
    format_option,
    model_number_option,
    offline_option,
    output_option,
    unique_option,
)

if TYPE_CHECKING:
    from protvox.predict.check.results import CheckResult
    from protvox.structure.structure import Structure


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to every input."""

    sequence: str | None
    chain: str | None
    device: str | None
    model_number: int | None
    assembly: str | None
    unique: bool
    offline: bool | None


@click.command(short_help="Find what may be wrong with a model.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--sequence",
    metavar="FASTA",
    type=click.Path(),
    help="Sequences that the chains should have. [default: those that the file declares, else "
    "those of the model]",
)
@chain_option
@format_option
@output_option
@device_option
@click.option(
    "--annotate",
    metavar="FILE",
    type=click.Path(),
    help="Write the structure (.pdb or .cif) with 100 in the B-factors of flagged segments, 50 "
    "in those of flagged residues, 0 elsewhere.",
)
@click.option(
    "--pymol", metavar="FILE.pml", type=click.Path(), help="Write a PyMOL script of the findings."
)
@click.option(
    "--chimerax",
    metavar="FILE.cxc",
    type=click.Path(),
    help="Write a ChimeraX script of the findings.",
)
@click.option("--example", is_flag=True, help="Use the bundled example, PDB entry 1pwc.")
@model_number_option
@assembly_option
@unique_option
@offline_option
def check(
    inputs: tuple[str, ...],
    form: str | None,
    output: str | None,
    annotate: str | None,
    pymol: str | None,
    chimerax: str | None,
    example: bool,
    **options: Any,
) -> int:
    """Find what may be wrong with a model, from its coordinates alone.

    Reported are segments whose sequence fits better when it is shifted along the chain (register),
    replaced by the declared one (sequence) or by that of another chain (chain), or reversed
    (direction); segments that the sequence does not fit at all (mistraced); and single residues
    whose surroundings strongly favour another amino acid. SHIFT s means that the residue type
    modelled at position i belongs at position i + s. In models without such errors, about 0.4
    segments and one residue per 1,000 residues are reported.

    INPUT is a structure file (.pdb .ent .cif .mmcif .bcif, also .gz, .bz2 or .xz),
    an identifier (1abc, AF-P12345-F1), a folder, which is searched recursively, or - for
    standard input. csv, tsv and parquet have one row per finding.

    \b
    Examples:
      protvox check model.cif
      protvox check model.pdb --sequence target.fasta --format json
      protvox check model.pdb --pymol findings.pml
      protvox check models/ -o findings.csv
    """  # noqa: D301 (in click, \b keeps line breaks)
    from protvox.cli.views import FindingViews
    from protvox.predict.check.fasta import read_fasta

    request = _Request(**options)
    inputs = check_inputs(inputs, "protvox check", example=example)
    names = files_in_folders(inputs)
    files = tuple(names)
    views = FindingViews(annotate=annotate, pymol=pymol, chimerax=chimerax)
    views.check(files, table="residues", assembly=request.assembly is not None)
    refuse_overwrite(
        files if request.sequence is None else (*files, request.sequence),
        (output, *views.paths),
    )
    sequences = None if request.sequence is None else read_fasta(request.sequence)
    return write_results(
        files,
        lambda source: _check(source, names[source], sequences, request),
        form=form,
        output=output,
        tables="findings",
        many=inputs != files[:1],
        write_views=views.write_findings,
    )


def _check(
    source: str, name: str | None, sequences: dict[str, str] | None, request: _Request
) -> tuple[Structure, CheckResult]:
    from protvox.settings import load_settings
    from protvox.structure.io.read import read_structure

    structure = read_structure(
        source,
        name=name,
        model=request.model_number,
        assembly=request.assembly,
        unique=request.unique,
        offline=request.offline,
    )

    from protvox.predict.check.check import check  # loads torch, so errors in the input come first

    with console.progress(structure.name) as progress:
        result = check(
            structure,
            sequences=sequences,
            chain=request.chain,
            device=request.device or load_settings().device,
            progress=progress,
        )
    return structure, result
