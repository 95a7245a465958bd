"""Settings of the service; the only module that reads ``PROTVOX_SERVICE_*``."""

from __future__ import annotations

import difflib
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from protvox.errors import fail
from protvox.settings import MAX_THREADS, is_device, load_settings, package_environment
from protvox.structure.limits import MIB, ReadLimits

READ_LIMITS: Final = ReadLimits(atoms=500_000, residues=20_000, chains=500, models=200, crowd=500)
"""Limits of structures in the service; the command line has none of them."""

_PREFIX: Final = "PROTVOX_SERVICE_"
_MOST: Final = 1e9
"""Largest number of seconds, hours or requests, beyond which dates cannot be computed."""


class ServiceSettings(BaseSettings):
    """Settings of the service.

    Attributes
    ----------
    host, port
        Address to listen on.
    allow_public
        Listen on an address reachable from other machines even without API keys.
    api_keys
        ``name:digest`` pairs, separated by commas; the digest is the SHA-256 of a key in hex.
    api_keys_file
        File with such pairs, one per line.
    names
        Host names accepted without API keys, in addition to the local ones. By default, any name
        if the address is reachable from other machines, none otherwise.
    proxies
        Addresses or networks of proxies whose ``X-Forwarded-For`` header is trusted; none by
        default.
    rate_per_minute, rate_burst
        Requests per minute for each key (or address, without keys), and how many at once. A rate
        of 0 means no limit.
    wasted_s_per_minute
        Seconds of computing per minute that each key (or address) may waste, by bodies that are
        refused and by results that it does not wait for; fifteen times as much at once. 0 means no
        limit.
    devices
        Devices, with one model process each: ``auto``, ``cpu``, ``cuda:0``, separated by commas.
        ``PROTVOX_DEVICE`` by default.
    threads
        CPU threads per model process; all by default.
    batch_size
        Requests computed concurrently in one model process.
    queue_size
        Maximum number of requests waiting or being computed; further ones are refused.
    share
        Fraction that one key (or address) may use of anything there is a limited number of: bodies
        in memory, places in the queue, processes, waiting jobs, the job directory.
    request_residues
        Largest number of residues predicted while a client waits; more must be sent as a job.
    deadline_s
        Seconds after which a request is abandoned.
    readers, read_s, read_memory_mib
        Number of processes that read structures; CPU time for one structure, and memory limit.
    body_mib, body_s, bodies_mib
        Largest request body, seconds it may take to arrive, and total size of bodies in memory.
    spool_dir
        Job directory; ``jobs`` in the cache of protvox by default.
    spool_mib
        Maximum size of that directory.
    jobs_waiting
        Maximum number of waiting jobs; further ones are refused.
    job_hours
        Hours for which a finished job is kept.
    grace_s
        Seconds in which requests may finish after a signal to stop.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        # As for the other variables, an empty one means the default.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allow_public: bool = False
    api_keys: str = ""
    api_keys_file: Path | None = None
    names: Annotated[tuple[str, ...], NoDecode] = ()
    proxies: Annotated[tuple[str, ...], NoDecode] = ()
    rate_per_minute: float = Field(default=600.0, ge=0, le=_MOST)
    rate_burst: int = Field(default=100, ge=1)
    wasted_s_per_minute: float = Field(default=2.0, ge=0, le=_MOST)
    devices: Annotated[tuple[str, ...], NoDecode] = Field(
        default_factory=lambda: (load_settings().device,), min_length=1
    )
    threads: int | None = Field(default=None, ge=1, le=MAX_THREADS)
    batch_size: int = Field(default=8, ge=1, le=256)
    queue_size: int = Field(default=32, ge=1)
    share: float = Field(default=0.5, gt=0, le=1)
    request_residues: int = Field(default=5000, ge=1)
    deadline_s: float = Field(default=60.0, gt=0, le=_MOST)
    readers: int = Field(default=2, ge=1, le=256)
    read_s: float = Field(default=30.0, gt=0, le=_MOST)
    read_memory_mib: int = Field(default=1536, ge=256)
    body_mib: int = Field(default=32, ge=1)
    body_s: float = Field(default=60.0, gt=0, le=_MOST)
    bodies_mib: int = Field(default=128, ge=1)
    spool_dir: Path | None = None
    spool_mib: int = Field(default=4096, ge=1)
    jobs_waiting: int = Field(default=200, ge=1)
    job_hours: float = Field(default=24.0, gt=0, le=_MOST)
    grace_s: float = Field(default=30.0, gt=0, le=_MOST)

    @field_validator("devices", "names", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("devices")
    @classmethod
    def _check_devices(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not is_device(name):
                raise ValueError(f"{name!r} is not auto, cpu, cuda or cuda:N")
        return names

    @field_validator("proxies")
    @classmethod
    def _check_proxies(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            # Of a name, no header would be trusted, and of "*", that of every client.
            ipaddress.ip_network(address)
        return addresses

    @field_validator("api_keys_file", "spool_dir")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser()

    @property
    def body_bytes(self) -> int:
        """Largest request body, bytes; one that exceeds the memory for all could never be sent."""
        return min(self.body_mib, self.bodies_mib) * MIB

    @property
    def spool(self) -> Path:
        """Job directory."""
        return self.spool_dir or load_settings().cache_dir / "jobs"

    @property
    def compute_threads(self) -> int:
        """CPU threads per model process."""
        return self.threads or load_settings().threads or _available_cpus()

    @property
    def is_public(self) -> bool:
        """Whether the address is reachable from other machines."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True


def load_service_settings(**values: Any) -> ServiceSettings:
    """Read the settings.

    Parameters
    ----------
    values
        Settings that override the environment; None is ignored.

    Returns
    -------
    ServiceSettings
        The environment is read at every call.

    Raises
    ------
    UsageError
        If a setting is invalid, or an unknown variable ``PROTVOX_SERVICE_*`` is set
        (``usage.setting``).
    """
    _check_names()
    try:
        return ServiceSettings(**{k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = _PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise fail(
            "usage.setting.service", where=name, message=first["msg"].removeprefix("Value error, ")
        ) from error


def _check_names() -> None:
    """Refuse misspelt variables: whoever set a limit must not run without it."""
    known = [_PREFIX + name.upper() for name in ServiceSettings.model_fields]
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)[0]
            raise fail("usage.setting.unknown", where=name, nearest=nearest)


def child_environment() -> dict[str, str]:
    """Return the environment of the child processes.

    Returns
    -------
    dict
        A copy of this environment, with the path of this package. ``PROTVOX_THREADS`` is removed,
        as the model process distributes its threads among requests.
    """
    environment = package_environment()
    environment.pop("PROTVOX_THREADS", None)
    # Threads that spin while waiting would slow down the other requests.
    environment.setdefault("OMP_WAIT_POLICY", "passive")
    # Otherwise each thread has its own heap, which never shrinks.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    return environment


def _available_cpus() -> int:
    """Return the number of CPUs this process may use, also in a container."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # no control groups, or no quota ("max")
        return allowed
