"""The reference of the command line and of the errors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import click

from docs.generate.values import sections, table
from protvox.cli.app import app
from protvox.errors import Message, catalogue

EXIT_CODES = {
    "0": "success",
    "2": "invalid option or argument",
    "3": "bad input",
    "4": "some of several inputs failed; the others were processed",
    "5": "unusable model or configuration",
    "6": "unusable device, or not enough memory",
    "70": "a bug in protvox",
    "130": "interrupted",
}
KINDS = {
    "usage": ("an option, argument or setting", 2),
    "input": ("a structure, selection or list", 3),
    "fetch": ("a structure that could not be downloaded", 3),
    "model": ("a model, weights file or configuration", 5),
    "device": ("a compute device", 6),
    "service": ("the service only", None),
}
WIDTH = 100


def exit_codes() -> str:
    """Return the table of exit codes."""
    return table(("code", "meaning"), EXIT_CODES.items())


def commands() -> str:
    """Return ``docs/reference/cli.md``."""
    context = click.Context(app, info_name="protvox")
    return sections(
        "# Command line",
        "Results go to stdout; warnings, errors and progress go to stderr. Generated from "
        "`protvox --help` by `python -m docs.generate`.",
        "## Exit codes",
        exit_codes(),
        *_command(app, context),
    )


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    name = context.command_path
    yield f"{'#' * (2 + name.count(' ') // 2)} {name}"
    sized = click.Context(
        command,
        parent=context.parent,
        info_name=context.info_name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"```text\n{command.get_help(sized).rstrip()}\n```"
    if isinstance(command, click.Group):
        for child in command.list_commands(sized):
            inner = command.get_command(sized, child)
            if inner is not None and not inner.hidden:
                yield from _command(inner, click.Context(inner, parent=sized, info_name=child))


def errors() -> str:
    """Return ``docs/reference/errors.md``."""
    entries = sorted(catalogue().items(), key=lambda item: (item[1].code, item[0]))
    parts = [
        "# Errors",
        "Every error has a stable code and says what is wrong, where, and what to do. The command "
        "line prints `error: WHERE: WHAT. REMEDY.` and exits with the exit code below; the "
        "service returns the same code as JSON ([http.md](http.md#errors)); Python raises an "
        "exception of `protvox.errors` with the attributes `code`, `what`, `where` and `remedy`. "
        "Words in `{braces}` are filled in. Generated from `protvox/catalogue` by "
        "`python -m docs.generate`.",
        table(
            ("kind", "about", "exit code"),
            (
                (kind, about, "–" if code is None else str(code))
                for kind, (about, code) in KINDS.items()
            ),
        ),
    ]
    for room, group in groupby(entries, key=lambda item: item[1].code.split(".")[0]):
        parts.append(f"## {room}")
        for code, same in groupby(group, key=lambda item: item[1].code):
            parts += [f"### {code}", "\n".join(_entry(message) for _, message in same)]
    return sections(*parts)


def _entry(message: Message) -> str:
    exit_code = KINDS[message.kind][1]
    ending = message.kind if exit_code is None else f"{message.kind}, exit code {exit_code}"
    remedy = f" *{_plain(message.remedy)}.*" if message.remedy else ""
    cause = f" {_plain(message.cause)}" if message.cause else ""
    return f"- {_plain(message.what)}.{remedy}{cause} ({ending})"


def _plain(text: str) -> str:
    """Return a text in which Markdown finds no markup; fields lose their conversions."""
    fields = text.replace("!r}", "}")
    return fields.replace("*", "\\*").replace("<", "\\<").replace("_", "\\_")
