"""``protvox voxelize``: the density the networks see, as a map or as arrays."""

from __future__ import annotations

import click

from protvox.cli import console
from protvox.cli.files import refuse_overwrite
from protvox.cli.options import model_number_option, offline_option


@click.command(short_help="Write the atom densities of a structure as a CCP4 map or npz.")
@click.argument("source", metavar="INPUT", type=click.Path())
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(),
    help="File to write: .ccp4, .map, .mrc or .npz.",
)  # fmt: skip
@click.option("--chain", metavar="A", help="Only the atoms of this chain.")
@model_number_option
@offline_option
def voxelize(
    source: str, output: str, chain: str | None, model_number: int | None, offline: bool | None
) -> None:
    """Write the atom densities of a structure.

    A .ccp4 map opens in register with the structure in PyMOL and ChimeraX and holds the sum
    of the channels; .npz holds every channel.
    """
    refuse_overwrite((source,), (output,))
    from protvox.structure.read import read_structure

    structure = read_structure(source, model=model_number, offline=offline)
    from protvox.voxel.export import voxelize_structure, write_map

    write_map(voxelize_structure(structure), output)
    console.note(f"wrote {output}")
