"""The directions in which folds differ most relative to the variation within a fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protvox.predict.index.head import Block


@dataclass(frozen=True)
class Recipe:
    """Settings of the fit of one block.

    Attributes
    ----------
    axes
        Number of components.
    level
        Parts of the CATH code that make a class: 3 topology, 4 superfamily.
    shrinkage
        Variance added to that of every class, in units of the variance of all domains.
    balance
        A domain counts in proportion to the size of its superfamily to the power of minus this.
    """

    axes: int
    level: int
    shrinkage: float
    balance: float = 0.4


def fit_block(
    plain: NDArray[np.float32],
    varied: NDArray[np.float32],
    classes: NDArray[np.int64],
    families: NDArray[np.int64],
    recipe: Recipe,
    weight: float,
) -> Block:
    """Fit one part of an embedding by linear discriminants (Rao 1948).

    After multiplication with the matrix, domains of one class scatter equally in all directions,
    and the directions kept are those in which the means of classes differ most: the closed form
    of a metric learned from pairs of one class.

    Parameters
    ----------
    plain
        ``domain number``, as a user's domains are described.
    varied
        ``copy domain number``, of augmented copies of the domains; their differences count as
        scatter within a class.
    classes
        ``domain`` int64.
    families
        ``domain`` int64, superfamilies.
    recipe
        Settings of the fit.
    weight
        Length of this part of the embedding.
    """
    mean, scale = plain.mean(axis=0), plain.std(axis=0) + 1e-6
    share = np.bincount(families)[families] ** -recipe.balance
    share /= share.sum()
    standard = (plain - mean) / scale
    sizes = np.bincount(classes, share)
    middle = np.zeros((len(sizes), standard.shape[1]))
    np.add.at(middle, classes, standard * share[:, None])
    middle /= sizes[:, None]
    within = np.zeros((standard.shape[1],) * 2)
    for copy in (plain, *varied):
        apart = (copy - mean) / scale - middle[classes]
        within += (apart * share[:, None]).T @ apart / (len(varied) + 1)
    within += recipe.shrinkage * np.eye(len(within))
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    centred = middle - sizes @ middle
    between = whiten.T @ ((centred * sizes[:, None]).T @ centred) @ whiten
    directions = np.linalg.eigh(between)[1][:, ::-1][:, : recipe.axes]
    matrix = (whiten @ directions).T
    return Block(mean, scale, np.ascontiguousarray(matrix, dtype=np.float32), weight)
