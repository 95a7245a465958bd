"""Results as a stream of bytes: JSON, JSON Lines, CSV, TSV, Parquet or text."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from protvox.errors import fail
from protvox.messages import as_cell

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from protvox.predict.check.results import CheckResult
    from protvox.predict.mutations.scores import MutationScores
    from protvox.predict.results.prediction import Prediction
    from protvox.predict.search.pairwise import AlignmentResult
    from protvox.predict.search.results import SearchResult
    from protvox.predict.suggest.results import SuggestionResult

FORMATS: Final = ("table", "json", "jsonl", "csv", "tsv", "parquet")
"""Names of the output formats."""

_TEXT_WIDTH: Final = 80
_DIGITS: Final = "%.6g"


class Result(Protocol):
    """A result of any kind."""

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the result as JSON text."""


class Writer(Protocol):
    """Writes results of one kind, one after another."""

    def add(self, result: Result) -> None:
        """Add a result."""

    def close(self) -> None:
        """Write the rest of the output. The stream stays open."""


def choose_format(form: str | None, path: str) -> str:
    """Return the output format, by default from the suffix of the file.

    Parameters
    ----------
    form
        Requested format; None for the default.
    path
        Output file, e.g. ``"out.csv"``, or ``"-"`` for stdout. ``table`` is the format of ``.txt``
        and of names without a suffix.

    Raises
    ------
    UsageError
        If the suffix is another one, such as ``.csv.gz`` or ``.xlsx`` (``usage.format``).
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if form is not None:
        return form
    if suffix in FORMATS:
        return suffix
    if suffix in ("", "txt"):
        return "table"
    raise fail("usage.format.suffix", where=path, suffixes=", ".join(f".{f}" for f in FORMATS[1:]))


def make_writer(form: str, stream: io.BufferedIOBase, *, many: bool, tables: str) -> Writer:
    """Return the writer of a format.

    Parameters
    ----------
    form
        One of `FORMATS`.
    stream
        Stream to write to; text on a terminal is coloured.
    many
        Whether there are several inputs, so that ``json`` is a list.
    tables
        Rows of csv, tsv and parquet: ``"domains"`` or ``"residues"`` of predictions,
        ``"mutations"`` for scores of mutations, ``"neighbours"`` for results of a search,
        ``"findings"`` for checks, ``"suggestions"`` for suggested mutations, ``"alignment"`` for
        two aligned structures, or the name of a task.

    Raises
    ------
    UsageError
        If there is no such format (``usage.format``).
    """
    frames: dict[str, Callable[[Any], pd.DataFrame]] = {
        "domains": _domains,
        "residues": _residues,
        "mutations": _mutations,
        "neighbours": _neighbours,
        "findings": _findings,
        "suggestions": _neighbours,
        "alignment": _neighbours,
    }
    frame = frames.get(tables) or (lambda prediction: prediction.task_frame(tables))
    if form == "json":
        return JsonWriter(stream, many=many)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    if form in ("csv", "tsv"):
        return DelimitedWriter(stream, frame, "," if form == "csv" else "\t")
    if form == "parquet":
        return ParquetWriter(stream, frame)
    if form == "table":
        texts: dict[str, Callable[[Any, int], RenderableType]] = {
            "mutations": _mutation_text,
            "neighbours": _search_text,
            "findings": _check_text,
            "suggestions": _suggestion_text,
            "alignment": _alignment_text,
        }
        return TextWriter(stream, texts.get(tables, _prediction_text))
    raise fail("usage.format.unknown", form=form, formats=", ".join(FORMATS))


class JsonWriter:
    """One indented object, or a list of objects if there are several inputs."""

    def __init__(self, stream: io.BufferedIOBase, *, many: bool) -> None:
        self._stream = stream
        self._many = many
        self._count = 0

    def add(self, result: Result) -> None:
        """Add a result."""
        if self._many:
            self._stream.write(b",\n" if self._count else b"[\n")
        self._stream.write(_bytes(result.to_json(indent=1)))
        self._count += 1

    def close(self) -> None:
        """End the list and the last line."""
        if self._many:
            self._stream.write(b"\n]\n" if self._count else b"[]\n")
        elif self._count:
            self._stream.write(b"\n")


class JsonLinesWriter:
    """One object per line, written immediately."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream

    def add(self, result: Result) -> None:
        """Add a result."""
        self._stream.write(_bytes(result.to_json() + "\n"))
        self._stream.flush()

    def close(self) -> None:
        """Do nothing; all output has been written."""


