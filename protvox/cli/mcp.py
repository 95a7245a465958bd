"""``protvox mcp``: tools for AI assistants."""

from __future__ import annotations

import importlib.util

import click

from protvox.cli.options import device_option
from protvox.errors import fail


@click.command(short_help="Offer the predictions to an AI assistant.")
@device_option
def mcp(device: str | None) -> None:
    """Offer the predictions to an AI assistant, by the Model Context Protocol (MCP).

    The assistant starts this command and talks to it over standard input and output. Its tools are
    classify, check, mutations, suggest and search, with the results, limits and errors of the HTTP
    service. They read the structure files whose paths the assistant gives, write nothing, and
    send nothing anywhere; identifiers are fetched unless PROTVOX_OFFLINE is set.

    \b
    Examples:
      claude mcp add protvox -- /path/to/.venv/bin/protvox mcp
      protvox mcp < /dev/null   # starts, and ends at once
    """  # noqa: D301 (in click, \b keeps line breaks)
    if importlib.util.find_spec("mcp") is None:
        raise fail("usage.service.mcp", where="protvox mcp")
    from protvox.service.assistant.server import run

    run(device)
