"""Runs the service with uvicorn."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import resource
import signal
import socket
from pathlib import Path
from typing import IO, Any, Final

import uvicorn

from protvox.errors import ProtvoxError, fail
from protvox.service.app import create_app
from protvox.service.http.connections import MAX_CONNECTIONS, connection_class, connections_within
from protvox.service.http.guard import check_address, new_key
from protvox.service.jobs.database import open_database
from protvox.service.logs import configure_logging, log
from protvox.service.settings import load_service_settings
from protvox.service.workers.heap import limit_heap

_BACKLOG: Final = 2048
_FILES: Final = 4 * MAX_CONNECTIONS


def run(**values: Any) -> None:
    """Serve until a signal arrives, then finish the requests in progress.

    Parameters
    ----------
    values
        Settings that override the environment; ``None`` is ignored.

    Raises
    ------
    UsageError
        If a setting is invalid, or would open the service to everybody.
    ModelError, DeviceError
        If no device can be used at the start.
    """
    settings = load_service_settings(**values)
    check_address(settings)
    connections = _allow_connections()
    with _lock_spool(settings.spool):
        configure_logging()
        limit_heap()
        # The application opens it again; here, an error is one line.
        open_database(settings.spool).close()
        listener = _listen(settings.host, settings.port, min(_BACKLOG, connections))
        # Uvicorn raises the signal again after shutting down, which would end the process with an
        # error status.
        signal.signal(signal.SIGTERM, lambda *_: None)
        errors: list[ProtvoxError] = []

        def end(error: ProtvoxError) -> None:
            errors.append(error)
            server.should_exit = True

        server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings, on_start_error=end),
                http=connection_class(connections, settings.share, settings.proxies),
                # Asyncio accepts as many at once, each of which takes a descriptor.
                backlog=min(_BACKLOG, connections),
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
        # Uvicorn exits by itself if the application does not start; the error is raised below.
        with contextlib.suppress(SystemExit):
            server.run(sockets=[listener])
    if errors:
        raise errors[0]
    if not server.started:
        raise fail("usage.start", where="protvox serve")


def _listen(host: str, port: int, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:
        # Python adds the address to the text of some systems.
        reason = os.strerror(error.errno) if error.errno else error
        raise fail("usage.address", where=f"{host}:{port}", reason=reason) from error


def _allow_connections() -> int:
    """Raise the limit of open files, 1,024 on many systems; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if 0 <= soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return connections_within(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _lock_spool(folder: Path) -> IO[str]:
    """Return the open lock file of the job directory, which only one service may use."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise fail("usage.spool.write", where=str(folder), reason=error.strerror) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise fail("usage.spool.locked", where=str(folder)) from error
    except OSError:
        log.warning(
            "the file system cannot lock the job directory; make sure that no other service uses it"
        )
    return lock


def describe_new_key(name: str) -> str:
    """Return a new API key and its setting, as text for the operator.

    Parameters
    ----------
    name
        Name of the key.

    Raises
    ------
    UsageError
        If the name has characters other than letters, digits, dots, dashes and underscores.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise fail("usage.key_name", where=name[:64])
    key, digest = new_key()
    return f"key (shown once)          {key}\nPROTVOX_SERVICE_API_KEYS  {name}:{digest}"