class DelimitedWriter:
    """Rows under one header, with the columns of the first result."""

    def __init__(
        self,
        stream: io.BufferedIOBase,
        frame: Callable[[Any], pd.DataFrame],
        separator: str,
    ) -> None:
        self._stream = stream
        self._frame = frame
        self._separator = separator
        self._columns: list[str] | None = None

    def add(self, result: Result) -> None:
        """Add a result."""
        frame = self._frame(result)
        header = self._columns is None
        if self._columns is None:
            self._columns = list(frame.columns)
        text = io.StringIO()
        _safe(frame.reindex(columns=self._columns)).to_csv(
            text,
            sep=self._separator,
            index=False,
            header=header,
            float_format=_DIGITS,
            lineterminator="\n",
        )
        self._stream.write(_bytes(text.getvalue()))

    def close(self) -> None:
        """Do nothing; all output has been written."""


def _safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which no text begins like a formula."""
    for name in frame.columns:
        if frame[name].dtype.kind == "O":
            values = frame[name].tolist()
            cells: list[Any] = [as_cell(value) for value in values]
            # Other columns keep their types.
            if any(a is not b and a != b for a, b in zip(cells, values, strict=True)):
                frame = frame.assign(**{name: cells})
    return frame


class ParquetWriter:
    """One table, written at the end."""

    def __init__(self, stream: io.BufferedIOBase, frame: Callable[[Any], pd.DataFrame]) -> None:
        self._stream = stream
        self._frame = frame
        self._frames: list[pd.DataFrame] = []

    def add(self, result: Result) -> None:
        """Add a result."""
        self._frames.append(self._frame(result))

    def close(self) -> None:
        """Write the table."""
        if not self._frames:
            return
        import pandas as pd

        # Parquet needs to seek, which is impossible in a pipe.
        buffer = io.BytesIO()
        pd.concat(self._frames, ignore_index=True).to_parquet(buffer, index=False)
        self._stream.write(buffer.getbuffer())


class TextWriter:
    """Formatted tables, coloured if the stream is a terminal."""

    def __init__(
        self, stream: io.BufferedIOBase, render: Callable[[Any, int], RenderableType]
    ) -> None:
        from rich.console import Console

        self._stream = stream
        self._render = render
        # Rich formats the text; the bytes are written here, always as UTF-8.
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True if stream.isatty() else None,
            highlight=False,
        )
        if not self._console.is_terminal:
            self._console.width = _TEXT_WIDTH
        self._count = 0

    def add(self, result: Result) -> None:
        """Add a result."""
        with self._console.capture() as captured:
            if self._count:
                self._console.print()
            self._console.print(self._render(result, self._console.width))
        # Rich pads table cells with trailing blanks.
        lines = [line.rstrip() + "\n" for line in captured.get().splitlines()]
        self._stream.write(_bytes("".join(lines)))
        self._stream.flush()
        self._count += 1

    def close(self) -> None:
        """Do nothing; all output has been written."""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


def _domains(prediction: Prediction) -> pd.DataFrame:
    return prediction.to_pandas().domains


def _residues(prediction: Prediction) -> pd.DataFrame:
    return prediction.to_pandas().residues


def _mutations(scores: MutationScores) -> pd.DataFrame:
    return scores.to_pandas()


def _neighbours(result: SearchResult | AlignmentResult | SuggestionResult) -> pd.DataFrame:
    return result.to_pandas()


def _findings(result: CheckResult) -> pd.DataFrame:
    return result.to_pandas()


def _check_text(result: CheckResult, _width: int) -> RenderableType:
    from protvox.report.terminal.check import render_check

    return render_check(result)


def _search_text(result: SearchResult, _width: int) -> RenderableType:
    from protvox.report.terminal.search import render_search

    return render_search(result)


def _suggestion_text(result: SuggestionResult, _width: int) -> RenderableType:
    from protvox.report.terminal.suggestions import render_suggestions

    return render_suggestions(result)


def _alignment_text(result: AlignmentResult, _width: int) -> RenderableType:
    from protvox.report.terminal.alignment import render_alignment

    return render_alignment(result)


def _prediction_text(prediction: Prediction, width: int) -> RenderableType:
    from protvox.report.terminal.prediction import render

    return render(prediction, width=width)


def _mutation_text(scores: MutationScores, _width: int) -> RenderableType:
    from protvox.report.terminal.mutations import render_mutations

    return render_mutations(scores)
