"""A replacement for ShapeNet Core55: generated meshes in the same layout.

Sixteen classes of solids and surfaces, each with two subclasses and proportions drawn at
random. Two of the classes are mirror images: springs wound to the left and to the right.

Example: ``python -m experiments.shrec17.synthetic runs/synthetic``
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh import creation
from trimesh.transformations import rotation_matrix, translation_matrix

from protvox.voxel.rotation import random_rotations

Make = Callable[[np.random.Generator, bool], trimesh.Trimesh]


def box(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a brick, or a plate."""
    height = rng.uniform(0.08, 0.2) if flat else rng.uniform(0.5, 0.9)
    return creation.box((1, rng.uniform(0.6, 1), height))


def ellipsoid(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make an ellipsoid, long or flat."""
    mesh = creation.icosphere(subdivisions=3)
    radii = (1, rng.uniform(0.8, 1), rng.uniform(0.35, 0.5))
    mesh.apply_scale(radii if flat else radii[::-1])
    return mesh


def cylinder(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a rod, or a coin."""
    height = rng.uniform(0.15, 0.35) if flat else rng.uniform(2.0, 4.0)
    return creation.cylinder(radius=0.5, height=height)


def cone(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a cone, or a pyramid."""
    sections = 4 if flat else 32
    return creation.cone(radius=0.6, height=rng.uniform(0.8, 1.6), sections=sections)


def torus(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a ring, thin or thick."""
    minor = rng.uniform(0.1, 0.18) if flat else rng.uniform(0.25, 0.4)
    return creation.torus(major_radius=1.0, minor_radius=minor)


def pipe(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a pipe, or a washer."""
    height = rng.uniform(0.15, 0.3) if flat else rng.uniform(1.5, 2.5)
    return creation.annulus(r_min=rng.uniform(0.4, 0.6), r_max=0.8, height=height)


def table(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a table with a square top, or a low one with a round top."""
    height = rng.uniform(0.3, 0.45) if flat else rng.uniform(0.7, 1.0)
    depth = 1.0 if flat else rng.uniform(0.6, 1.0)
    top = creation.cylinder(radius=0.6, height=0.08) if flat else creation.box((1.1, depth, 0.08))
    spread = rng.uniform(0.32, 0.4)
    feet = [(x * spread, y * spread * depth) for x in (-1, 1) for y in (-1, 1)]
    legs = [_placed(creation.box((0.08, 0.08, height)), (x, y, -height / 2)) for x, y in feet]
    return _joined(top, *legs)


def chair(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a chair with four legs, or on one leg and a foot."""
    seat = creation.box((0.6, 0.6, 0.08))
    tall = rng.uniform(0.6, 0.9)
    back = _placed(creation.box((0.6, 0.08, tall)), (0, 0.26, tall / 2))
    leg = rng.uniform(0.45, 0.65)
    if flat:
        below = [
            _placed(creation.cylinder(radius=0.06, height=leg), (0, 0, -leg / 2)),
            _placed(creation.cylinder(radius=0.3, height=0.06), (0, 0, -leg)),
        ]
    else:
        feet = [(x, y) for x in (-0.25, 0.25) for y in (-0.25, 0.25)]
        below = [_placed(creation.box((0.07, 0.07, leg)), (x, y, -leg / 2)) for x, y in feet]
    return _joined(seat, back, *below)


def mug(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a mug, or a wide cup, with a handle."""
    radius = 0.7 if flat else 0.45
    height = rng.uniform(0.45, 0.6) if flat else rng.uniform(0.9, 1.1)
    wall = creation.annulus(r_min=radius - 0.07, r_max=radius, height=height)
    bottom = _placed(creation.cylinder(radius=radius, height=0.07), (0, 0, -height / 2))
    handle = creation.torus(major_radius=0.36 * height, minor_radius=0.06)
    handle.apply_transform(rotation_matrix(np.pi / 2, (1, 0, 0)))
    return _joined(wall, bottom, _placed(handle, (radius + 0.25 * height, 0, 0)))


def dumbbell(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make two balls on a rod, equal or unequal."""
    length = rng.uniform(1.4, 2.0)
    other = rng.uniform(0.5, 0.65) if flat else 1.0
    ball = creation.icosphere(subdivisions=2, radius=0.45)
    small = creation.icosphere(subdivisions=2, radius=0.45 * other)
    rod = creation.cylinder(radius=0.1, height=length)
    return _joined(rod, _placed(ball, (0, 0, -length / 2)), _placed(small, (0, 0, length / 2)))


def cross(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make two beams crossing, or three."""
    width = rng.uniform(0.15, 0.28)
    beams = [creation.box(size) for size in ((1.4, width, width), (width, 1.4, width))]
    return _joined(*beams) if flat else _joined(*beams, creation.box((width, width, 1.4)))


def stairs(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make steps, few or many."""
    count = 3 if flat else 6
    rise, depth = rng.uniform(0.8, 1.2) / count, 1.2 / count
    steps = [
        _placed(creation.box((0.7, depth, rise * (i + 1))), (0, i * depth, rise * (i + 1) / 2))
        for i in range(count)
    ]
    return _joined(*steps)


def bowl(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make part of a sphere: an open surface without thickness."""
    ball = creation.icosphere(subdivisions=4)
    level = rng.uniform(-0.45, -0.3) if flat else rng.uniform(0.0, 0.2)
    below = ball.triangles_center[:, 2] < level
    return trimesh.Trimesh(ball.vertices, ball.faces[below], process=False)


def hammer(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a handle with a head, or a T-shaped pick."""
    length = rng.uniform(1.3, 1.8)
    head = creation.box((1.2, 0.12, 0.12) if flat else (0.7, 0.3, 0.3))
    handle = creation.cylinder(radius=0.08, height=length)
    return _joined(handle, _placed(head, (0 if flat else 0.1, 0, length / 2)))


def spring_left(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a wire wound to the left, short or long."""
    mesh = spring_right(rng, flat)
    mesh.apply_scale((-1, 1, 1))
    return mesh


def spring_right(rng: np.random.Generator, flat: bool) -> trimesh.Trimesh:
    """Make a wire wound to the right, short or long."""
    turns = rng.uniform(1.3, 1.6) if flat else rng.uniform(2.3, 2.7)
    pitch = rng.uniform(0.9, 1.2)
    angle = np.linspace(0, 2 * np.pi * turns, int(24 * turns))
    along = pitch * angle / (2 * np.pi)
    path = np.stack([np.cos(angle), np.sin(angle), along - along.mean()], axis=1)
    return _tube(path, rng.uniform(0.13, 0.2))


CLASSES: Final[dict[str, Make]] = {
    make.__name__: make
    for make in (
        box,
        ellipsoid,
        cylinder,
        cone,
        torus,
        pipe,
        table,
        chair,
        mug,
        dumbbell,
        cross,
        stairs,
        bowl,
        hammer,
        spring_left,
        spring_right,
    )
}


def make_mesh(name: str, rng: np.random.Generator) -> tuple[trimesh.Trimesh, str]:
    """Generate one model in its upright pose.

    Parameters
    ----------
    name
        One of `CLASSES`.
    rng
        Random generator of its subclass and proportions.

    Returns
    -------
    mesh : Trimesh
        Centred on its bounding box, about 1 wide.
    subclass : str
        ``"<name>-a"`` or ``"<name>-b"``.
    """
    flat = bool(rng.random() < 0.5)
    mesh = CLASSES[name](rng, flat)
    mesh.apply_scale(rng.uniform(0.9, 1.1, 3))
    mesh.apply_translation(-mesh.bounds.mean(axis=0))
    mesh.apply_scale(1 / mesh.extents.max())
    return mesh, f"{name}-{'b' if flat else 'a'}"


def generate(folder: Path, counts: dict[str, int], seed: int = 0) -> None:
    """Write a data set.

    Parameters
    ----------
    folder
        File to write.
    counts
        Number of models of every class in each split.
    seed
        Seed of all random choices.
    """
    number = 0
    for index, (split, count) in enumerate(counts.items()):
        rng = np.random.default_rng([seed, index])
        rows = []
        for name in CLASSES:
            for _ in range(count):
                number += 1
                mesh, subclass = make_mesh(name, rng)
                rows.append((f"{number:06d}", name, subclass, f"synthetic-{number}", split))
                _write(mesh, folder / f"{split}_normal" / f"{number:06d}.obj")
                rotation = np.eye(4)
                rotation[:3, :3] = random_rotations(1, rng)[0]
                mesh.apply_transform(rotation)
                _write(mesh, folder / f"{split}_perturbed" / f"{number:06d}.obj")
        with (folder / f"{split}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("id", "synsetId", "subSynsetId", "modelId", "split"))
            table.writerows(rows)


def _write(mesh: trimesh.Trimesh, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"v {x:.5f} {y:.5f} {z:.5f}\n" for x, y, z in mesh.vertices]
    lines += [f"f {a} {b} {c}\n" for a, b, c in mesh.faces + 1]
    path.write_text("".join(lines))


def _joined(*parts: trimesh.Trimesh) -> trimesh.Trimesh:
    return trimesh.util.concatenate(parts)


def _placed(mesh: trimesh.Trimesh, offset: tuple[float, float, float]) -> trimesh.Trimesh:
    mesh.apply_transform(translation_matrix(offset))
    return mesh


def _tube(path: NDArray[np.float64], radius: float, sides: int = 8) -> trimesh.Trimesh:
    """Return the surface of a wire along a path, open at its ends."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, (0.0, 0.0, 1.0))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    third = np.cross(along, across)
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = (
        np.cos(angle)[None, :, None] * across[:, None]
        + np.sin(angle)[None, :, None] * third[:, None]
    )
    vertices = (path[:, None] + radius * ring).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(len(path) - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    faces = np.concatenate(
        [np.stack([a, b, a + sides], -1), np.stack([b, b + sides, a + sides], -1)]
    )
    return trimesh.Trimesh(vertices, faces.reshape(-1, 3), process=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the data set")
    parser.add_argument("--train", type=int, default=60, help="models of every class")
    parser.add_argument("--val", type=int, default=10, help="likewise")
    parser.add_argument("--test", type=int, default=20, help="likewise")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts = {"train": options.train, "val": options.val, "test": options.test}
    generate(options.folder, counts, options.seed)


if __name__ == "__main__":
    main()
