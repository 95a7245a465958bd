"""The service as a process: uvicorn with its limits."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import socket
from pathlib import Path
from typing import IO, Any, Final

import uvicorn

from protvox.errors import UsageError
from protvox.service.app import create_app
from protvox.service.http.connections import MOST, Connection
from protvox.service.http.guard import check_address, new_key
from protvox.service.logs import configure_logging, log
from protvox.service.settings import load_service_settings

_BACKLOG: Final = 2048
_FILES: Final = 4 * MOST


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
    _allow_connections()
    lock = _take_spool(settings.spool)
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
    with lock:
        server.run(sockets=[listener])
    if not server.started:
        raise UsageError(
            "the service did not start",
            where="protvox serve",
            remedy="See the log above",
            code="usage.start",
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"nothing can listen there ({error.strerror or error})",
            where=f"{host}:{port}",
            remedy="Choose another address or port",
            code="usage.address",
        ) from error


def _allow_connections() -> None:
    """Let this process hold all its connections; many systems allow 1,024 files at first."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if 0 <= now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _take_spool(folder: Path) -> IO[str]:
    """Return the open lock of the folder of jobs, which belongs to one service at a time."""

    def refusal(what: str) -> UsageError:
        return UsageError(
            what,
            where=str(folder),
            code="usage.spool",
            remedy="Set PROTVOX_SERVICE_SPOOL_DIR to another",
        )

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise refusal(f"the folder of jobs cannot be written ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise refusal("another service uses the folder of jobs") from error
    except OSError:
        log.warning(
            "the file system cannot lock the folder of jobs; see to it that no other "
            "service uses it"
        )
    return lock


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
        raise UsageError(
            "this is no name for a key",
            where=name[:64],
            remedy="Use letters, digits, dots and dashes",
            code="usage.key_name",
        )
    key, digest = new_key()
    return f"key (shown once)          {key}\nPROTVOX_SERVICE_API_KEYS  {name}:{digest}"
