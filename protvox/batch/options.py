"""Options of a run, and the resources that it may use."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

_LATER: Final = {"assembly": None, "unique": False}
"""Defaults of the options that earlier versions did not have."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options that decide the results of a run.

    Attributes
    ----------
    task
        ``"all"``, ``"cath"`` or ``"environment"``.
    top_k
        Number of architectures stored for each domain.
    model
        Model to use instead of the released model for its task.
    model_number
        Model to read from each file; the first by default.
    domains
        ``"auto"`` or ``"chain"``: domains of inputs that do not name any.
    embeddings
        Whether the table of domains has a column ``embedding``.
    trajectory
        Whether the inputs are trajectory frames.
    plddt
        Residues of predicted models with a lower pLDDT are disordered; 0 for none.
    hide_disordered
        Whether the environments of others leave disordered residues out.
    assembly
        Biological assembly to build of each file.
    unique
        Whether only one of several identical chains is scored.
    """

    task: Literal["all", "cath", "environment"] = "all"
    top_k: int = 5
    model: str | None = None
    model_number: int | None = None
    domains: Literal["auto", "chain"] = "auto"
    embeddings: bool = False
    trajectory: bool = False
    plddt: float = 50.0
    hide_disordered: bool = False
    assembly: str | None = None
    unique: bool = False

    def identity(self) -> dict[str, Any]:
        """Return what decides the results, apart from the files and the weights."""
        # Absent by default, so that runs of earlier versions can be resumed.
        absent = {key for key, value in _LATER.items() if getattr(self, key) == value}
        return {key: v for key, v in asdict(self).items() if key not in absent | {"model"}}


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
