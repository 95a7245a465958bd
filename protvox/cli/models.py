"""``protvox models``: list, describe and verify the installed models."""

from __future__ import annotations

import click

from protvox.errors import ModelError


@click.group(short_help="List, describe and verify the installed models.")
def models() -> None:
    """List, describe and verify the installed models."""


@models.command("list", short_help="Print one line per model.")
def list_models() -> None:
    """Print one line per model: name, task and summary, separated by tabs."""
    from protvox.registry import installed

    for model in installed.available():
        click.echo(f"{model.card.reference}\t{model.task}\t{model.summary}")


@models.command(short_help="Print a model's card.")
@click.argument("name")
def show(name: str) -> None:
    """Print a model's card: data, training, measured quality, limits of use."""
    from protvox.registry import installed

    click.echo(installed.find(name).card_text())


@models.command(short_help="Check the weights against their hashes.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def verify(names: tuple[str, ...]) -> int:
    """Check the weights of all models, or of those named, against their hashes.

    The exit code is 5 if any does not match.
    """
    from protvox.cli.failures import report
    from protvox.registry import installed

    code = 0
    for name in names or tuple(model.name for model in installed.available()):
        try:
            installed.verify(name)
        except ModelError as error:
            code = report(error)
        else:
            click.echo(f"{name}\tok")
    return code
