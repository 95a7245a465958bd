"""``protvox serve``: the service over HTTP."""

from __future__ import annotations

import importlib.util

import click

from protvox.cli.options import device_option
from protvox.errors import UsageError

_NEEDED = ("fastapi", "uvicorn", "pydantic_settings", "prometheus_client", "python_multipart")


@click.command(short_help="Answer predictions over HTTP.")
@click.option("--host", metavar="ADDRESS", help="Where to listen. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen. [default: 8000]")
@device_option
@click.option(
    "--new-key",
    metavar="NAME",
    help="Make an API key, print it and what to put into PROTVOX_SERVICE_API_KEYS, and exit.",
)
def serve(host: str | None, port: int | None, device: str | None, new_key: str | None) -> None:
    """Answer predictions over HTTP.

    Everything else is set by PROTVOX_SERVICE_... variables, which
    docs/reference/environment.md lists.

    \b
    Examples:
      protvox serve
      curl -F file=@1abc.cif http://127.0.0.1:8000/predict/cath
    """  # noqa: D301 (\b is click's mark for lines to keep)
    _check_installed()
    from protvox.service import running

    if new_key is not None:
        click.echo(running.describe_new_key(new_key))
        return
    running.run(host=host, port=port, devices=device)


def _check_installed() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the service needs packages that are not installed ({', '.join(missing)})",
            where="protvox serve",
            remedy="Run pip install 'protvox[service]'",
            code="usage.service",
        )
