"""``protvox search``: known domains similar to those of a structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from protvox.cli import console
from protvox.cli.align import write_alignment
from protvox.cli.files import refuse_overwrite, write_files
from protvox.cli.inputs import check_inputs, write_results
from protvox.cli.options import (
    assembly_option,
    device_option,
    domains_option,
    format_option,
    model_number_option,
    model_option,
    offline_option,
    output_option,
    plddt_option,
    traces_option,
    unique_option,
)
from protvox.errors import fail

if TYPE_CHECKING:
    from protvox.predict.search.results import SearchResult
    from protvox.predict.search.search import Sort
    from protvox.structure.structure import Structure


_OF_PAIRS: Final = ("inputs", "superpose", "form", "output", "model_number", "offline")
"""Parameters that the alignment of two inputs has too; any other one asks for a search."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to every input."""

    top: int
    sort: Sort
    traces: bool
    index: str | None
    chain: str | None
    domains: tuple[str, ...]
    device: str | None
    model: str | None
    model_number: int | None
    plddt: float
    assembly: str | None
    unique: bool
    offline: bool | None


@click.command(short_help="Find known domains similar to those of a structure.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Number of neighbours of each domain.",
)
@click.option(
    "--sort",
    type=click.Choice(("similarity", "tm")),
    default="similarity",
    show_default=True,
    help="Order of the neighbours: by similarity of the embeddings, or by the mean of both "
    "TM-scores of the 60 most similar domains.",
)
@click.option(
    "--index",
    metavar="FILE",
    type=click.Path(),
    help="Index built with protvox index build. [default: known CATH domains]",
)
@click.option(
    "--superpose",
    metavar="DIR",
    type=click.Path(),
    help="Folder for the structure, the CA traces of the neighbours moved onto it, and scripts for "
    "PyMOL and ChimeraX.",
)
@click.option("--chain", metavar="A", help="Search the domains of this chain only.")
@domains_option
@traces_option
@format_option
@output_option
@device_option
@model_option
@model_number_option
@plddt_option
@assembly_option
@unique_option
@offline_option
def search(
    inputs: tuple[str, ...],
    form: str | None,
    output: str | None,
    superpose: str | None,
    **options: Any,
) -> int:
    """Find known domains similar to those of a structure.

    INPUT is a structure file, an identifier (1abc, P12345), or - for standard input.
    Without --index, the CATH domains that come with the model are searched. The similarity is the
    cosine of two embeddings, at most 1. The 30 most similar domains are also aligned with the
    query by structure.

    Two INPUTs without an option of the search are aligned with each other, as protvox align does.
    To search for both, add an option such as --top 20.

    \b
    Examples:
      protvox search 1abc.cif
      protvox search 1abc.cif --domain A:1-90 --top 5 --format csv
      protvox search 1abc.cif --sort tm --superpose hits
      protvox search model.pdb --index designs.index
      protvox search a.pdb b.pdb --superpose moved
    """  # noqa: D301 (in click, \b keeps line breaks)
    check_inputs(inputs, "protvox search")
    refuse_overwrite(inputs, (output,))
    if len(inputs) == 2 and not _asks_for_search(click.get_current_context()):
        console.note("aligning the two inputs; to search for both, add --top 20")
        common = ("model_number", "offline")
        return write_alignment(
            (inputs[0], inputs[1]),
            superpose=superpose,
            form=form,
            output=output,
            **{name: options[name] for name in common},
        )
    if superpose is not None and len(inputs) > 1:
        raise fail("usage.view.one_input", where="--superpose", number=len(inputs))
    request = _Request(**options)
    return write_results(
        inputs,
        partial(_search, request=request),
        form=form,
        output=output,
        tables="neighbours",
        write_views=None if superpose is None else partial(_write_superposed, Path(superpose)),
    )


def _asks_for_search(context: click.Context) -> bool:
    """Return whether an option was given that an alignment of two inputs does not have."""
    default = click.core.ParameterSource.DEFAULT
    return any(
        context.get_parameter_source(name) not in (None, default)
        for name in context.params
        if name not in _OF_PAIRS
    )


def _search(source: str, request: _Request) -> tuple[Structure, SearchResult]:
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

    # Loads torch, so that errors in the input are reported first.
    from protvox.predict.search.search import search

    result = search(
        structure,
        index=None if request.index is None else Path(request.index),
        top_k=request.top,
        sort=request.sort,
        traces=request.traces,
        domains=domains,
        chain=request.chain,
        device=request.device or load_settings().device,
        model=request.model,
        disorder=DisorderOption(request.plddt),
    )
    return structure, result


def _write_superposed(
    folder: Path, structure: Structure, result: SearchResult, _source: str
) -> None:
    from protvox.report.superposed import superposed_hits

    write_files(folder, superposed_hits(structure, result))
