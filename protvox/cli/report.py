"""``protvox report``: an HTML page about a run of ``protvox score``."""

from __future__ import annotations

import click

from protvox.cli import console
from protvox.cli.files import STDOUT, write_text
from protvox.errors import fail


@click.command("report", short_help="Write an HTML page about the results of protvox score.")
@click.argument("folder", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="File to write. [default: report.html in FOLDER]",
)
def page(folder: str, output: str | None) -> None:
    """Write an HTML page about the results in FOLDER.

    FOLDER is the output of protvox score. The page is one self-contained HTML file without
    scripts and works offline.

    \b
    Examples:
      protvox report scored
      protvox report scored -o report.html
    """  # noqa: D301 (in click, \b keeps line breaks)
    from protvox.batch.storage.urls import local_path
    from protvox.report.run_page.render import render_page
    from protvox.report.run_page.summary import summarize

    path = local_path(folder)
    if path is None:
        raise fail("usage.protocol.report", where=folder)
    target = output or str(path / "report.html")
    write_text(target, render_page(summarize(path)))
    if target != STDOUT:
        console.note(f"wrote {target}")
