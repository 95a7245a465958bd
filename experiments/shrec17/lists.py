"""Ranked lists and the files of the contest.

One file per query, named like the query without an extension, in a folder named after the split
and its poses (``test_perturbed``). Every line holds a retrieved model and its distance, nearest
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.shrec17.evaluator import LONGEST
from protvox.errors import InputError

Ranked = list[tuple[str, float]]
"""Retrieved models and their distances, nearest first."""


def rank_by_class(names: Sequence[str], probabilities: NDArray[np.floating]) -> dict[str, Ranked]:
    """Retrieve, for every model, those with the same predicted class, the most certain first.

    Parameters
    ----------
    names
        Models of the split.
    probabilities
        ``model class``.

    Returns
    -------
    dict
        The list of every model; the distance is 1 minus the probability of the class.

    Notes
    -----
    Weiler et al. (2018) and Cohen et al. (2018) rank like this.
    """
    chosen = probabilities.argmax(axis=1)
    sureness = probabilities.max(axis=1)
    by_class: dict[int, Ranked] = {}
    for label in np.unique(chosen):
        rows = np.flatnonzero(chosen == label)
        rows = rows[np.argsort(-sureness[rows], kind="stable")]
        by_class[int(label)] = [(names[row], float(1 - sureness[row])) for row in rows]
    lists = {}
    for row, name in enumerate(names):
        ranked = by_class[int(chosen[row])][:LONGEST]
        if name not in {model for model, _ in ranked}:
            # In a large class the query itself may be cut off, although its distance is 0.
            ranked = [*ranked[:-1], (name, float(1 - sureness[row]))]
        lists[name] = ranked
    return lists


def rank_by_angle(names: Sequence[str], embeddings: NDArray[np.floating]) -> dict[str, Ranked]:
    """Retrieve, for every model, all others by the angle between their embeddings.

    Parameters
    ----------
    names
        Models.
    embeddings
        ``model feature``.

    Returns
    -------
    dict
        The list of every model; the distance is 1 minus the cosine.
    """
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    distance = 1 - unit @ unit.T
    order = np.argsort(distance, axis=1, kind="stable")[:, :LONGEST]
    return {
        name: [(names[column], float(distance[row, column])) for column in order[row]]
        for row, name in enumerate(names)
    }


def write_lists(lists: Mapping[str, Ranked], folder: Path) -> None:
    """Write the file of every query.

    Parameters
    ----------
    lists
        The list of every query.
    folder
        Folder to write, created if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, ranked in lists.items():
        lines = [f"{model} {distance:.6f}\n" for model, distance in ranked]
        (folder / name).write_text("".join(lines))


def read_lists(folder: Path) -> dict[str, list[str]]:
    """Read the lists of a folder; distances may be missing.

    Parameters
    ----------
    folder
        Folder with one file per query.

    Raises
    ------
    InputError
        If there are none.
    """
    files = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    if not files:
        raise InputError(
            "there are no ranked lists",
            where=str(folder),
            remedy="Give the folder of a split, e.g. lists/test_perturbed",
            code="shrec17.lists",
        )
    return {
        path.name: [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
        for path in files
    }
