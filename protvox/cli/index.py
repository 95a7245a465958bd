"""``protvox index``: indexes of embedded domains for ``protvox search``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import click

from protvox.cli import console
from protvox.cli.failures import Outcomes
from protvox.cli.files import refuse_overwrite
from protvox.cli.options import device_option, model_option
from protvox.errors import fail


@click.group(short_help="Build and describe indexes for protvox search.")
def index() -> None:
    """Build and describe indexes of domains for protvox search."""


@index.command(short_help="Build an index from structures or embeddings.")
@click.argument("source", metavar="DIR|PARQUET", type=click.Path())
@click.option(
    "-o", "--output", metavar="INDEX", required=True, type=click.Path(), help="File to write."
)
@click.option("--name", metavar="TEXT", help="Name of the index. [default: name of the source]")
@click.option(
    "--domains",
    type=click.Choice(("auto", "chain")),
    default="auto",
    show_default=True,
    help="Split chains into domains, or treat each chain as one domain.",
)
@device_option
@model_option
def build(
    source: str,
    output: str,
    name: str | None,
    domains: Literal["auto", "chain"],
    device: str | None,
    model: str | None,
) -> int:
    """Build an index from structures or embeddings.

    DIR is a folder of structure files and is searched recursively. PARQUET is a file written by
    protvox embed with the same model; an optional column cath holds CATH codes.

    \b
    Examples:
      protvox index build designs/ -o designs.index
      protvox embed designs/*.pdb -o designs.parquet
      protvox index build designs.parquet -o designs.index
    """  # noqa: D301 (in click, \b keeps line breaks)
    from protvox.batch.plan import STRUCTURE_SUFFIXES
    from protvox.predict.search.build_index import IndexBuilder
    from protvox.settings import load_settings

    refuse_overwrite((source,), (output,))
    name = name or Path(source).name or str(Path(source).resolve())
    builder = IndexBuilder(
        name, domains=domains, device=device or load_settings().device, model=model
    )
    outcomes = Outcomes(0)
    if Path(source).is_dir():
        files = sorted(_structures(Path(source)))
        if not files:
            raise fail("index.empty", where=source, suffixes=", ".join(STRUCTURE_SUFFIXES))
        outcomes = Outcomes(len(files))
        with console.progress(name) as progress:
            for done, path in enumerate(files, start=1):
                outcomes.attempt(partial(builder.add_file, path, str(path.relative_to(source))))
                if progress is not None:
                    progress(done, len(files))
        if not outcomes.any_done:
            raise click.exceptions.Exit(outcomes.exit_code)
    else:
        builder.add_table(Path(source))
    built = builder.build()
    built.save(Path(output))
    console.note(f"wrote {output}: {len(built):,} domains, embedded by {built.model}")
    return outcomes.exit_code


@index.command(short_help="Describe an index.")
@click.argument("path", metavar="INDEX", type=click.Path())
def show(path: str) -> None:
    """Print the name, number of domains and model of an index, separated by tabs."""
    from protvox.predict.index.index import read_facts

    facts = read_facts(Path(path))
    click.echo(f"{facts.name}\t{facts.n_domains}\t{facts.model}")


def _structures(folder: Path) -> Iterator[Path]:
    from protvox.batch.plan import looks_like_structure

    for root, folders, files in os.walk(folder):
        folders.sort()
        for file in files:
            if not file.startswith(".") and looks_like_structure(file):
                yield Path(root, file)
