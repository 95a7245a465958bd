"""Resources that a run may use."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources of a run, which do not change its results.

    Attributes
    ----------
    device
        Device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    cores
        CPU threads for scoring.
    readers
        Number of processes that read structures.
    timeout
        Time limit in seconds, for reading a structure and again for scoring it.
    flush_seconds, flush_rows
        Results are written after this many seconds or rows.
    """

    device: str = "auto"
    cores: int = 1
    readers: int = 1
    timeout: float = 600.0
    flush_seconds: float = 20.0
    flush_rows: int = 200_000


def count_cores() -> int:
    """Return the number of CPU threads that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread_devices(device: str, cores: int, n_gpus: int) -> tuple[tuple[str, ...], int]:
    """Return the device of each model process, and the CPU threads of each.

    Parameters
    ----------
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    cores
        CPU threads in total.
    n_gpus
        Number of GPUs.

    Returns
    -------
    devices : tuple of str
        One entry per process. On a CPU, up to eight processes share the threads, because two
        threads on one structure wait for each other at every layer.
    threads : int
        CPU threads of each process.
    """
    if device == "auto" and n_gpus:
        devices = tuple(f"cuda:{index}" for index in range(n_gpus))
    elif device in ("auto", "cpu"):
        devices = ("cpu",) * min(cores, 8)
    else:
        devices = (device,)
    return devices, max(1, cores // len(devices))
