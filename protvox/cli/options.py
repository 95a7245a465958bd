"""Options shared by several commands."""

from __future__ import annotations

import click

from protvox.report.output import FORMATS
from protvox.settings import is_device


def _device(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_device(value):
        raise click.BadParameter(f"{value!r} is not auto, cpu, cuda or cuda:N.")
    return value


device_option = click.option(
    "--device",
    metavar="auto|cpu|cuda",
    callback=_device,
    help="Device for the computation; auto uses a GPU if there is one. [default: auto]",
)
model_number_option = click.option(
    "--model-number",
    type=int,
    metavar="N",
    help="Model to read from the file, e.g. of an NMR ensemble. [default: the first]",
)
assembly_option = click.option(
    "--assembly",
    metavar="ID",
    help="Biological assembly to build from the file, usually 1; copies of chain A are called A-2, "
    "A-3, ... [default: the coordinates of the file]",
)
unique_option = click.option(
    "--unique",
    is_flag=True,
    help="Score one of several identical chains; for the others, same_as names it.",
)
traces_option = click.option(
    "--traces",
    is_flag=True,
    help="Add to JSON the CA atoms of the aligned known domains, moved onto the structure.",
)
offline_option = click.option(
    "--offline", is_flag=True, default=None, help="Use only cached files, never the network."
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Output format. [default: from the suffix of -o, else table]",
)
output_option = click.option(
    "-o", "--output", metavar="FILE", type=click.Path(), help="Write to a file instead of stdout."
)
chain_option = click.option(
    "--chain", metavar="A", help="Analyse this chain only; other chains remain as surroundings."
)
model_option = click.option(
    "--model", metavar="NAME", help="Model to use instead of the released one."
)
domains_option = click.option(
    "--domains",
    "--domain",
    "domains",
    metavar="auto|chain|A:1-90,120-150",
    multiple=True,
    help="Domains to use: auto splits each chain, chain takes each chain as one domain, and "
    "A:1-90,120-150 names a domain (author numbering; repeat for more). [default: auto]",
)
plddt_option = click.option(
    "--plddt",
    type=click.FloatRange(0, 100),
    default=50.0,
    show_default=True,
    metavar="N",
    help="Predicted models: residues with a pLDDT below N are disordered, so they are kept out of "
    "domains and flagged; 0 for none.",
)
hide_option = click.option(
    "--hide-disordered",
    is_flag=True,
    help="Leave disordered residues out of the environments of others.",
)

networks_option = click.option(
    "--networks",
    type=click.Choice(("both", "environment", "backbone")),
    default="both",
    show_default=True,
    help="Networks that score: environment reads all atoms around the side chain, backbone the "
    "types and backbones of the nearest residues; both is a weighted sum.",
)
