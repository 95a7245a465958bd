"""``protvox voxelize``: atom densities as a map or as arrays."""

from __future__ import annotations

import click

from protvox.cli import console
from protvox.cli.files import refuse_overwrite
from protvox.cli.options import assembly_option, model_number_option, offline_option
from protvox.errors import ModelError, UsageError, fail


@click.command(short_help="Write the atom densities of a structure as a CCP4 map or .npz.")
@click.argument("source", metavar="INPUT", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="File to write (.ccp4, .map, .mrc or .npz).",
)
@click.option("--domain", metavar="A:1-90,120-150", help="Use only these residues, or this chain.")
@click.option(
    "--residue",
    metavar="A:45",
    help="Use the surroundings of this residue, without its side chain.",
)
@click.option(
    "--channels",
    default="types",
    show_default=True,
    metavar="NAME",
    help="Set of channels: types, backbone or ca.",
)
@click.option(
    "--channel", metavar="NAME", help="Channel to write to a map. [default: the sum of all]"
)
@click.option(
    "--spacing",
    type=click.FloatRange(0.1, 10),
    default=1.0,
    show_default=True,
    metavar="Å",
    help="Edge of a voxel.",
)
@click.option(
    "--sigma",
    type=click.FloatRange(0.1, 10),
    default=1.0,
    show_default=True,
    metavar="Å",
    help="Standard deviation of an atom's Gaussian.",
)
@model_number_option
@assembly_option
@offline_option
def voxelize(
    source: str,
    output: str,
    domain: str | None,
    residue: str | None,
    channels: str,
    channel: str | None,
    spacing: float,
    sigma: float,
    model_number: int | None,
    assembly: str | None,
    offline: bool | None,
) -> None:
    """Write the atom densities of a structure.

    A .ccp4 map is aligned with the structure in PyMOL and ChimeraX; it holds the sum of the
    channels, or the one given by --channel. An .npz file holds every channel.

    \b
    Examples:
      protvox voxelize 1abc.cif -o 1abc.ccp4
      protvox voxelize 1abc.cif -o rings.map --channel aromatic_C
      protvox voxelize 1abc.cif -o domain.npz --domain A:1-90 --spacing 2
      protvox voxelize 1abc.cif -o site.ccp4 --residue A:45
    """  # noqa: D301 (in click, \b keeps line breaks)
    import numpy as np

    from protvox.structure.io.read import read_structure
    from protvox.structure.selection import parse_selection
    from protvox.voxel.grids.density_map import voxelize_structure, write_map
    from protvox.voxel.grids.environment_grid import voxelize_surroundings

    refuse_overwrite((source,), (output,))
    if channel is not None and output.lower().endswith(".npz"):
        raise fail("usage.channel.npz", where="--channel")
    if residue is not None and (domain is not None or channels != "types"):
        raise fail("usage.residue.options", where="--residue")
    structure = read_structure(source, model=model_number, assembly=assembly, offline=offline)
    try:
        if residue is None:
            residues = None if domain is None else parse_selection(domain).mask(structure)
            density = voxelize_structure(
                structure, residues, spacing=spacing, sigma=sigma, channels=channels
            )
        else:
            rows = np.flatnonzero(parse_selection(residue).mask(structure))
            if len(rows) != 1:
                raise fail("usage.residue", where="--residue", selection=residue, number=len(rows))
            density = voxelize_surroundings(structure, int(rows[0]), spacing=spacing, sigma=sigma)
        write_map(density, output, channel)
    except ModelError as error:
        # In the library a wrong name is an error of the model; here it is one of an option.
        raise UsageError(
            error.what, where=error.where, remedy=error.remedy, code=error.code
        ) from error
    x, y, z = density.values.shape[1:]
    console.note(f"wrote {output}: {x} x {y} x {z} voxels of {spacing:g} Å")
