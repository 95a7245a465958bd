"""``protvox serve``: the HTTP service."""

from __future__ import annotations

import importlib.util

import click

from protvox.cli.options import device_option
from protvox.errors import fail

_NEEDED = ("fastapi", "uvicorn", "pydantic_settings", "prometheus_client", "python_multipart")


@click.command(short_help="Run the HTTP service.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on. [default: 8000]")
@device_option
@click.option(
    "--new-key",
    metavar="NAME",
    help="Create an API key, print it with its entry for PROTVOX_SERVICE_API_KEYS, and exit.",
)
def serve(host: str | None, port: int | None, device: str | None, new_key: str | None) -> None:
    """Run the HTTP service.

    Environment variables PROTVOX_SERVICE_... set everything else; see
    docs/reference/environment.md.

    \b
    Examples:
      protvox serve
      curl -F file=@1abc.cif http://127.0.0.1:8000/predict/cath
    """  # noqa: D301 (in click, \b keeps line breaks)
    _check_installed()
    from protvox.service import running

    if new_key is not None:
        click.echo(running.describe_new_key(new_key))
        return
    running.run(host=host, port=port, devices=device)


def _check_installed() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise fail("usage.service", where="protvox serve", packages=", ".join(missing))
