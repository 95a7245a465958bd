"""Settings of the service from ``PROTVOX_SERVICE_*``, the only place that reads them."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from protvox.errors import UsageError
from protvox.settings import load_settings, package_environment
from protvox.structure.limits import MIB, ReadLimits

READ_LIMITS: Final = ReadLimits(atoms=500_000, residues=20_000, chains=500, models=200, crowd=500)
"""How large a structure may be here; the command line has no such caps."""

_PREFIX: Final = "PROTVOX_SERVICE_"


class ServiceSettings(BaseSettings):
    """What the environment decides about the service.

    Attributes
    ----------
    host, port
        Where to listen.
    allow_public
        Listen on an address that others can reach although there are no API keys.
    api_keys
        ``name:digest`` pairs, separated by commas; the digest is the SHA-256 of a key in hex.
    api_keys_file
        A file of the same pairs, one a line.
    names
        Names under which the service may be called where no keys are used, beside those of this
        machine; any by default if others can reach it, none otherwise.
    proxies
        Addresses of proxies whose ``X-Forwarded-For`` says who asks; nobody is believed by
        default.
    rate_per_minute, rate_burst
        Requests a minute for each key (or address, without keys), and how many at once; 0 a
        minute is no limit.
    devices
        One model process each: ``auto``, ``cpu``, ``cuda:0``, separated by commas; the one of
        ``PROTVOX_DEVICE`` by default.
    threads
        Processor threads of one model process; all by default.
    batch_size
        Requests computed side by side in one model process.
    queue_size
        Requests that may wait or be computed; the next one is refused.
    deadline_s
        Seconds after which a request is given up.
    readers, read_s, read_memory_mib
        Processes that read structures; seconds and memory for one of them.
    body_mib, body_s, bodies_mib
        Largest request body, seconds it may take to arrive, and the sum of all bodies held.
    spool_dir
        Folder of the jobs; ``jobs`` in the cache of protvox by default.
    spool_mib
        Largest size of that folder.
    jobs_waiting
        Jobs that may wait; the next one is refused.
    job_share
        Part of the waiting jobs, and of the folder of jobs, that one key (or address) may take.
    job_hours
        How long a finished job is kept.
    grace_s
        Seconds that requests have to finish after a signal to stop.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allow_public: bool = False
    api_keys: str = ""
    api_keys_file: Path | None = None
    names: Annotated[tuple[str, ...], NoDecode] = ()
    proxies: Annotated[tuple[str, ...], NoDecode] = ()
    rate_per_minute: float = Field(default=600.0, ge=0)
    rate_burst: int = Field(default=100, ge=1)
    devices: Annotated[tuple[str, ...], NoDecode] = Field(
        default_factory=lambda: (load_settings().device,)
    )
    threads: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=8, ge=1, le=256)
    queue_size: int = Field(default=32, ge=1)
    deadline_s: float = Field(default=60.0, gt=0)
    readers: int = Field(default=2, ge=1)
    read_s: float = Field(default=30.0, gt=0)
    read_memory_mib: int = Field(default=1536, ge=256)
    body_mib: int = Field(default=32, ge=1)
    body_s: float = Field(default=60.0, gt=0)
    bodies_mib: int = Field(default=128, ge=1)
    spool_dir: Path | None = None
    spool_mib: int = Field(default=4096, ge=1)
    jobs_waiting: int = Field(default=200, ge=1)
    job_share: float = Field(default=0.5, gt=0, le=1)
    job_hours: float = Field(default=24.0, gt=0)
    grace_s: float = Field(default=30.0, gt=0)

    @field_validator("devices", "names", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @property
    def body_bytes(self) -> int:
        """Largest request body."""
        return self.body_mib * MIB

    @property
    def spool(self) -> Path:
        """Folder of the jobs."""
        return self.spool_dir or load_settings().cache_dir / "jobs"

    @property
    def compute_threads(self) -> int:
        """Processor threads of one model process."""
        return self.threads or load_settings().threads or _processors()

    @property
    def is_public(self) -> bool:
        """Whether others can reach the address."""
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
        Those given otherwise than by the environment, which they overrule.

    Returns
    -------
    ServiceSettings
        Read afresh at every call.

    Raises
    ------
    UsageError
        If one of them cannot be understood (``usage.setting``).
    """
    try:
        return ServiceSettings(**{k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = _PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(
            first["msg"], where=name, remedy="Correct the setting", code="usage.setting"
        ) from error


def child_environment() -> dict[str, str]:
    """Return the environment of the child processes.

    Returns
    -------
    dict
        As here; the children find this package where it lies, and threads are shared out
        among requests by the model process instead of by ``PROTVOX_THREADS``.
    """
    environment = package_environment()
    environment.pop("PROTVOX_THREADS", None)
    # Threads that spin while they wait take the processor from the other requests.
    environment.setdefault("OMP_WAIT_POLICY", "passive")
    # Each thread has a heap of its own otherwise, and keeps the most it ever held.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    return environment


def _processors() -> int:
    """Return the processors this process may use, in a container as well."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # no control groups, or no quota ("max")
        return allowed
