"""Other ways to draw the same atoms on the same grids, for ``voxel_speed.py``."""

from __future__ import annotations

import ctypes
import math
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from molvoxel import create_voxelizer

from protvox.voxel.grids.density import face_sum, voxelize, window_table, window_width
from protvox.voxel.grids.grid import GridSpec

Run = Callable[[np.ndarray], None]


@dataclass(frozen=True)
class Case:
    """Atoms in grids: ``atom 3`` Å, ``atom`` channels, ``grid + 1`` offsets."""

    name: str
    coordinates: np.ndarray
    channel: np.ndarray
    offsets: np.ndarray
    spec: GridSpec
    n_channels: int

    @property
    def shape(self) -> tuple[int, ...]:
        """``grid channel x y z``."""
        return (len(self.offsets) - 1, self.n_channels, *self.spec.shape)

    @property
    def cut(self) -> float:
        """Distance at which every peer cuts its Gaussians off, Å."""
        return window_width(self.spec) / 2 * self.spec.spacing


def protvox_run(case: Case) -> Run:
    def run(out: np.ndarray) -> None:
        voxelize(case.coordinates, case.channel, case.offsets, case.spec, case.n_channels, out=out)

    return run


def c_run(case: Case) -> Run:
    width = window_width(case.spec)
    folder = tempfile.mkdtemp()
    library = Path(folder) / "voxel_reference.so"
    source = Path(__file__).with_name("voxel_reference.c")
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, f"-DWIDTH={width}", source, "-o", library], check=True)
    fill = ctypes.CDLL(str(library)).fill_grids
    table = window_table(case.spec)

    def run(out: np.ndarray) -> None:
        fill(
            *(
                ctypes.c_void_p(array.ctypes.data)
                for array in (case.coordinates, case.channel, case.offsets)
            ),
            ctypes.c_int64(len(out)),
            ctypes.c_void_p(out.ctypes.data),
            *case.spec.shape,
            case.n_channels,
            ctypes.c_float(1 / case.spec.spacing),
            ctypes.c_void_p(table.ctypes.data),
            0,
            ctypes.c_float(face_sum(case.spec)),
        )

    return run


def molvoxel_run(case: Case) -> Run:
    size = case.spec.shape[0]
    # Its sigma is a fraction of the cut-off radius.
    voxelizer = create_voxelizer(
        case.spec.spacing,
        size,
        "scalar",
        "gaussian",
        "numba",
        sigma=case.spec.sigma / case.cut,
    )
    parts = [slice(*pair) for pair in zip(case.offsets, case.offsets[1:], strict=False)]
    features = np.eye(case.n_channels, dtype=np.float32)[case.channel]

    def run(out: np.ndarray) -> None:
        for grid, atoms in zip(out, parts, strict=True):
            voxelizer.forward_features(
                case.coordinates[atoms], None, features[atoms], case.cut, out_grid=grid
            )

    return run


def gemmi_run(case: Case) -> Run:
    """Draw with gemmi's neutron calculator, whose atoms are one Gaussian each."""
    edges = case.spec.extent
    calculator = gemmi.DensityCalculatorN()
    calculator.grid.set_unit_cell(gemmi.UnitCell(*edges, 90, 90, 90))
    calculator.grid.spacegroup = gemmi.SpaceGroup("P1")
    calculator.grid.set_size(*case.spec.shape)
    b = 8 * math.pi**2 * case.spec.sigma**2
    peak = gemmi.Element("C").neutron92.calculate_density_iso(0.0, b)
    calculator.cutoff = peak * math.exp(-((case.cut / case.spec.sigma) ** 2) / 2)
    first = np.array(case.spec.origin)
    models = [
        [
            _carbons(case.coordinates[start:stop][case.channel[start:stop] == kind] - first, b)
            for kind in range(case.n_channels)
        ]
        for start, stop in zip(case.offsets, case.offsets[1:], strict=False)
    ]
    scale = np.float32(1 / peak)

    def run(out: np.ndarray) -> None:
        for grid, kinds in zip(out, models, strict=True):
            for density, model in zip(grid, kinds, strict=True):
                calculator.grid.fill(0)
                calculator.add_model_density_to_grid(model)
                np.multiply(calculator.grid.array, scale, out=density)

    return run


def _carbons(coordinates: np.ndarray, b: float) -> gemmi.Model:
    model, chain, residue = gemmi.Model(1), gemmi.Chain("A"), gemmi.Residue()
    for xyz in coordinates:
        atom = gemmi.Atom()
        atom.element = gemmi.Element("C")
        atom.pos = gemmi.Position(*xyz.tolist())
        atom.b_iso, atom.occ = b, 1.0
        residue.add_atom(atom)
    chain.add_residue(residue)
    model.add_chain(chain)
    return model
