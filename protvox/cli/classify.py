"""``protvox classify``: amino-acid environments and CATH architectures of structures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.files import refuse_overwrite
from protvox.cli.inputs import check_inputs, write_results
from protvox.cli.options import (
    assembly_option,
    chain_option,
    device_option,
    domains_option,
    format_option,
    hide_option,
    model_number_option,
    offline_option,
    output_option,
    plddt_option,
    traces_option,
    unique_option,
)
from protvox.cli.task_option import ModelName, TaskName

if TYPE_CHECKING:
    from protvox.predict.results.prediction import Prediction
    from protvox.structure.structure import Structure


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to every input."""

    task: str
    chain: str | None
    domains: tuple[str, ...]
    top_k: int
    traces: bool
    device: str | None
    model: str | Path | None
    model_number: int | None
    plddt: float
    hide_disordered: bool
    assembly: str | None
    unique: bool
    offline: bool | None


@click.command(short_help="Predict amino-acid environments and CATH architectures.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--task",
    type=TaskName("all"),
    default="all",
    show_default=True,
    help="What to predict.",
)
@chain_option
@domains_option
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of architectures reported for each domain.",
)
@traces_option
@format_option
@output_option
@device_option
@click.option(
    "--model",
    type=ModelName(),
    metavar="NAME",
    help="Model to use instead of the released ones; ./FOLDER for a model folder.",
)
@click.option("--example", is_flag=True, help="Use the bundled example, PDB entry 1pwc.")
@click.option(
    "--annotate",
    metavar="FILE",
    type=click.Path(),
    help="Write the structure (.pdb or .cif) with the probability of each residue's amino acid, "
    "in percent, as B-factors.",
)
@click.option("--pymol", metavar="FILE.pml", type=click.Path(), help="Write a PyMOL script.")
@click.option("--chimerax", metavar="FILE.cxc", type=click.Path(), help="Write a ChimeraX script.")
@model_number_option
@plddt_option
@hide_option
@assembly_option
@unique_option
@offline_option
def classify(
    inputs: tuple[str, ...],
    form: str | None,
    output: str | None,
    example: bool,
    annotate: str | None,
    pymol: str | None,
    chimerax: str | None,
    **options: Any,
) -> int:
    """Predict amino-acid environments and CATH architectures.

    INPUT is a structure file (.pdb .ent .pqr .cif .mmcif .bcif, also .gz, .bz2 or .xz),
    an identifier (1abc, P12345), or - for standard input. Results go to stdout,
    messages and progress to stderr. csv, tsv and parquet have one row per residue, or per domain
    with --task cath.

    \b
    Examples:
      protvox classify --example
      protvox classify 1abc.cif --domain A:1-90,120-150
      protvox classify models/*.pdb --task environment -o residues.csv
      protvox classify 1abc.pdb --annotate scored.pdb --pymol scored.pml
    """  # noqa: D301 (in click, \b keeps line breaks)
    from protvox.cli.views import Views

    request = _Request(**options)
    inputs = check_inputs(inputs, "protvox classify", example=example)
    views = Views(annotate=annotate, pymol=pymol, chimerax=chimerax)
    table = _table(request.task)
    views.check(inputs, table=table, assembly=request.assembly is not None)
    refuse_overwrite(inputs, (output, *views.paths))
    return write_results(
        inputs,
        partial(_predict, request=request),
        form=form,
        output=output,
        tables=table,
        write_views=views.write,
    )


def _table(task: str) -> str:
    """Return the table that csv, tsv and parquet hold."""
    from protvox.predict.task import prediction_task

    return "residues" if task == "all" else prediction_task(task).table


def _predict(source: str, request: _Request) -> tuple[Structure, Prediction]:
    from protvox.settings import load_settings
    from protvox.structure.disorder import DisorderOption
    from protvox.structure.domain_option import parse_domain_option
    from protvox.structure.io.read import read_structure

    structure = read_structure(
        source,
        model=request.model_number,
        assembly=request.assembly,
        unique=request.unique,
        offline=request.offline,
    )
    domains = parse_domain_option(request.domains)

    from protvox.predict.classify import classify  # loads torch, so errors in the input come first

    with console.progress(structure.name) as progress:
        prediction = classify(
            structure,
            task=request.task,
            domains=domains,
            chain=request.chain,
            top_k=request.top_k,
            traces=request.traces,
            device=request.device or load_settings().device,
            model=request.model,
            progress=progress,
            disorder=DisorderOption(request.plddt, request.hide_disordered),
        )
    return structure, prediction
