"""The ``protvox`` command: its sub-commands, and what becomes of an error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from protvox import __version__
from protvox.cli import console
from protvox.cli.classify import classify
from protvox.cli.completion import completion
from protvox.cli.doctor import doctor
from protvox.cli.embed import embed
from protvox.cli.failures import INTERRUPTED_EXIT, report
from protvox.cli.index import index
from protvox.cli.models import models
from protvox.cli.mutations import mutations
from protvox.cli.report import page
from protvox.cli.score import score
from protvox.cli.search import search
from protvox.cli.serve import serve
from protvox.cli.train import train
from protvox.cli.voxelize import voxelize


class ClosedPipeError(Exception):
    """Whoever read stdout (head, less) has seen enough."""


class _App(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; click itself would make a closed pipe a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ClosedPipeError from error


@click.group(
    cls=_App, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="protvox", message="%(prog)s %(version)s")
def app() -> None:
    """Read protein structures with steerable neural networks.

    A structure goes in; the probability of each amino acid at every residue and the CATH
    architecture of its domains come out.

    \b
    Start with:
      protvox classify --example
      protvox classify 1abc.cif --format json
      protvox mutations 1abc.cif --mutations A:45W

    Exit codes: 0 all fine, 2 usage, 3 bad input, 4 some inputs failed, 5 model or
    configuration, 6 device or memory, 70 a bug, 130 interrupted.
    """  # noqa: D301 (\b is click's mark for lines to keep)


_COMMANDS = (
    classify,
    mutations,
    embed,
    search,
    index,
    score,
    page,
    voxelize,
    models,
    train,
    serve,
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
        Without the program's name.

    Returns
    -------
    int
        By the list in the help of `app`. Every exception becomes one line on stderr.
    """
    try:
        code = app.main(list(arguments), prog_name="protvox", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        console.error("interrupted")
        return INTERRUPTED_EXIT
    except (ClosedPipeError, BrokenPipeError):
        # That is no failure. Python flushes stdout once more at exit, which must not
        # complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return report(error)
    return code if isinstance(code, int) else 0
