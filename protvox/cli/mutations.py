"""``protvox mutations``: scores of substitutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from protvox.chemistry import AMINO_ACIDS
from protvox.cli import console
from protvox.cli.failures import SOME_FAILED_EXIT
from protvox.cli.files import STDOUT, open_output, refuse_overwrite
from protvox.cli.inputs import check_stream, example_path
from protvox.cli.mutation_lists import is_list
from protvox.cli.options import (
    assembly_option,
    chain_option,
    device_option,
    format_option,
    hide_option,
    model_number_option,
    model_option,
    networks_option,
    offline_option,
    output_option,
    plddt_option,
    unique_option,
)
from protvox.cli.views import check_structure_name, write_values
from protvox.errors import fail
from protvox.report.output import choose_format, make_writer

if TYPE_CHECKING:
    from protvox.predict.mutations.mutation_list import MutationList
    from protvox.predict.mutations.networks import Networks
    from protvox.predict.mutations.scores import MutationScores
    from protvox.structure.structure import Structure

_FAILURES_SHOWN: Final = 10
_REMARK: Final = (
    "B-factors are the mean protvox score of the 19 substitutions of the residue; higher means "
    "that mutations are predicted to be more destabilising"
)


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to the input."""

    mutations: tuple[str, ...]
    chain: str | None
    device: str | None
    networks: Networks
    model: str | None
    model_number: int | None
    plddt: float
    hide_disordered: bool
    assembly: str | None
    unique: bool
    tied: bool | None
    binding: str | None
    offline: bool | None


@click.command(short_help="Score mutations by their predicted effect on stability.")
@click.argument("source", metavar="INPUT", required=False, type=click.Path())
@click.option(
    "--mutations",
    metavar="A:45W|FILE",
    multiple=True,
    help="A mutation such as A:45W (A:L45W also checks the wild type, A:45AW has insertion code "
    "A), or several made at once: A:F45A+A:L50A; repeat for more. Or a list: a table such as CSV, "
    "plain text with one per line, or a list for FoldX or Rosetta. [default: all 19 of each "
    "residue]",
)
@chain_option
@format_option
@output_option
@device_option
@networks_option
@model_option
@click.option(
    "--sort",
    type=click.Choice(("given", "score", "binding")),
    default="given",
    show_default=True,
    help="Order of the rows: as given (file order for a scan), by score, least destabilising "
    "first, or by the score of --binding, least weakening first.",
)
@click.option(
    "--heatmap",
    metavar="FILE.png",
    type=click.Path(),
    help="Draw a heat map of all substitutions (.png, .svg, .pdf; needs matplotlib).",
)
@click.option(
    "--bars",
    metavar="FILE.png",
    type=click.Path(),
    help="Draw the ranked mutations as bars, at most 40 (needs matplotlib).",
)
@click.option(
    "--logo",
    metavar="FILE.png",
    type=click.Path(),
    help="Draw a sequence logo of the predicted amino acids (needs matplotlib).",
)
@click.option(
    "--annotate",
    metavar="FILE",
    type=click.Path(),
    help="Write the structure (.pdb or .cif) with the mean score of each residue as B-factors.",
)
@click.option("--example", is_flag=True, help="Use the bundled example, PDB entry 1pwc.")
@model_number_option
@plddt_option
@hide_option
@assembly_option
@unique_option
@click.option(
    "--tied/--untied",
    default=None,
    help="Mutate all identical chains at once, in one row with mean scores. [default: tied in a "
    "scan of all chains and in a list whose column copies says so, untied in other lists]",
)
@click.option(
    "--binding",
    metavar="A,B|C",
    help="Score the binding of chains as well, here of A and B to C: the column binding has the "
    "score in the complex less that in the separated partners.",
)
@offline_option
def mutations(
    source: str | None,
    form: str | None,
    output: str | None,
    sort: Literal["given", "score", "binding"],
    heatmap: str | None,
    bars: str | None,
    logo: str | None,
    annotate: str | None,
    example: bool,
    **options: Any,
) -> int:
    """Score mutations of a structure, alone or several at once.

    The score is the log odds of the wild type over the mutant, given the surroundings of the
    residue, minus the log odds for a residue in solvent: a weighted sum over two networks, less
    half its mean over the chain. POSITIVE = PREDICTED DESTABILISING. The percentile ranks the
    score among all single substitutions of the structure (or chain, with --chain); 100 is the most
    destabilising.

    INPUT is a structure file (.pdb .ent .pqr .cif .mmcif .bcif, also .gz, .bz2 or .xz),
    an identifier (1abc, P12345), or - for standard input. If some mutations cannot be scored, the
    reasons are reported, the others are scored, and the exit code is 4.

    \b
    Examples:
      protvox mutations 1abc.cif
      protvox mutations 1abc.cif --mutations A:45W --mutations A:L50F
      protvox mutations 1abc.cif --mutations A:F45A+A:L50A
      protvox mutations 1abc.cif --mutations list.csv -o scores.csv
      protvox mutations 1abc.cif --binding "A|B" -o interface.csv
      protvox mutations 1abc.cif --sort score -o ranked.csv --heatmap scan.png
    """  # noqa: D301 (in click, \b keeps line breaks)
    source = _one_input(source, example)
    request = _Request(**options)
    if sort == "binding" and request.binding is None:
        raise fail("usage.sort.binding", where="--sort")
    pictures = {"--heatmap": heatmap, "--bars": bars, "--logo": logo}
    _check_views(pictures, annotate)
    requested = _requested(request.mutations)
    lists = tuple(text for text in request.mutations if is_list(text))
    refuse_overwrite((source, *lists), (output, heatmap, bars, logo, annotate))
    destination = output or STDOUT
    form = choose_format(form, destination)
    with open_output(destination) as stream:
        check_stream(form, stream.isatty())
        writer = make_writer(form, stream, many=False, tables="mutations")
        structure, scores = _score(source, request, requested)
        _warn(scores)
        writer.add(scores if sort == "given" else scores.ranked(sort))
        writer.close()
    _draw(pictures, scores)
    if annotate is not None:
        mean = scores.matrix.sum(axis=1) / (len(AMINO_ACIDS) - 1)
        write_values(annotate, structure, scores.residues, mean, _REMARK)
    return SOME_FAILED_EXIT if scores.failures else 0


