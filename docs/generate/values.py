"""Read the measured results, and write numbers and tables in one style."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def read(path: str) -> Any:
    """Return the content of a JSON file.

    Parameters
    ----------
    path
        Path relative to the root of the repository.
    """
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def results(name: str) -> Any:
    """Return the results of an experiment.

    Parameters
    ----------
    name
        Path below ``experiments`` without ``results/`` and ``.json``, e.g. ``"cath/metrics"``.
    """
    folder, _, rest = name.partition("/")
    return read(f"experiments/{folder}/results/{rest}.json")


def benchmark(name: str) -> Any:
    """Return the results of a benchmark.

    Parameters
    ----------
    name
        File name below ``benchmarks/results`` without ``.json``.
    """
    return read(f"benchmarks/results/{name}.json")


def interval(bounds: Sequence[float], digits: int = 3) -> str:
    """Return the bounds of an interval as ``0.610 to 0.630``.

    Parameters
    ----------
    bounds
        Lower and upper bound.
    digits
        Digits after the decimal point.
    """
    low, high = bounds
    return f"{low:.{digits}f} to {high:.{digits}f}"


def estimate(part: Mapping[str, Any], name: str) -> str:
    """Return a measure with its interval, as ``0.620 (0.610 to 0.630)``.

    Parameters
    ----------
    part
        Measures by name, with ``intervals`` by the same names.
    name
        Name of the measure.
    """
    return f"{part[name]:.3f} ({interval(part['intervals'][name])})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    Parameters
    ----------
    header
        Titles of the columns.
    rows
        Cells, row by row.
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def sections(*parts: str) -> str:
    """Return paragraphs, tables and headings with a blank line between them.

    Parameters
    ----------
    parts
        The blocks; lines of a paragraph are wrapped at 100 characters.
    """
    return "\n\n".join(_wrapped(part) for part in parts)


def _wrapped(part: str) -> str:
    from textwrap import fill

    text = part.strip()
    if text.startswith(("#", "|", "!", "```", "- ", "<")):
        return text
    return fill(" ".join(text.split()), width=99, break_long_words=False, break_on_hyphens=False)
