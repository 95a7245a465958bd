"""``protvox embed``: embeddings of domains or residues."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import click

from protvox.cli import console
from protvox.cli.failures import Outcomes
from protvox.cli.files import open_output, refuse_overwrite
from protvox.cli.inputs import check_inputs
from protvox.cli.options import (
    assembly_option,
    chain_option,
    device_option,
    domains_option,
    hide_option,
    model_number_option,
    model_option,
    offline_option,
    plddt_option,
    unique_option,
)
from protvox.errors import fail
from protvox.report.embedding_output import VECTOR_FORMATS, make_vector_writer, vector_format_of

if TYPE_CHECKING:
    from protvox.predict.embedding.embeddings import Embeddings
    from protvox.structure.disorder import DisorderOption

_PER: Final = ("domain", "residue")


@click.command(short_help="Write rotation-invariant embeddings of domains or residues.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="File to write (.npz, .parquet, .json or .jsonl), or - for stdout.",
)
@click.option(
    "--per",
    type=click.Choice(_PER),
    default="domain",
    show_default=True,
    help="Whether a vector describes a domain or a residue.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(VECTOR_FORMATS),
    help="Output format. [default: from the suffix of -o]",
)
@chain_option
@domains_option
@device_option
@model_option
@model_number_option
@plddt_option
@hide_option
@assembly_option
@unique_option
@offline_option
def embed(
    inputs: tuple[str, ...],
    output: str,
    per: str,
    form: str | None,
    chain: str | None,
    domains: tuple[str, ...],
    device: str | None,
    model: str | None,
    model_number: int | None,
    plddt: float,
    hide_disordered: bool,
    assembly: str | None,
    unique: bool,
    offline: bool | None,
) -> int:
    """Write rotation-invariant embeddings of domains or residues.

    INPUT is a structure file, an identifier (1abc, P12345), or - for standard input. The
    vector of a domain has length 1 and is close to those of domains with a similar structure. The
    vector of a residue describes its environment without its own side chain.

    An .npz file holds the array embedding, and one array for each column that labels the rows.
    parquet has one row per domain or residue, with the vector in the column embedding.

    \b
    Examples:
      protvox embed 1abc.cif -o 1abc.npz
      protvox embed models/*.pdb -o domains.parquet
      protvox embed 1abc.cif --per residue --chain A -o residues.parquet
    """  # noqa: D301 (in click, \b keeps line breaks)
    check_inputs(inputs, "protvox embed")
    refuse_overwrite(inputs, (output,))
    form = form or vector_format_of(output)
    if form is None:
        raise fail("usage.format.vectors", where=output, formats=", ".join(VECTOR_FORMATS))
    from protvox.structure.disorder import DisorderOption

    disorder = DisorderOption(plddt, hide_disordered)
    outcomes = Outcomes(len(inputs))
    with open_output(output) as stream:
        if stream.isatty() and form in ("npz", "parquet"):
            raise fail("usage.binary", where="--format", form=form)
        writer = make_vector_writer(form, stream, many=len(inputs) > 1)
        for source in inputs:
            work = partial(
                _embed,
                source,
                per,
                chain,
                domains,
                device,
                model,
                model_number,
                assembly,
                unique,
                offline,
                disorder,
            )
            embeddings = outcomes.attempt(work)
            if embeddings is None:
                continue
            for text in embeddings.warnings:
                console.warning(f"{embeddings.input.name}: {text}")
            writer.add(embeddings)
        if not outcomes.any_done:
            # An exception prevents the output file from being created.
            raise click.exceptions.Exit(outcomes.exit_code)
        writer.close()
    return outcomes.exit_code


def _embed(
    source: str,
    per: str,
    chain: str | None,
    domains: tuple[str, ...],
    device: str | None,
    model: str | None,
    model_number: int | None,
    assembly: str | None,
    unique: bool,
    offline: bool | None,
    disorder: DisorderOption,
) -> Embeddings:
    from protvox.settings import load_settings
    from protvox.structure.domain_option import parse_domain_option
    from protvox.structure.io.read import read_structure

    structure = read_structure(
        source, model=model_number, assembly=assembly, unique=unique, offline=offline
    )
    selected = parse_domain_option(domains)

    # Loads torch, so that errors in the input are reported first.
    from protvox.predict.embedding.embed import embed

    with console.progress(structure.name) as progress:
        return embed(
            structure,
            per="residue" if per == "residue" else "domain",
            domains=selected,
            chain=chain,
            device=device or load_settings().device,
            model=model,
            progress=progress,
            disorder=disorder,
        )
