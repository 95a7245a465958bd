"""Images of matrices as PNG files, without a drawing library."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

_STOPS: Final = np.array(
    [[122, 4, 34], [203, 60, 50], [244, 165, 105], [246, 232, 195], [128, 188, 191], [16, 91, 130]],
    dtype=np.float64,
)
_MISSING: Final = (208, 212, 218)


def matrix_png(values: NDArray[np.floating]) -> bytes:
    """Draw a matrix of numbers from 0 to 1, one pixel per number.

    Parameters
    ----------
    values
        ``row column``; 0 is dark red, 1 dark blue, NaN grey.

    Returns
    -------
    bytes
        A PNG file.
    """
    known = np.isfinite(values)
    position = np.clip(np.where(known, values, 0.0), 0.0, 1.0) * (len(_STOPS) - 1)
    left = np.minimum(position.astype(np.int64), len(_STOPS) - 2)
    weight = (position - left)[..., None]
    colour = np.rint(_STOPS[left] * (1 - weight) + _STOPS[left + 1] * weight).astype(np.uint8)
    colour[~known] = _MISSING
    height, width = values.shape
    # Each line starts with the number of its filter; 0 means none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), colour.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
