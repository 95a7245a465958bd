"""A prediction that is waiting or being computed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from protvox.service.logs import request_id

Results = Mapping[str, bytes]
"""Format to bytes."""


@dataclass(eq=False)
class Work:
    """A prediction to compute.

    Attributes
    ----------
    structure
        Encoded structure, from `protvox.processes.structure_codec.encode_structure`.
    options
        ``task`` and its options, from `protvox.service.http.uploads`.
    forms
        Formats of the results.
    deadline
        Time of the event loop by which the result is due.
    urgent
        Whether a client is waiting; other work comes later.
    owner
        Client that needs it; ``""`` for jobs, among which `protvox.service.jobs.store` chooses.
    cost
        Expected time to compute it, in any unit: the number of residues.
    spend
        Called with the CPU seconds that computing it took, also if it was cancelled.
    request_id
        Id of the request, for the log of the model process.
    attempts
        Number of model processes that died while computing it.
    result
        Format to bytes, once computed.
    """

    structure: bytes
    options: Mapping[str, Any]
    forms: tuple[str, ...]
    deadline: float
    urgent: bool = True
    owner: str = ""
    cost: float = 1.0
    spend: Callable[[float], None] = lambda _seconds: None
    request_id: str = field(default_factory=request_id.get)
    attempts: int = 0
    result: asyncio.Future[Results] = field(init=False)

    def __post_init__(self) -> None:
        self.result = asyncio.get_running_loop().create_future()

    def fail(self, error: Exception) -> None:
        """End the work with an error, unless it has ended already.

        Parameters
        ----------
        error
            The error.
        """
        if not self.result.done():
            self.result.set_exception(error)
