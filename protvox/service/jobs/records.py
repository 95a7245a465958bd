"""Records of jobs and of the resources they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job with the state of its work; times are seconds since 1970."""

    id: str
    owner: str
    key: str
    name: str
    n_residues: int
    created: float
    cancelled: float | None
    options: Mapping[str, Any]
    work_state: str
    started: float | None
    work_finished: float | None
    error: Mapping[str, str | None] | None

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``failed`` or ``cancelled``."""
        return self.work_state if self.cancelled is None else "cancelled"

    @property
    def finished(self) -> float | None:
        """Time at which the job ended, at the earliest that of its creation."""
        if self.cancelled is not None:
            return self.cancelled
        return None if self.work_finished is None else max(self.work_finished, self.created)


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources used by jobs: number of waiting computations, and bytes on disk."""

    waiting: int
    size: int
