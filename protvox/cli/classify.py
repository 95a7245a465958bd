"""``protvox classify``: amino-acid environments and CATH architecture of structures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from protvox.cli import console
from protvox.cli.failures import Outcomes
from protvox.cli.files import STDOUT, open_output, refuse_overwrite
from protvox.cli.options import device_option, model_number_option, offline_option
from protvox.errors import UsageError
from protvox.report.output import FORMATS, choose_format, make_writer

if TYPE_CHECKING:
    from protvox.predict.results.prediction import Prediction
    from protvox.structure.structure import Structure

_EXAMPLE = "1pwc.pdb.gz"


@dataclass(frozen=True, slots=True)
class _Request:
    """What to ask of every input, and how to read it."""

    task: Literal["all", "cath", "environment"]
    chain: str | None
    domains: tuple[str, ...]
    top_k: int
    device: str | None
    model: str | None
    model_number: int | None
    offline: bool | None


@click.command(short_help="Predict amino-acid environments and CATH architecture.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--task",
    type=click.Choice(("all", "cath", "environment")),
    default="all",
    show_default=True,
    help="What to predict.",
)
@click.option("--chain", metavar="A", help="Only this chain; the others stay as surroundings.")
@click.option(
    "--domains",
    "--domain",
    "domains",
    metavar="auto|chain|A:1-90,120-150",
    multiple=True,
    help="What to classify: domains found in every chain, chains as they are, or a domain by its "
    "author numbers; repeat it for more. [default: auto]",
)
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Architectures shown for each domain.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Output format. [default: by the name after -o, else table]",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here, not stdout.")
@device_option
@click.option("--model", metavar="NAME", help="Model to use instead of the released ones.")
@click.option("--example", is_flag=True, help="Classify the bundled example, PDB entry 1pwc.")
@click.option(
    "--annotate",
    metavar="FILE",
    type=click.Path(),
    help="Write the structure (.pdb or .cif) with the probability of the amino acid present, in "
    "percent, as B-factors.",
)
@click.option("--pymol", metavar="FILE.pml", type=click.Path(), help="Write a PyMOL script.")
@click.option("--chimerax", metavar="FILE.cxc", type=click.Path(), help="Write a ChimeraX script.")
@model_number_option
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
    """Predict amino-acid environments and CATH architecture.

    INPUT is a structure file (.pdb .ent .cif .mmcif .bcif, each also .gz), - for standard
    input, or an identifier (1abc, AF-P12345-F1). Results go to stdout, words and progress to
    stderr. csv, tsv and parquet hold one row a residue, or one row a domain with --task cath.

    \b
    Examples:
      protvox classify --example
      protvox classify 1abc.cif --domain A:1-90,120-150
      protvox classify models/*.pdb --task environment -o residues.csv
      protvox classify 1abc.pdb --annotate scored.pdb --pymol scored.pml
    """  # noqa: D301 (\b is click's mark for lines to keep)
    from protvox.cli.views import Views

    request = _Request(**options)
    if example:
        inputs = (*inputs, example_path())
    views = Views(annotate=annotate, pymol=pymol, chimerax=chimerax)
    views.check(inputs, task=request.task)
    _check_inputs(inputs, request)
    refuse_overwrite(inputs, (output, *views.paths))
    destination = output or STDOUT
    form = choose_format(form, destination)
    outcomes = Outcomes(len(inputs))
    with open_output(destination) as stream:
        check_stream(form, stream.isatty())
        tables = "domains" if request.task == "cath" else "residues"
        writer = make_writer(form, stream, many=len(inputs) > 1, tables=tables)
        for source in inputs:
            answer = outcomes.attempt(partial(_predict, source, request))
            if answer is None:
                continue
            structure, prediction = answer
            for text in prediction.warnings:
                console.warning(f"{prediction.input.name}: {text}")
            writer.add(prediction)
            views.write(structure, prediction, source)
        if not outcomes.any_done:
            # Leaving by an exception keeps an output file from appearing.
            raise click.exceptions.Exit(outcomes.exit_code)
        writer.close()
    return outcomes.exit_code


def _check_inputs(inputs: tuple[str, ...], request: _Request) -> None:
    if not inputs:
        raise UsageError(
            "there is no INPUT",
            where="protvox classify",
            remedy="Give a file, an identifier, - or --example",
            code="usage.no_input",
        )
    if inputs.count(STDOUT) > 1:
        raise UsageError(
            "standard input can be read only once",
            where="-",
            remedy="Give - once",
            code="usage.stdin",
        )


def check_stream(form: str, terminal: bool) -> None:
    """Refuse to write binary data to a terminal.

    Parameters
    ----------
    form
        Output format.
    terminal
        Whether a person reads along.

    Raises
    ------
    UsageError
        If the format is no text.
    """
    if form == "parquet" and terminal:
        raise UsageError(
            "parquet is not for a terminal",
            where="--format",
            remedy="Give a file with -o",
            code="usage.parquet",
        )


def _predict(source: str, request: _Request) -> tuple[Structure, Prediction]:
    from protvox.settings import load_settings
    from protvox.structure.domain_option import parse_domain_option
    from protvox.structure.io.read import read_structure

    structure = read_structure(source, model=request.model_number, offline=request.offline)
    division = parse_domain_option(request.domains)

    from protvox.predict.classify import classify  # brings torch in, so bad input is told before

    with console.progress(structure.name) as progress:
        prediction = classify(
            structure,
            task=request.task,
            domains=division,
            chain=request.chain,
            top_k=request.top_k,
            device=request.device or load_settings().device,
            model=request.model,
            progress=progress,
        )
    return structure, prediction


def example_path() -> str:
    """Return the path of the bundled example structure."""
    return str(Path(__file__).parent.parent / "examples" / _EXAMPLE)
