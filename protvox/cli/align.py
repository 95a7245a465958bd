"""``protvox align``: superposition of two structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from protvox.cli import console
from protvox.cli.files import STDOUT, open_output, refuse_overwrite, write_files
from protvox.cli.inputs import check_inputs, check_stream
from protvox.cli.options import (
    format_option,
    model_number_option,
    offline_option,
    output_option,
)
from protvox.report.output import choose_format, make_writer

if TYPE_CHECKING:
    from protvox.predict.search.pairwise import AlignmentResult


@click.command(short_help="Align and superpose two structures.")
@click.argument("query", metavar="QUERY", type=click.Path())
@click.argument("target", metavar="TARGET", type=click.Path())
@click.option(
    "--query-part", metavar="A:1-90", help="Chain or ranges to align. [default: the only chain]"
)
@click.option(
    "--target-part", metavar="A:1-90", help="Chain or ranges to align. [default: the only chain]"
)
@click.option(
    "--superpose",
    metavar="DIR",
    type=click.Path(),
    help="Folder for the query moved onto the target, the target, and scripts for PyMOL and "
    "ChimeraX.",
)
@format_option
@output_option
@model_number_option
@offline_option
def align(
    query: str,
    target: str,
    query_part: str | None,
    target_part: str | None,
    superpose: str | None,
    form: str | None,
    output: str | None,
    model_number: int | None,
    offline: bool | None,
) -> int:
    """Align and superpose two structures.

    QUERY and TARGET are structure files, identifiers (1abc, AF-P12345-F1), or - for standard
    input. The alignment compares the CA traces by structure, whatever the sequences. A TM-score of
    more than 0.5 usually means the same topology, one below 0.3 no more than chance.

    \b
    Examples:
      protvox align 1abc.cif 2xyz.cif
      protvox align 1abc.cif AF-P12345-F1 --query-part A:1-90 --superpose moved
      protvox align a.pdb b.pdb --format json
    """  # noqa: D301 (in click, \b keeps line breaks)
    check_inputs((query, target), "protvox align")
    return write_alignment(
        (query, target),
        (query_part, target_part),
        superpose=superpose,
        form=form,
        output=output,
        model_number=model_number,
        offline=offline,
    )


def write_alignment(
    sources: tuple[str, str],
    parts: tuple[str | None, str | None] = (None, None),
    *,
    superpose: str | None,
    form: str | None,
    output: str | None,
    model_number: int | None,
    offline: bool | None,
) -> int:
    """Align two structures and write the result.

    Parameters
    ----------
    sources
        Query and target.
    parts
        Chain or ranges of each, None for the only chain.
    superpose, form, output, model_number, offline
        Options of ``protvox align``.

    Returns
    -------
    int
        Exit code.
    """
    refuse_overwrite(sources, (output,))
    destination = output or STDOUT
    form = choose_format(form, destination)
    result = _align(sources, parts, model_number, offline)
    for structure in (result.found.query, result.found.target):
        for text in structure.warnings:
            console.warning(f"{structure.name}: {text}")
    if superpose is not None:
        _write_superposed(result, Path(superpose))
    with open_output(destination) as stream:
        check_stream(form, stream.isatty())
        writer = make_writer(form, stream, many=False, tables="alignment")
        writer.add(result)
        writer.close()
    return 0


def _align(
    sources: tuple[str, str],
    parts: tuple[str | None, str | None],
    model_number: int | None,
    offline: bool | None,
) -> AlignmentResult:
    from protvox.predict.search.pairwise import AlignmentResult
    from protvox.structure.alignment.structures import align_structures
    from protvox.structure.io.read import read_structure
    from protvox.structure.selection import parse_selection

    chosen = [None if part is None else parse_selection(part) for part in parts]
    query, target = (
        read_structure(source, model=model_number, offline=offline) for source in sources
    )
    found = align_structures(query, target, query_part=chosen[0], target_part=chosen[1])
    return AlignmentResult(found)


def _write_superposed(result: AlignmentResult, folder: Path) -> None:
    from protvox.report.superposed import superposed_files

    write_files(folder, superposed_files(result.found))
