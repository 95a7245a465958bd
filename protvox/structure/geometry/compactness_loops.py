"""Compiled loops of `protvox.structure.geometry.compactness`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np

from protvox.compiled.exact import compile_exact

_STEADY: Final = 1e-12
"""Change of the eigenvalue over a few steps below which it has converged."""


@lru_cache(maxsize=1)
def contact_weigher() -> Any:
    """Return the compiled loop over all pairs of residues.

    Returns
    -------
    callable
        ``weigh(points, contact, apart, softness)`` returns the number of pairs with a sequence
        separation of at least ``apart`` and a distance below ``contact`` Å, and the ``residue
        residue`` weights, which decay exponentially over ``softness`` Å beyond that distance
        and are 0 on the diagonal.
    """

    def weigh(points, contact, apart, softness):  # type: ignore[no-untyped-def]
        n = len(points)
        weight = np.zeros((n, n))
        contacts = 0
        for i in range(n):
            for j in range(i + 1, n):
                x = points[i, 0] - points[j, 0]
                y = points[i, 1] - points[j, 1]
                z = points[i, 2] - points[j, 2]
                distance = np.sqrt(x * x + y * y + z * z)
                contacts += j - i >= apart and distance < contact
                value = np.exp(-max(distance - contact, 0.0) / softness)
                weight[i, j] = value
                weight[j, i] = value
        return contacts, weight

    return compile_exact(weigh)


@lru_cache(maxsize=1)
def second_eigenvalue() -> Any:
    """Return the compiled Lanczos iteration (Lanczos 1950) for the second eigenvalue.

    Returns
    -------
    callable
        ``second(matrix, first)`` returns the largest eigenvalue of a symmetric ``n n`` matrix
        apart from that of the unit eigenvector ``first``. Each step costs O(n^2); a few tens of
        steps are usually enough, and n - 1 steps are exact.
    """

    def second(matrix, first):  # type: ignore[no-untyped-def]
        n = len(matrix)
        most = n - 1
        basis = np.zeros((most + 1, n))
        diagonal, off_diagonal = np.zeros(most), np.zeros(most)
        basis[0] = first
        # The parts of a chain are stretches of it, so a ramp is a good start; the cosine keeps
        # it from being orthogonal to the eigenvector.
        new = np.empty(n)
        for i in range(n):
            new[i] = 2.0 * i / n - 1.0 + 0.3 * np.cos(1.7 * i * i + 0.3)
        found, before = -2.0, -2.0
        for step in range(most):
            for _ in range(2):  # Orthogonalised twice, for rounding.
                for old in range(step + 1):
                    share = 0.0
                    for i in range(n):
                        share += new[i] * basis[old, i]
                    for i in range(n):
                        new[i] -= share * basis[old, i]
            length = np.sqrt((new * new).sum())
            if length < 1e-13:
                break
            if step:
                off_diagonal[step - 1] = length
            vector = basis[step + 1]
            for i in range(n):
                vector[i] = new[i] / length
                new[i] = 0.0
            for j in range(n):
                for i in range(n):
                    new[i] += matrix[j, i] * vector[j]
            for i in range(n):
                diagonal[step] += new[i] * vector[i]
            if step % 4 and step < most - 1:
                continue
            low, high = -2.0, 2.0  # the largest eigenvalue of the tridiagonal matrix, by bisection
            while high - low > 1e-14:
                middle = 0.5 * (low + high)
                if middle in (low, high):
                    break
                above, pivot = False, 1.0
                for k in range(step + 1):
                    reach = off_diagonal[k - 1] ** 2 / pivot if k else 0.0
                    pivot = diagonal[k] - middle - reach
                    if pivot > 0.0:
                        above = True
                        break
                    pivot = min(pivot, -1e-300)
                if above:
                    low = middle
                else:
                    high = middle
            before, found = found, high
            if found - before < _STEADY:
                break
        return found

    return compile_exact(second)
