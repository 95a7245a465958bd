"""The experiment in the header of PDB files, and in the categories of mmCIF and BinaryCIF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Final

from protvox.structure.experiment import Experiment, Method

_METHODS: Final[tuple[tuple[str, Method], ...]] = (
    ("X-RAY", "X-ray"),
    ("NMR", "NMR"),
    ("ELECTRON CRYSTALLOGRAPHY", "other"),
    ("ELECTRON", "EM"),
)
"""Words of the method, the first that fits."""

METHOD_NAMES: Final[dict[Method, str]] = {
    "X-ray": "X-RAY DIFFRACTION",
    "EM": "ELECTRON MICROSCOPY",
    "NMR": "SOLUTION NMR",
    "other": "OTHER",
}
"""Words that files are written with."""

_NONE: Final = ("", "THEORETICAL MODEL")
_RESOLUTION: Final = re.compile(r"REMARK   2 RESOLUTION\. +(\d+(?:\.\d+)?)")
_FINEST, _COARSEST = 0.1, 100.0
_LEAST_EDGE: Final = 2.0
"""Å; cells that stand for none have edges of 1."""

_CELL: Final = (
    *(f"length_{x}" for x in "abc"),
    *(f"angle_{x}" for x in ("alpha", "beta", "gamma")),
)
_SCALE: Final = tuple(
    name
    for row in (1, 2, 3)
    for name in (
        *(f"fract_transf_matrix[{row}][{column}]" for column in (1, 2, 3)),
        f"fract_transf_vector[{row}]",
    )
)
_RESOLUTIONS: Final = (("refine", "ls_d_res_high"), ("em_3d_reconstruction", "resolution"))

Column = Callable[[str, str], Sequence[str]]
"""Values of a column, by category and name; empty if the file does not have it."""


def find_in_header(lines: Iterable[str]) -> Experiment:
    """Return what the header of a PDB file says about the experiment.

    Parameters
    ----------
    lines
        Records before the first atom.
    """
    methods: list[str] = []
    resolution: float | None = None
    cell: tuple[float, ...] = ()
    space_group = ""
    scale: list[str] = []
    for line in lines:
        if line.startswith("EXPDTA"):
            methods += line[10:].split(";")
        elif line.startswith("CRYST1"):
            edges = [line[start : start + 9] for start in (6, 15, 24)]
            cell = _cell([*edges, *(line[start : start + 7] for start in (33, 40, 47))])
            space_group = line[55:66].strip()
        elif line.startswith(f"SCALE{len(scale) // 4 + 1}"):
            scale += [line[start : start + 10] for start in (10, 20, 30, 45)]
        elif resolution is None and (found := _RESOLUTION.match(line)):
            resolution = _limited(found[1])
    return Experiment(_method(methods), resolution, cell, space_group, _scale(scale))


def find_in_categories(column: Column) -> Experiment:
    """Return what an mmCIF or BinaryCIF file says about the experiment.

    Parameters
    ----------
    column
        The small categories of the file.
    """
    words = [word for pair in _RESOLUTIONS for word in column(*pair)]
    known = [value for value in map(_limited, words) if value is not None]
    group = [
        word
        for key in ("space_group_name_h-m", "space_group_name_H-M")
        for word in column("symmetry", key)
    ]
    return Experiment(
        _method(column("exptl", "method")),
        known[0] if known else None,
        _cell([word for key in _CELL for word in column("cell", key)[:1]]),
        group[0].strip() if group else "",
        _scale([word for key in _SCALE for word in column("atom_sites", key)[:1]]),
    )


def _method(words: Iterable[str]) -> Method:
    """Return the first method, ``other`` if it has no name here."""
    for word in words:
        method = word.strip().upper()
        if method in _NONE:
            continue
        return next((name for sign, name in _METHODS if sign in method), "other")
    return ""


def _cell(words: Sequence[str]) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        return ()
    edges, angles = values[:3], values[3:]
    valid = len(values) == 6 and all(_LEAST_EDGE < edge < 1e5 for edge in edges)
    return values if valid and all(10 < angle < 170 for angle in angles) else ()


def _scale(words: Sequence[str]) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        return ()
    return values if len(values) == len(_SCALE) and all(map(isfinite, values)) else ()


def _limited(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if _FINEST < value < _COARSEST else None
