"""Geometry of the charts of a page; the templates draw them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Column(NamedTuple):
    """A column of a histogram, in a box of one unit per column and 100 units of height."""

    x: float
    y: float
    height: float
    number: int


class Bar(NamedTuple):
    """A bar of a bar chart; `percent` is its length relative to the longest bar."""

    label: str
    number: int
    percent: float
    colour: str


class Dot(NamedTuple):
    """A dot of a scatter plot, in a box of 800 x 420 units."""

    x: float
    y: float
    label: str
    colour: str


def histogram(counts: NDArray[np.integer]) -> list[Column]:
    """Return the columns of a histogram.

    Parameters
    ----------
    counts
        ``bin``, number of values in each bin.

    Examples
    --------
    >>> histogram(np.array([1, 4]))[0]
    Column(x=0.06, y=75.0, height=25.0, number=1)
    """
    top = max(int(counts.max(initial=0)), 1)
    return [
        Column(i + 0.06, 100 - 100 * n / top, 100 * n / top, n)
        for i, n in enumerate(counts.tolist())
    ]


def bar_chart(rows: Iterable[tuple[str, int, str]]) -> list[Bar]:
    """Return the bars of a bar chart.

    Parameters
    ----------
    rows
        Label, number and colour of each bar.
    """
    rows = list(rows)
    top = max((n for _, n, _ in rows), default=1)
    return [Bar(label, n, 100 * n / top, colour) for label, n, colour in rows]


def scatter(
    points: NDArray[np.floating], labels: Sequence[str], colours: Sequence[str]
) -> list[Dot]:
    """Return the dots of a scatter plot, scaled to fill its box.

    Parameters
    ----------
    points
        ``point 2``, coordinates.
    labels, colours
        ``point``.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = 12 + (points - low) / np.maximum(high - low, 1e-9) * np.array([776, 396])
    return [
        Dot(x, 420 - y, label, colour)
        for (x, y), label, colour in zip(scaled.tolist(), labels, colours, strict=True)
    ]


def image_source(png: bytes) -> str:
    """Return the URL of an image that is embedded in the page.

    Parameters
    ----------
    png
        A PNG file.
    """
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
