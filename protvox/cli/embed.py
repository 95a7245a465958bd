"""``protvox embed``: structures as vectors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import click

from protvox.cli import console
from protvox.cli.failures import Outcomes
from protvox.cli.files import STDOUT, open_output, refuse_overwrite
from protvox.cli.options import (
    device_option,
    domains_option,
    model_number_option,
    offline_option,
)
from protvox.errors import UsageError
from protvox.report.embedding_output import VECTOR_FORMATS, make_vector_writer, vector_format_of

if TYPE_CHECKING:
    from protvox.predict.embedding.embeddings import Embeddings

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
    help="What a vector is of.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(VECTOR_FORMATS),
    help="Output format. [default: by the name after -o]",
)
@click.option("--chain", metavar="A", help="Only this chain; the others stay as surroundings.")
@domains_option
@device_option
@click.option("--model", metavar="NAME", help="Model to use instead of the released one.")
@model_number_option
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
    offline: bool | None,
) -> int:
    """Write rotation-invariant embeddings of domains or residues.

    INPUT is a structure file, - for standard input, or an identifier (1abc, AF-P12345-F1). A
    domain becomes a vector of length 1, near those of domains of its fold; a residue the
    features of its environment, which does not hold its own side chain.

    An .npz file holds the array embedding and one more for each column that says which row is
    which; parquet has one row a domain or residue, with the vector in the column embedding.

    \b
    Examples:
      protvox embed 1abc.cif -o 1abc.npz
      protvox embed models/*.pdb -o domains.parquet
      protvox embed 1abc.cif --per residue --chain A -o residues.parquet
    """  # noqa: D301 (\b is click's mark for lines to keep)
    check_inputs(inputs, "protvox embed")
    refuse_overwrite(inputs, (output,))
    form = form or vector_format_of(output)
    if form is None:
        raise UsageError(
            "the name does not say the format",
            where=output,
            remedy=f"Give --format, one of {', '.join(VECTOR_FORMATS)}",
            code="usage.format",
        )
    outcomes = Outcomes(len(inputs))
    with open_output(output) as stream:
        if stream.isatty() and form in ("npz", "parquet"):
            raise UsageError(
                f"{form} is not for a terminal",
                where="--format",
                remedy="Give a file with -o",
                code="usage.binary",
            )
        writer = make_vector_writer(form, stream, many=len(inputs) > 1)
        for source in inputs:
            work = partial(
                _embed, source, per, chain, domains, device, model, model_number, offline
            )
            answer = outcomes.attempt(work)
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


def check_inputs(inputs: tuple[str, ...], command: str) -> None:
    """Refuse inputs that cannot be meant.

    Parameters
    ----------
    inputs
        As given.
    command
        What was called, for the error.

    Raises
    ------
    UsageError
        If there is none (``usage.no_input``), or standard input is there twice
        (``usage.stdin``).
    """
    if not inputs:
        raise UsageError(
            "there is no INPUT",
            where=command,
            remedy="Give a file, an identifier or -",
            code="usage.no_input",
        )
    if inputs.count(STDOUT) > 1:
        raise UsageError(
            "standard input can be read only once",
            where="-",
            remedy="Give - once",
            code="usage.stdin",
        )


def _embed(
    source: str,
    per: str,
    chain: str | None,
    domains: tuple[str, ...],
    device: str | None,
    model: str | None,
    model_number: int | None,
    offline: bool | None,
) -> Embeddings:
    from protvox.settings import load_settings
    from protvox.structure.domain_option import parse_domain_option
    from protvox.structure.io.read import read_structure

    structure = read_structure(source, model=model_number, offline=offline)
    division = parse_domain_option(domains)

    from protvox.predict.embedding.embed import (
        embed,  # brings torch in, so bad input is told before
    )

    with console.progress(structure.name) as progress:
        return embed(
            structure,
            per="residue" if per == "residue" else "domain",
            domains=division,
            chain=chain,
            device=device or load_settings().device,
            model=model,
            progress=progress,
        )
