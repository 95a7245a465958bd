"""Pictures with matplotlib, which is installed on demand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protvox.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_FORMATS: Final = (".png", ".svg", ".pdf")
"""Endings of the names of picture files."""

_DPI: Final = 150


def check_picture(path: str, option: str) -> None:
    """Refuse a picture that cannot be drawn, before any work is done.

    Parameters
    ----------
    path
        File to write.
    option
        Option that asks for it, for the error.

    Raises
    ------
    UsageError
        ``usage.picture`` for another ending, ``usage.matplotlib`` if matplotlib is missing.
    """
    if Path(path).suffix.lower() not in PICTURE_FORMATS:
        raise UsageError(
            "the name must end in .png, .svg or .pdf",
            where=f"{option} {path}",
            remedy="Rename it",
            code="usage.picture",
        )
    new_figure(1.0, 1.0)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure that belongs to no window.

    Parameters
    ----------
    width, height
        Inches.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "pictures need matplotlib, which is not installed",
            where="figures",
            remedy="Run pip install 'protvox[figures]'",
            code="usage.matplotlib",
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def picture_bytes(figure: Figure, path: str) -> bytes:
    """Return a figure as the bytes of a file, the same every time.

    Parameters
    ----------
    figure
        The figure.
    path
        Name of the file, of which the ending counts.
    """
    buffer = io.BytesIO()
    form = Path(path).suffix.lower().lstrip(".")
    # Neither the time nor random identifiers, so that equal results are equal files.
    stamp = {"png": "Software", "svg": "Date", "pdf": "CreationDate"}[form]
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "protvox"}):
        figure.savefig(buffer, format=form, dpi=_DPI, metadata={stamp: None})
    return buffer.getvalue()
