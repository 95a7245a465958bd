"""The ``protvox`` command: sub-commands and error handling."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from protvox import __version__
from protvox.cli import console
from protvox.cli.align import align
from protvox.cli.check import check
from protvox.cli.classify import classify
from protvox.cli.completion import completion
from protvox.cli.doctor import doctor
from protvox.cli.embed import embed
from protvox.cli.failures import INTERRUPTED_EXIT, report
from protvox.cli.index import index
from protvox.cli.mcp import mcp
from protvox.cli.models import models
from protvox.cli.mutations import mutations
from protvox.cli.report import page
from protvox.cli.score import score
from protvox.cli.search import search
from protvox.cli.serve import serve
from protvox.cli.suggest import suggest
from protvox.cli.train import train
from protvox.cli.voxelize import voxelize
from protvox.compiled.notice import compilation_notice


class ClosedPipeError(Exception):
    """The reader of stdout (head, less) has closed it."""


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; click itself would report a closed pipe as a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ClosedPipeError from error


@click.group(
    cls=_App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="protvox", message="%(prog)s %(version)s")
def app() -> None:
    """Analyse protein structures with steerable neural networks.

    protvox predicts the probability of each amino acid at every residue, the effect of mutations
    and the CATH architecture of domains, finds similar domains, and checks models for errors.

    \b
    Start with:
      protvox classify --example
      protvox classify 1abc.cif --format json
      protvox mutations 1abc.cif --mutations A:45W
      protvox check model.pdb

    Exit codes: 0 success, 2 usage, 3 invalid input, 4 some inputs failed, 5 model or
    configuration, 6 device or memory, 70 bug, 130 interrupted.
    """  # noqa: D301 (in click, \b keeps line breaks)


_COMMANDS = (
    classify,
    check,
    mutations,
    suggest,
    embed,
    search,
    align,
    index,
    score,
    page,
    voxelize,
    models,
    train,
    serve,
    mcp,
    doctor,
    completion,
)
for _command in _COMMANDS:
    app.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Arguments without the name of the program.

    Returns
    -------
    int
        Exit code, see the help of `app`. An exception is reported as one line on stderr.
    """
    if sys.stderr.isatty():
        compilation_notice.say = _tell_of_compilation
    try:
        code = app.main(list(arguments), prog_name="protvox", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        console.error("interrupted")
        return INTERRUPTED_EXIT
    except (ClosedPipeError, BrokenPipeError):
        _discard_output()
        return 0  # not a failure
    except Exception as error:
        try:
            sys.stdout.flush()
        except OSError:
            _discard_output()
        return report(error)
    return code if isinstance(code, int) else 0


def _tell_of_compilation() -> None:
    console.note("Compiling loops for their first use, which takes up to a minute, once.")


def _discard_output() -> None:
    """Discard what cannot be written; Python flushes stdout again at exit, which must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
