"""Commands with several inputs: what the inputs are, and one result after another."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from protvox.cli import console
from protvox.cli.failures import Outcomes
from protvox.cli.files import STDOUT, open_output
from protvox.errors import fail
from protvox.report.output import Result, choose_format, make_writer

if TYPE_CHECKING:
    from protvox.predict.results.records import InputInfo
    from protvox.structure.structure import Structure


class ResultOfInput(Result, Protocol):
    """A result of any kind that says what it was computed from."""

    @property
    def input(self) -> InputInfo:
        """The structure that was read."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings, one sentence each."""


R = TypeVar("R", bound=ResultOfInput)


def check_inputs(
    inputs: tuple[str, ...], command: str, *, example: bool | None = None
) -> tuple[str, ...]:
    """Check that there are inputs, and standard input at most once.

    Parameters
    ----------
    inputs
        Inputs of the command.
    command
        Name of the command, for the error.
    example
        Whether ``--example`` was given; None for a command without that option.

    Returns
    -------
    tuple of str
        The inputs, and the bundled example if it is wanted.

    Raises
    ------
    UsageError
        If there is no input (``usage.no_input``), or standard input is given twice
        (``usage.stdin``).
    """
    if example:
        inputs = (*inputs, example_path())
    if not inputs:
        raise fail("usage.no_input" if example is None else "usage.no_input.example", where=command)
    if inputs.count(STDOUT) > 1:
        raise fail("usage.stdin", where="-")
    return inputs


def example_path() -> str:
    """Return the path of the bundled example structure."""
    # Imported here, because it imports numpy, and help texts should not wait for that.
    from protvox.structure.io.example import EXAMPLE

    return str(EXAMPLE)


def files_in_folders(inputs: Sequence[str]) -> dict[str, str | None]:
    """Replace folders by the structures below them.

    Parameters
    ----------
    inputs
        Inputs of a command.

    Returns
    -------
    dict
        Path or identifier to its name in the results: the path within the folder, None for the
        usual one.

    Raises
    ------
    UsageError
        If a folder holds no structures (``batch.empty``).
    """
    found: dict[str, str | None] = {}
    for source in inputs:
        if not os.path.isdir(source):
            found.setdefault(source, None)
            continue
        from protvox.batch.plan import make_plan

        plan = make_plan([source])
        for note in plan.notes:
            console.warning(note)
        for item in plan.items:
            found.setdefault(item.path, item.id)
    return found


def check_stream(form: str, terminal: bool) -> None:
    """Check that binary data is not written to a terminal.

    Parameters
    ----------
    form
        Output format.
    terminal
        Whether the output is a terminal.

    Raises
    ------
    UsageError
        If the format is binary (``usage.parquet``).
    """
    if form == "parquet" and terminal:
        raise fail("usage.parquet", where="--format")


def write_results(
    inputs: Sequence[str],
    compute: Callable[[str], tuple[Structure, R]],
    *,
    form: str | None,
    output: str | None,
    tables: str,
    many: bool | None = None,
    write_views: Callable[[Structure, R, str], None] | None = None,
) -> int:
    """Write the result of each input; an input that fails does not stop the others.

    Parameters
    ----------
    inputs
        Inputs of the command.
    compute
        Reads an input and returns its structure and result.
    form, output
        Values of ``--format`` and ``--output``.
    tables
        Rows of tables, see `protvox.report.output.make_writer`.
    many
        Whether JSON is a list; by default if there are several inputs.
    write_views
        Writes further files for an input: its structure, result and path.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    ProtvoxError
        Error of the only input, or one that all inputs would meet.
    """
    destination = output or STDOUT
    form = choose_format(form, destination)
    outcomes = Outcomes(len(inputs))
    with open_output(destination) as stream:
        check_stream(form, stream.isatty())
        several = len(inputs) > 1 if many is None else many
        writer = make_writer(form, stream, many=several, tables=tables)
        for source in inputs:
            done = outcomes.attempt(partial(compute, source))
            if done is None:
                continue
            structure, result = done
            for text in result.warnings:
                console.warning(f"{result.input.name}: {text}")
            writer.add(result)
            if write_views is not None:
                write_views(structure, result, source)
        if not outcomes.any_done:
            # An exception prevents the output file from being created.
            raise click.exceptions.Exit(outcomes.exit_code)
        writer.close()
    return outcomes.exit_code
