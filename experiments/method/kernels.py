"""Cross-sections of steerable kernels, in continuous space and on a voxel grid."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib
import torch

from protvox.nn.kernel import kernel_basis, path_functions, shell_band_limit

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SIZE: Final = 5
SHELL: Final = 2

SHOWN: Final = (
    # degrees in and out, degree of the filter, component out and in, title
    (0, 0, 0, 0, 0, "scalar → scalar\nJ = 0"),
    (0, 1, 1, 0, 0, "scalar → vector\nJ = 1, x out"),
    (0, 2, 2, 0, 0, "scalar → l = 2\nJ = 2, xz out"),
    (1, 1, 0, 0, 0, "vector → vector\nJ = 0, x in, x out"),
    (1, 1, 1, 0, 1, "vector → vector\nJ = 1, y in, x out"),
    (1, 1, 2, 0, 0, "vector → vector\nJ = 2, x in, x out"),
    (2, 2, 4, 0, 0, "l = 2 → l = 2\nJ = 4, xz both"),
)
"""The plane shown is that of x and z; e3nn's axis of the harmonics is y, and it lists the
components of l = 1 as x, y, z and of l = 2 from xz on."""


def draw(path: Path) -> None:
    """Draw one path for each of `SHOWN`: above continuous, below on the grid."""
    half = SIZE // 2
    fine = torch.linspace(-half - 0.5, half + 0.5, 121, dtype=torch.float64)
    x, z = torch.meshgrid(fine, fine, indexing="ij")
    points = torch.stack([x, torch.zeros_like(x), z], dim=-1)
    figure, panels = plt.subplots(
        2, len(SHOWN), figsize=(14.5, 4.5), sharex=True, sharey=True, layout="constrained"
    )
    edge = half + 0.5
    for column, (l_in, l_out, degree, out, source, title) in enumerate(SHOWN):
        row = path_row(l_in, l_out, degree)
        smooth = path_functions(l_in, l_out, half, points)[row][..., out, source]
        sampled = kernel_basis(l_in, l_out, SIZE)[row, out, source][:, half, :]
        for axes, values in zip(panels[:, column], (smooth, sampled), strict=True):
            values = values / values.abs().max()
            picture = axes.imshow(
                values.T,
                origin="lower",
                extent=(-edge, edge, -edge, edge),
                cmap="RdBu_r",
                vmin=-1,
                vmax=1,
                interpolation="nearest",
            )
            axes.set(xticks=range(-half, half + 1), yticks=range(-half, half + 1))
        panels[0, column].set_title(title, fontsize=10)
        panels[1, column].set_xlabel("x / voxel")
    panels[0, 0].set_ylabel("z / voxel\n(continuous)")
    panels[1, 0].set_ylabel("z / voxel\n(sampled, 5³)")
    figure.colorbar(picture, ax=panels, label="kernel / largest value", shrink=0.85, pad=0.01)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def path_row(l_in: int, l_out: int, degree: int) -> int:
    """Return the row of a path among those of two irreps, on the outermost shell."""
    row = 0
    for shell in range(SHELL + 1):
        for candidate in range(abs(l_in - l_out), l_in + l_out + 1):
            if candidate > shell_band_limit(shell):
                continue
            if (shell, candidate) == (SHELL, degree):
                return row
            row += 1
    raise ValueError(f"no filter of degree {degree} from l={l_in} to l={l_out}")
