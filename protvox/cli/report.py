"""``protvox report``: a page about a run of ``protvox score``."""

from __future__ import annotations

from pathlib import Path

import click

from protvox.cli import console
from protvox.cli.files import STDOUT, write_text


@click.command("report", short_help="Write a page about a folder scored with protvox score.")
@click.argument("folder", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="Page to write. [default: report.html in the folder]",
)
def page(folder: str, output: str | None) -> None:
    """Write a page about FOLDER, the output of protvox score.

    The page is one HTML file without scripts, which needs no network.

    \b
    Examples:
      protvox report scored
      protvox report scored -o report.html
    """  # noqa: D301 (\b is click's mark for lines to keep)
    from protvox.report.run_page.render import render_page
    from protvox.report.run_page.summary import summarize

    target = output or str(Path(folder) / "report.html")
    write_text(target, render_page(summarize(Path(folder))))
    if target != STDOUT:
        console.note(f"wrote {target}")
