"""``protvox search``: known domains similar to those of a structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protvox.cli.files import refuse_overwrite
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
    unique_option,
)

if TYPE_CHECKING:
    from protvox.predict.search.results import SearchResult
    from protvox.structure.structure import Structure


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to every input."""

    top: int
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
    "--index",
    metavar="FILE",
    type=click.Path(),
    help="Index built with protvox index build. [default: CATH training domains]",
)
@click.option("--chain", metavar="A", help="Search the domains of this chain only.")
@domains_option
@format_option
@output_option
@device_option
@model_option
@model_number_option
@plddt_option
@assembly_option
@unique_option
@offline_option
def search(inputs: tuple[str, ...], form: str | None, output: str | None, **options: Any) -> int:
    """Find known domains similar to those of a structure.

    INPUT is a structure file, an identifier (1abc, P12345), or - for standard input.
    Without --index, the training domains of the released model are searched. The similarity is
    the cosine of two embeddings, at most 1.

    \b
    Examples:
      protvox search 1abc.cif
      protvox search 1abc.cif --domain A:1-90 --top 5 --format csv
      protvox search model.pdb --index designs.index
    """  # noqa: D301 (in click, \b keeps line breaks)
    check_inputs(inputs, "protvox search")
    refuse_overwrite(inputs, (output,))
    request = _Request(**options)
    return write_results(
        inputs,
        partial(_search, request=request),
        form=form,
        output=output,
        tables="neighbours",
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
        domains=domains,
        chain=request.chain,
        device=request.device or load_settings().device,
        model=request.model,
        disorder=DisorderOption(request.plddt),
    )
    return structure, result
