"""Compiled superposition of paired points: the rotation of least squares, from sums of products."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

N_SUMS: Final = 17
"""Sums over pairs that determine a superposition: number of pairs, coordinates of the first and
of the second point (3 + 3), products of coordinates (9, first index in rows), squares."""

_TINY: Final = 1e-9
"""Relative size of an eigenvector below which two eigenvalues count as equal."""


@compile_exact
def _largest_by_jacobi(k: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    """Return the largest eigenvalue of a symmetric 4 x 4 matrix, and its eigenvector.

    Jacobi's method does not depend on how far apart the eigenvalues are. Overwrites the matrix.
    """
    vectors = np.eye(4)
    for _ in range(30):
        off = 0.0
        for p in range(4):
            for q in range(p + 1, 4):
                off += k[p, q] * k[p, q]
        if off < 1e-30:
            break
        for p in range(4):
            for q in range(p + 1, 4):
                if k[p, q] == 0.0:
                    continue
                theta = (k[q, q] - k[p, p]) / (2.0 * k[p, q])
                t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
                if theta < 0:
                    t = -t
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for r in range(4):
                    a, b = k[r, p], k[r, q]
                    k[r, p], k[r, q] = c * a - s * b, s * a + c * b
                for r in range(4):
                    a, b = k[p, r], k[q, r]
                    k[p, r], k[q, r] = c * a - s * b, s * a + c * b
                for r in range(4):
                    a, b = vectors[r, p], vectors[r, q]
                    vectors[r, p], vectors[r, q] = c * a - s * b, s * a + c * b
    best = 0
    for p in range(1, 4):
        if k[p, p] > k[best, best]:
            best = p
    return k[best, best], vectors[0, best], vectors[1, best], vectors[2, best], vectors[3, best]


@compile_exact
def _minors(
    k00: float,
    k11: float,
    k22: float,
    k33: float,
    k01: float,
    k02: float,
    k03: float,
    k12: float,
    k13: float,
    k23: float,
) -> tuple[float, ...]:
    """Return the determinant of a symmetric 4 x 4 matrix and the upper half of its adjugate."""
    s0, s1, s2 = k00 * k11 - k01 * k01, k00 * k12 - k01 * k02, k00 * k13 - k01 * k03
    s3, s4, s5 = k01 * k12 - k11 * k02, k01 * k13 - k11 * k03, k02 * k13 - k12 * k03
    c5, c4, c3 = k22 * k33 - k23 * k23, k12 * k33 - k13 * k23, k12 * k23 - k13 * k22
    c2, c1, c0 = k02 * k33 - k03 * k23, k02 * k23 - k03 * k22, k02 * k13 - k03 * k12
    return (
        s0 * c5 - s1 * c4 + s2 * c3 + s3 * c2 - s4 * c1 + s5 * c0,
        k11 * c5 - k12 * c4 + k13 * c3,
        -k01 * c5 + k02 * c4 - k03 * c3,
        k13 * s5 - k23 * s4 + k33 * s3,
        -k12 * s5 + k22 * s4 - k23 * s3,
        k00 * c5 - k02 * c2 + k03 * c1,
        -k03 * s5 + k23 * s2 - k33 * s1,
        k02 * s5 - k22 * s2 + k23 * s1,
        k03 * s4 - k13 * s2 + k33 * s0,
        -k02 * s4 + k12 * s2 - k23 * s0,
        k02 * s3 - k12 * s1 + k22 * s0,
    )


@compile_exact
def _column(
    k00: float,
    k11: float,
    k22: float,
    k33: float,
    k01: float,
    k02: float,
    k03: float,
    k12: float,
    k13: float,
    k23: float,
) -> tuple[float, float, float, float]:
    """Return the longest column of the adjugate: an eigenvector if one eigenvalue is zero."""
    _, a00, a01, a02, a03, a11, a12, a13, a22, a23, a33 = _minors(
        k00, k11, k22, k33, k01, k02, k03, k12, k13, k23
    )
    if abs(a00) >= abs(a11) and abs(a00) >= abs(a22) and abs(a00) >= abs(a33):
        return a00, a01, a02, a03
    if abs(a11) >= abs(a22) and abs(a11) >= abs(a33):
        return a01, a11, a12, a13
    if abs(a22) >= abs(a33):
        return a02, a12, a22, a23
    return a03, a13, a23, a33


@compile_exact
def fit_rotation(sums: NDArray[np.float64], move: NDArray[np.float64]) -> float:
    """Write the rotation and translation that move the first points onto the second.

    Parameters
    ----------
    sums
        ``N_SUMS``, sums over at least one pair.
    move
        Output, ``12``: the rotation by rows, then the translation; ``R x + t`` is the position
        of a first point after the superposition.

    Returns
    -------
    float
        Sum of the squared distances after the superposition, Å^2.

    Notes
    -----
    The unit quaternion of the best rotation is an eigenvector of a 4 x 4 matrix (Horn, J. Opt.
    Soc. Am. A 4, 629, 1987). Its eigenvalue is a root of the characteristic polynomial, reached
    by Newton's method from above, and the eigenvector a column of the adjugate (Theobald, Acta
    Cryst. A 61, 478, 2005). Rotations are proper: a mirror image is not superposed.
    """
    n = sums[0]
    ax, ay, az = sums[1] / n, sums[2] / n, sums[3] / n
    bx, by, bz = sums[4] / n, sums[5] / n, sums[6] / n
    xx, xy, xz = sums[7] - n * ax * bx, sums[8] - n * ax * by, sums[9] - n * ax * bz
    yx, yy, yz = sums[10] - n * ay * bx, sums[11] - n * ay * by, sums[12] - n * ay * bz
    zx, zy, zz = sums[13] - n * az * bx, sums[14] - n * az * by, sums[15] - n * az * bz
    spread = sums[16] - n * (ax * ax + ay * ay + az * az + bx * bx + by * by + bz * bz)
    scale = 0.5 * spread
    if scale <= 1e-12:
        move[:] = 0.0
        move[0] = move[4] = move[8] = 1.0
        move[9], move[10], move[11] = bx - ax, by - ay, bz - az
        return 0.0
    # Divided by the upper bound of the eigenvalue, so that limits are relative.
    xx, xy, xz = xx / scale, xy / scale, xz / scale
    yx, yy, yz = yx / scale, yy / scale, yz / scale
    zx, zy, zz = zx / scale, zy / scale, zz / scale
    k00, k11 = xx + yy + zz, xx - yy - zz
    k22, k33 = yy - xx - zz, zz - xx - yy
    k01, k02, k03 = yz - zy, zx - xz, xy - yx
    k12, k13, k23 = xy + yx, zx + xz, yz + zy
    squares = xx * xx + xy * xy + xz * xz + yx * yx + yy * yy + yz * yz
    squares += zx * zx + zy * zy + zz * zz
    c2 = -2.0 * squares
    c1 = -8.0 * (xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx))
    c0 = _minors(k00, k11, k22, k33, k01, k02, k03, k12, k13, k23)[0]
    value = 1.0
    for _ in range(50):
        square = value * value
        b = (square + c2) * value
        a = b + c1
        slope = 2.0 * square * value + b + a
        if slope == 0.0:
            break
        step = (a * value + c0) / slope
        value -= step
        if abs(step) < 1e-13:
            break
    v = value
    q = _column(k00 - v, k11 - v, k22 - v, k33 - v, k01, k02, k03, k12, k13, k23)
    q0, q1, q2, q3 = q
    norm = q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3
    if not norm > _TINY * _TINY:
        matrix = np.array(
            (
                (k00, k01, k02, k03),
                (k01, k11, k12, k13),
                (k02, k12, k22, k23),
                (k03, k13, k23, k33),
            )
        )
        value, q0, q1, q2, q3 = _largest_by_jacobi(matrix)
        norm = q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3
    norm = 1.0 / math.sqrt(norm)
    q0, q1, q2, q3 = q0 * norm, q1 * norm, q2 * norm, q3 * norm
    r00, r11 = q0 * q0 + q1 * q1 - q2 * q2 - q3 * q3, q0 * q0 - q1 * q1 + q2 * q2 - q3 * q3
    r22 = q0 * q0 - q1 * q1 - q2 * q2 + q3 * q3
    r01, r10 = 2.0 * (q1 * q2 - q0 * q3), 2.0 * (q1 * q2 + q0 * q3)
    r02, r20 = 2.0 * (q1 * q3 + q0 * q2), 2.0 * (q1 * q3 - q0 * q2)
    r12, r21 = 2.0 * (q2 * q3 - q0 * q1), 2.0 * (q2 * q3 + q0 * q1)
    move[0], move[1], move[2] = r00, r01, r02
    move[3], move[4], move[5] = r10, r11, r12
    move[6], move[7], move[8] = r20, r21, r22
    move[9] = bx - r00 * ax - r01 * ay - r02 * az
    move[10] = by - r10 * ax - r11 * ay - r12 * az
    move[11] = bz - r20 * ax - r21 * ay - r22 * az
    return max(spread - 2.0 * value * scale, 0.0)
