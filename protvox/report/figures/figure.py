"""Figures with matplotlib, an optional dependency."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protvox.errors import fail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_FORMATS: Final = (".png", ".svg", ".pdf")
"""Suffixes of figure files."""

_DPI: Final = 150


def check_picture(path: str, option: str) -> None:
    """Check that a figure can be drawn, before any work is done.

    Parameters
    ----------
    path
        File to write.
    option
        Option with the path, for the error.

    Raises
    ------
    UsageError
        If the suffix is not supported (``usage.picture``) or matplotlib is not installed
        (``usage.matplotlib``).
    """
    if Path(path).suffix.lower() not in PICTURE_FORMATS:
        raise fail("usage.picture", where=f"{option} {path}")
    new_figure(1.0, 1.0)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure without a window.

    Parameters
    ----------
    width, height
        Size in inches.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise fail("usage.matplotlib", where="figures") from error

    class NotebookFigure(Figure):
        """A figure that a notebook shows also if nothing imports `matplotlib.pyplot`."""

        def _repr_png_(self) -> bytes:
            return picture_bytes(self, "figure.png")

    return NotebookFigure(figsize=(width, height), layout="constrained")


def picture_bytes(figure: Figure, path: str) -> bytes:
    """Return a figure as the bytes of a file.

    Parameters
    ----------
    figure
        The figure.
    path
        File name; its suffix decides the format.
    """
    buffer = io.BytesIO()
    form = Path(path).suffix.lower().lstrip(".")
    # Without time stamps and random identifiers, equal figures are equal files.
    stamp = {"png": "Software", "svg": "Date", "pdf": "CreationDate"}[form]
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "protvox"}):
        figure.savefig(buffer, format=form, dpi=_DPI, metadata={stamp: None})
    return buffer.getvalue()
