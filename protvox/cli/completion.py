"""``protvox completion``: completion of commands and options in the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from protvox.errors import UsageError

_VARIABLE = "_PROTVOX_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  protvox completion bash >> ~/.bashrc
    zsh:   protvox completion zsh >> ~/.zshrc
    fish:  protvox completion fish > ~/.config/fish/completions/protvox.fish
    """  # noqa: D301 (\b is click's mark for lines to keep)
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}", remedy=f"Choose one of {_SHELLS}")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "protvox", _VARIABLE).source())
