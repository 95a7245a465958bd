"""Feature maps of a domain under rotation, and their error of equivariance."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
import torch
from torch import Tensor, nn

from protvox.nn import Gate, SteerableConv3d, rotate_field
from protvox.structure.io.read import read_structure
from protvox.voxel.grids.density import voxelize
from protvox.voxel.grids.grid import GridSpec

matplotlib.use("Agg")
from matplotlib import pyplot as plt

STRUCTURE: Final = Path(__file__).parents[2] / "tests" / "data" / "1ubi.pdb"
"""Ubiquitin, 76 residues: a single domain."""

GRID: Final = GridSpec(size=29, spacing=2.0, sigma=3.0)
HIDDEN: Final = "8x0e+4x1e+2x2e"
SHOWN_ANGLE: Final = 40.0
ANGLES: Final = (0, 15, 30, 45, 60, 75, 90)
CORE: Final = 20.0
"""Å; errors are measured within this distance of the centre."""


class SteerableMaps(nn.Module):
    """Two steerable layers of random weights: density to one scalar map."""

    def __init__(self) -> None:
        super().__init__()
        gate = Gate(HIDDEN)
        self.layers = nn.Sequential(
            SteerableConv3d("1x0e", gate.irreps_in, 5, padding=2),
            gate,
            SteerableConv3d(HIDDEN, "1x0e", 5, padding=2),
        )

    def forward(self, density: Tensor) -> Tensor:
        """Map a density ``batch 1 x y z`` to a scalar field of the same shape."""
        field: Tensor = self.layers(density)
        return field


class ConventionalMaps(nn.Module):
    """The same with free kernels and ReLU."""

    def __init__(self) -> None:
        super().__init__()
        width = SteerableConv3d("1x0e", HIDDEN, 5).irreps_out.dim
        self.layers = nn.Sequential(
            nn.Conv3d(1, width, 5, padding=2, bias=False),
            nn.ReLU(),
            nn.Conv3d(width, 1, 5, padding=2, bias=False),
        )

    def forward(self, density: Tensor) -> Tensor:
        """Map a density ``batch 1 x y z`` to a scalar field of the same shape."""
        field: Tensor = self.layers(density)
        return field


def draw(path: Path) -> dict[str, Any]:
    """Draw the maps and the error against the angle; return the errors."""
    atoms = read_structure(STRUCTURE).coordinates
    atoms = atoms - atoms.mean(axis=0)
    networks: dict[str, nn.Module] = {}
    for name, kind in (("steerable", SteerableMaps), ("conventional", ConventionalMaps)):
        torch.manual_seed(0)
        networks[name] = kind()
    errors: dict[str, list[float]] = {name: [] for name in networks}
    with torch.inference_mode():
        upright = {name: network(density(atoms, 0)) for name, network in networks.items()}
        for angle in ANGLES:
            for name, network in networks.items():
                errors[name].append(error(network(density(atoms, angle)), upright[name], angle))
        shown = {
            name: (
                upright[name],
                rotate_map(upright[name], SHOWN_ANGLE),
                network(density(atoms, SHOWN_ANGLE)),
            )
            for name, network in networks.items()
        }
        shown_errors = {name: error(maps[2], maps[0], SHOWN_ANGLE) for name, maps in shown.items()}
    _plot(shown, shown_errors, errors, path)
    return {
        "structure": STRUCTURE.name,
        "angles": ANGLES,
        "errors": errors,
        "shown_angle": SHOWN_ANGLE,
        "shown_errors": shown_errors,
    }


def rotation(angle: float) -> Tensor:
    """Return the rotation about z by an angle in degrees, ``3 3`` float64."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]], dtype=torch.float64)


def density(atoms: np.ndarray, angle: float) -> Tensor:
    """Draw the atoms rotated by an angle, ``1 1 x y z``; no grid is interpolated."""
    positions = (atoms @ rotation(angle).numpy().T).astype(np.float32)
    channel = np.zeros(len(positions), dtype=np.uint8)
    offsets = np.array([0, len(positions)], dtype=np.int64)
    return torch.from_numpy(voxelize(positions, channel, offsets, GRID, 1))


def rotate_map(field: Tensor, angle: float) -> Tensor:
    """Rotate a scalar map, by interpolation."""
    return rotate_field(field, "1x0e", rotation(angle))


def error(field: Tensor, upright: Tensor, angle: float) -> float:
    """Return the error of equivariance: the map of the rotated domain against the rotated map.

    Both are compared after subtracting the mean of the map, relative to its spread, within
    `CORE`. Rotating the map interpolates, which alone costs a few percent.
    """
    axis = torch.from_numpy(GRID.centres())
    inside = sum(a.square() for a in torch.meshgrid(axis, axis, axis, indexing="ij")) <= CORE**2
    expected, found = rotate_map(upright, angle)[0, 0][inside], field[0, 0][inside]
    return float((found - expected).norm() / (expected - expected.mean()).norm())


def _plot(
    shown: dict[str, tuple[Tensor, Tensor, Tensor]],
    shown_errors: dict[str, float],
    errors: dict[str, list[float]],
    path: Path,
) -> None:
    figure = plt.figure(figsize=(14, 5.8), layout="constrained")
    grid = figure.add_gridspec(2, 5, width_ratios=(1, 1, 1, 1, 1.25))
    edge = GRID.extent[0] / 2
    middle = GRID.shape[2] // 2
    titles = (
        "map of the domain",
        "that map, rotated 40°",
        "map of the rotated domain",
        "difference",
    )
    for row, (name, (upright, expected, found)) in enumerate(shown.items()):
        centre = float(upright.median())
        maps = [one[0, 0, :, :, middle] - centre for one in (upright, expected, found)]
        limit = float(maps[0].abs().max())
        for column, (values, title) in enumerate(
            zip([*maps, maps[2] - maps[1]], titles, strict=True)
        ):
            axes = figure.add_subplot(grid[row, column])
            picture = axes.imshow(
                values.T / limit,
                origin="lower",
                extent=(-edge, edge, -edge, edge),
                cmap="RdBu_r",
                vmin=-1,
                vmax=1,
            )
            axes.add_patch(plt.Circle((0, 0), CORE, fill=False, ls=":", lw=1, color="0.3"))
            axes.set(xticks=(-20, 0, 20), yticks=(-20, 0, 20))
            if row == 0:
                axes.set_title(title, fontsize=11)
            else:
                axes.set_xlabel("x / Å")
            if column == 0:
                axes.set_ylabel(f"{name}\ny / Å")
            if column == 3:
                axes.text(
                    0.03,
                    0.97,
                    f"error {100 * shown_errors[name]:.1f} %",
                    fontsize=11,
                    va="top",
                    transform=axes.transAxes,
                )
                figure.colorbar(picture, ax=axes, label="feature", shrink=0.8)
    axes = figure.add_subplot(grid[:, 4])
    for (name, values), colour, marker in zip(errors.items(), ("C0", "C3"), "o^", strict=True):
        axes.plot(ANGLES, 100 * np.array(values), color=colour, marker=marker, label=name)
    axes.set(
        xlabel="rotation about z / °",
        ylabel="error of equivariance / %",
        xticks=ANGLES,
        ylim=(0, None),
        title="random weights, within 20 Å",
    )
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)
