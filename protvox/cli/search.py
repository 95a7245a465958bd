"""``protvox search``: the known domains nearest to those of a structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.classify import check_stream
from protvox.cli.embed import check_inputs
from protvox.cli.failures import Outcomes
from protvox.cli.files import STDOUT, open_output, refuse_overwrite
from protvox.cli.options import (
    device_option,
    domains_option,
    model_number_option,
    offline_option,
)
from protvox.report.output import FORMATS, choose_format, make_writer

if TYPE_CHECKING:
    from protvox.predict.search.results import SearchResult


@dataclass(frozen=True, slots=True)
class _Request:
    """What to search for, and where."""

    top: int
    index: str | None
    chain: str | None
    domains: tuple[str, ...]
    device: str | None
    model: str | None
    model_number: int | None
    offline: bool | None


@click.command(short_help="Find the known domains nearest to those of a structure.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Neighbours of each domain.",
)
@click.option(
    "--index",
    metavar="FILE",
    type=click.Path(),
    help="Index from protvox index build. [default: CATH training domains]",
)
@click.option("--chain", metavar="A", help="Only this chain.")
@domains_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Output format. [default: by the name after -o, else table]",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here, not stdout.")
@device_option
@click.option("--model", metavar="NAME", help="Model to use instead of the released one.")
@model_number_option
@offline_option
def search(inputs: tuple[str, ...], form: str | None, output: str | None, **options: Any) -> int:
    """Find the known domains nearest to those of a structure.

    INPUT is a structure file, - for standard input, or an identifier (1abc, AF-P12345-F1).
    Without --index the training domains of the released model are searched. The similarity
    is the cosine of two embeddings, 1 at most.

    \b
    Examples:
      protvox search 1abc.cif
      protvox search 1abc.cif --domain A:1-90 --top 5 --format csv
      protvox search model.pdb --index designs.index
    """  # noqa: D301 (\b is click's mark for lines to keep)
    check_inputs(inputs, "protvox search")
    refuse_overwrite(inputs, (output,))
    request = _Request(**options)
    destination = output or STDOUT
    form = choose_format(form, destination)
    outcomes = Outcomes(len(inputs))
    with open_output(destination) as stream:
        check_stream(form, stream.isatty())
        writer = make_writer(form, stream, many=len(inputs) > 1, tables="neighbours")
        for source in inputs:
            answer = outcomes.attempt(partial(_search, source, request))
            if answer is None:
                continue
            for text in answer.warnings:
                console.warning(f"{answer.input.name}: {text}")
            writer.add(answer)
        if not outcomes.any_done:
            # Leaving by an exception keeps an output file from appearing.
            raise click.exceptions.Exit(outcomes.exit_code)
        writer.close()
    return outcomes.exit_code


def _search(source: str, request: _Request) -> SearchResult:
    from protvox.settings import load_settings
    from protvox.structure.domain_option import parse_domain_option
    from protvox.structure.io.read import read_structure

    structure = read_structure(source, model=request.model_number, offline=request.offline)
    division = parse_domain_option(request.domains)

    from protvox.predict.search.search import search  # brings torch in, so bad input is told before

    return search(
        structure,
        index=None if request.index is None else Path(request.index),
        top_k=request.top,
        domains=division,
        chain=request.chain,
        device=request.device or load_settings().device,
        model=request.model,
    )
