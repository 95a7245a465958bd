"""``protvox suggest``: mutations that may stabilise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.files import refuse_overwrite
from protvox.cli.inputs import check_inputs, write_results
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
)

if TYPE_CHECKING:
    from protvox.predict.mutations.networks import Networks
    from protvox.predict.suggest.results import SuggestionResult
    from protvox.structure.structure import Structure


@dataclass(frozen=True, slots=True)
class _Request:
    """Options that apply to every input."""

    top: int
    exclude: str
    fix: tuple[str, ...]
    keep_away: tuple[str, ...]
    skip_flagged: bool
    chain: str | None
    device: str | None
    networks: Networks
    model: str | None
    model_number: int | None
    plddt: float
    hide_disordered: bool
    assembly: str | None
    offline: bool | None


@click.command(short_help="Suggest mutations that may stabilise.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Number of residues to suggest a mutation for.",
)
@click.option(
    "--exclude",
    metavar="CP",
    default="",
    help="New amino acids that are not suggested, one-letter codes.",
)
@click.option(
    "--fix",
    metavar="A:57,102",
    multiple=True,
    help="Residues that stay, such as those of the active site; repeat for more.",
)
@click.option(
    "--keep-away",
    metavar="LIGAND:5",
    multiple=True,
    help="Residues that stay because an atom is within 5 Å of a ligand. In place of LIGAND: METAL, "
    "NUCLEIC, INTERFACE (another protein chain), or a residue name such as HEM; repeat for more.",
)
@click.option("--skip-flagged", is_flag=True, help="Suggest nothing for flagged residues.")
@chain_option
@format_option
@output_option
@device_option
@networks_option
@model_option
@click.option("--example", is_flag=True, help="Use the bundled example, PDB entry 1pwc.")
@model_number_option
@plddt_option
@hide_option
@assembly_option
@offline_option
def suggest(
    inputs: tuple[str, ...],
    form: str | None,
    output: str | None,
    example: bool,
    **options: Any,
) -> int:
    """Suggest mutations that may stabilise a structure, one per residue, best first.

    They are ranked by the estimated change of stability (ddg, kcal/mol), which includes what new
    prolines, cysteines, ... cost on average. The reason is a rule on the structure. Flags say what
    speaks against a mutation: ligand, metal (within 5 Å), interface (another chain), disulfide,
    catalytic (a very improbable buried polar residue, or one in a CxxC motif; perhaps conserved
    for its function), glycine (with positive phi), disordered. Residues of identical chains are
    one row, with mean scores, and are mutated together.

    INPUT is a structure file (.pdb .ent .pqr .cif .mmcif .bcif, also .gz, .bz2 or .xz),
    an identifier (1abc, P12345), or - for standard input.

    \b
    Examples:
      protvox suggest 1abc.cif --top 30 -o shortlist.csv
      protvox suggest 1abc.cif --exclude CP --fix A:57,102 --keep-away LIGAND:5
    """  # noqa: D301 (in click, \b keeps line breaks)
    inputs = check_inputs(inputs, "protvox suggest", example=example)
    request = _Request(**options)
    refuse_overwrite(inputs, (output,))
    return write_results(
        inputs,
        lambda source: _suggest(source, request),
        form=form,
        output=output,
        tables="suggestions",
    )


def _suggest(source: str, request: _Request) -> tuple[Structure, SuggestionResult]:
    from protvox.settings import load_settings
    from protvox.structure.disorder import DisorderOption
    from protvox.structure.io.read import read_structure

    structure = read_structure(
        source,
        model=request.model_number,
        assembly=request.assembly,
        offline=request.offline,
    )

    # Loads torch, so that errors in the input are reported first.
    from protvox.predict.suggest.suggest import Limits, suggest

    limits = Limits(request.exclude, request.fix, request.keep_away, request.skip_flagged)
    with console.progress(structure.name) as progress:
        result = suggest(
            structure,
            top=request.top,
            limits=limits,
            chain=request.chain,
            device=request.device or load_settings().device,
            networks=request.networks,
            model=request.model,
            progress=progress,
            disorder=DisorderOption(request.plddt, request.hide_disordered),
        )
    return structure, result