def _one_input(source: str | None, example: bool) -> str:
    if (source is None) != example:
        key = "usage.no_input.example" if source is None else "usage.input.example"
        raise fail(key, where="protvox mutations")
    return example_path() if source is None else source


def _check_views(pictures: dict[str, str | None], annotate: str | None) -> None:
    for option, path in pictures.items():
        if path is not None:
            from protvox.report.figures.figure import check_picture

            check_picture(path, option)
    if annotate is not None:
        check_structure_name(annotate)


def _draw(pictures: dict[str, str | None], scores: MutationScores) -> None:
    for option, path in pictures.items():
        if path is None:
            continue
        from protvox.report.figures.bars import draw_bars
        from protvox.report.figures.figure import picture_bytes
        from protvox.report.figures.heatmap import draw_heatmap
        from protvox.report.figures.logo import draw_logo

        draw = {"--heatmap": draw_heatmap, "--bars": draw_bars, "--logo": draw_logo}[option]
        figure = draw(scores)
        with open_output(path) as stream:
            stream.write(picture_bytes(figure, path))
        console.note(f"wrote {path}")


def _requested(texts: tuple[str, ...]) -> MutationList | None:
    from protvox.predict.mutations.list_files import collect_mutations, read_mutations
    from protvox.predict.mutations.mutation_list import join_lists

    if not texts:
        return None
    return join_lists(
        read_mutations(text) if is_list(text) else collect_mutations([text]) for text in texts
    )


def _score(
    source: str, request: _Request, requested: MutationList | None
) -> tuple[Structure, MutationScores]:
    from protvox.settings import load_settings
    from protvox.structure.disorder import DisorderOption
    from protvox.structure.io.read import read_structure

    structure = read_structure(
        source,
        model=request.model_number,
        assembly=request.assembly,
        unique=request.unique,
        offline=request.offline,
    )

    # Loads torch, so that errors in the input are reported first.
    from protvox.predict.mutations.score import score_mutations

    with console.progress(structure.name) as progress:
        scores = score_mutations(
            structure,
            requested,
            chain=request.chain,
            device=request.device or load_settings().device,
            networks=request.networks,
            model=request.model,
            tied=request.tied,
            binding=request.binding,
            progress=progress,
            disorder=DisorderOption(request.plddt, request.hide_disordered),
        )
    return structure, scores


def _warn(scores: MutationScores) -> None:
    for text in scores.warnings:
        console.warning(f"{scores.input.name}: {text}")
    for failure in scores.failures[:_FAILURES_SHOWN]:
        console.warning(f"no score for {failure.mutation}: {failure.why}")
    more = len(scores.failures) - _FAILURES_SHOWN
    if more > 0:
        console.warning(f"no score for {more} more mutations")
