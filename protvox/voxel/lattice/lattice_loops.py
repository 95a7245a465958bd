"""The compiled loop of `protvox.voxel.lattice.lattice`."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from protvox.compiled.loops import compile_loop


@lru_cache(maxsize=1)
def lattice_filler() -> Any:
    """Return the compiled loop over lattice points and residues.

    Returns
    -------
    callable
        ``fill(coordinates, state, tangent, normal, points, max_ca_distance, shells, decay,
        direction_shells, direction_decay, cutoff, states, near, out)``. ``tangent`` and
        ``normal`` hold harmonics: ``residue 8`` (l = 1, then 2) and ``residue 5`` (l = 2).
        Marks the active points in ``near`` and writes their rows of ``out``, which must be 0
        before.
    """
    s3, s5, s15 = (np.float32(math.sqrt(n)) for n in (3.0, 5.0, 15.0))

    def fill(  # type: ignore[no-untyped-def]
        coordinates,
        state,
        tangent,
        normal,
        points,
        max_ca_distance,
        shells,
        decay,
        direction_shells,
        direction_decay,
        cutoff,
        states,
        near,
        out,
    ):
        one, half = np.float32(1.0), np.float32(0.5)
        n_residues, n_shells = len(coordinates), len(shells)
        n_directions = len(direction_shells)
        inner = 1 if shells[0] == 0 else 0
        outer = n_shells - inner
        # First feature of l = 1 and of l = 2, and number of features per component.
        first1 = states * n_shells
        width1 = states * (outer + n_directions)
        first2 = first1 + 3 * width1
        width2 = states * (outer + 2 * n_directions)
        cutoff2 = cutoff * cutoff
        distance2 = np.empty(n_residues, np.float32)
        y = np.empty(8, np.float32)
        for i in range(len(points)):
            closest = np.float32(np.inf)
            for r in range(n_residues):
                dx = coordinates[r, 0] - points[i, 0]
                dy = coordinates[r, 1] - points[i, 1]
                dz = coordinates[r, 2] - points[i, 2]
                distance2[r] = dx * dx + dy * dy + dz * dz
                closest = min(closest, distance2[r])
            near[i] = closest < max_ca_distance * max_ca_distance
            if not near[i]:
                continue
            for r in range(n_residues):
                if not distance2[r] < cutoff2:
                    continue
                d = np.sqrt(distance2[r])
                inverse = one / (d + np.float32(1e-6))
                ux = (coordinates[r, 0] - points[i, 0]) * inverse
                uy = (coordinates[r, 1] - points[i, 1]) * inverse
                uz = (coordinates[r, 2] - points[i, 2]) * inverse
                y[0], y[1], y[2] = s3 * ux, s3 * uy, s3 * uz
                y[3], y[4] = s15 * ux * uz, s15 * ux * uy
                y[5] = s5 * (uy * uy - half * (ux * ux + uz * uz))
                y[6], y[7] = s15 * uy * uz, s15 * half * (uz * uz - ux * ux)
                # The contribution of a residue reaches 0 smoothly at the cutoff.
                fade = one - (distance2[r] / cutoff2) ** 3
                kind = np.int64(state[r])
                for k in range(n_shells):
                    w = np.exp(-decay * (d - shells[k]) ** 2) * fade
                    out[i, kind * n_shells + k] += w
                    if k >= inner:
                        column = kind * outer + k - inner
                        for m in range(3):
                            out[i, first1 + m * width1 + column] += w * y[m]
                        for m in range(5):
                            out[i, first2 + m * width2 + column] += w * y[3 + m]
                for q in range(n_directions):
                    w = np.exp(-direction_decay * (d - direction_shells[q]) ** 2) * fade
                    column = states * outer + kind * n_directions + q
                    for m in range(3):
                        out[i, first1 + m * width1 + column] += w * tangent[r, m]
                    for m in range(5):
                        out[i, first2 + m * width2 + column] += w * tangent[r, 3 + m]
                        after = column + states * n_directions
                        out[i, first2 + m * width2 + after] += w * normal[r, m]

    return compile_loop(fill)
