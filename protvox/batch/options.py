"""What a run is asked for, and what makes its answers the same work or other work."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What to ask about every structure.

    Attributes
    ----------
    task
        ``"all"``, ``"cath"`` or ``"environment"``.
    top_k
        Architectures to keep for each domain.
    model
        Model to use in place of the released one for its task.
    model_number
        Model of each file to read; the first by default.
    domains
        What to take as domains, ``"auto"`` or ``"chain"``, where an input does not say.
    embeddings
        Whether the rows of domains have a column ``embedding``.
    trajectory
        Whether the inputs are frames.
    """

    task: Literal["all", "cath", "environment"] = "all"
    top_k: int = 5
    model: str | None = None
    model_number: int | None = None
    domains: Literal["auto", "chain"] = "auto"
    embeddings: bool = False
    trajectory: bool = False

    def identity(self) -> dict[str, Any]:
        """Return what decides the answers, apart from the files and the weights."""
        return {key: value for key, value in asdict(self).items() if key != "model"}


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run may use; decides nothing about its answers.

    Attributes
    ----------
    device
        Where to compute: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    cores
        Processor threads to compute with.
    readers
        Processes that read structures.
    timeout
        Seconds for reading a structure, and again for computing it.
    flush_seconds, flush_rows
        After how long, or how many rows, what is ready is written.
    """

    device: str = "auto"
    cores: int = 1
    readers: int = 1
    timeout: float = 600.0
    flush_seconds: float = 20.0
    flush_rows: int = 200_000


def count_cores() -> int:
    """Return the processor threads that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread_devices(device: str, cores: int, n_gpus: int) -> tuple[tuple[str, ...], int]:
    """Return where model processes are to run, and the processor threads of each.

    Parameters
    ----------
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    cores
        Processor threads in all.
    n_gpus
        GPUs at hand.

    Returns
    -------
    devices : tuple of str
        One process each. On a processor up to eight share its threads, since two threads on
        one structure wait for each other at every layer.
    threads : int
        Of each process.
    """
    if device == "auto" and n_gpus:
        devices = tuple(f"cuda:{index}" for index in range(n_gpus))
    elif device in ("auto", "cpu"):
        devices = ("cpu",) * min(cores, 8)
    else:
        devices = (device,)
    return devices, max(1, cores // len(devices))
