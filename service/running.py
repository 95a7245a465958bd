"""The service as a process: uvicorn with its limits."""

from __future__ import annotations

import re
import signal
import socket
import tempfile
from pathlib import Path
from typing import Any, Final

import uvicorn

from protvox.errors import UsageError
from service.app import create_app
from service.connections import Connection
from service.guard import check_address, new_key
from service.logs import configure_logging
from service.settings import load_service_settings

_BACKLOG: Final = 2048


def run(**values: Any) -> None:
    """Serve until a signal comes; requests in flight are finished.

    Parameters
    ----------
    values
        Settings that overrule those of the environment; ``None`` overrules nothing.

    Raises
    ------
    UsageError
        If the settings cannot be meant, or would open the service to everybody.
    """
    settings = load_service_settings(**values)
    check_address(settings)
    _check_spool(settings.spool)
    listener = _listen(settings.host, settings.port)
    configure_logging()
    # Uvicorn raises the signal once more when it has shut down, which would end the process as
    # if it had not.
    signal.signal(signal.SIGTERM, lambda *_: None)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            http=Connection,
            ws="none",
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=list(settings.proxies),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.grace_s),
            timeout_keep_alive=15,
            h11_max_incomplete_event_size=32 << 10,
        )
    )
    server.run(sockets=[listener])
    if not server.started:
        raise UsageError("the service did not start", where="protvox serve",
                         remedy="See the log above", code="usage.start")  # fmt: skip


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(f"nothing can listen there ({error.strerror or error})",
                         where=f"{host}:{port}", remedy="Choose another address or port",
                         code="usage.address") from error  # fmt: skip


def _check_spool(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"the folder of jobs cannot be written ({error.strerror})",
                         where=str(folder), remedy="Set PROTVOX_SERVICE_SPOOL_DIR to another",
                         code="usage.spool") from error  # fmt: skip


def describe_new_key(name: str) -> str:
    """Return a new key and its setting, for people.

    Parameters
    ----------
    name
        What to call it.

    Raises
    ------
    UsageError
        If the name has other characters than letters, digits, dot, dash and underscore.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise UsageError("this is no name for a key", where=name[:64],
                         remedy="Use letters, digits, dots and dashes", code="usage.key_name",
                         )  # fmt: skip
    key, digest = new_key()
    return f"key (shown once)          {key}\nPROTVOX_SERVICE_API_KEYS  {name}:{digest}"
