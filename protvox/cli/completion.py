"""``protvox completion``: shell completion of commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from protvox.errors import fail

_VARIABLE = "_PROTVOX_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print a shell completion script.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash:  protvox completion bash >> ~/.bashrc
    zsh:   protvox completion zsh >> ~/.zshrc
    fish:  protvox completion fish > ~/.config/fish/completions/protvox.fish
    """  # noqa: D301 (in click, \b keeps line breaks)
    kind = get_completion_class(shell)
    if kind is None:
        raise fail("usage.shell", where=shell, shells=", ".join(_SHELLS))
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "protvox", _VARIABLE).source())
