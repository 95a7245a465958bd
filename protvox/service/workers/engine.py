"""Distributes predictions among the model processes, one per device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from protvox.errors import ProtvoxError
from protvox.service.failures import refuse
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.workers.device import Device
from protvox.service.workers.work import Results, Work
from protvox.service.workers.work_queue import WorkQueue

_MAX_FAILED_STARTS: Final = 3
"""Consecutive failed starts after which requests are refused instead of queued."""


class Engine:
    """Distributes work among the model processes.

    A process receives waiting work in batches, up to its number of free slots.

    Parameters
    ----------
    settings
        Settings of the service.
    metrics
        Metrics to update.
    on_start_error
        Called with the error if no device can be used at the start; by default, all are tried
        again and again.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        metrics: Metrics,
        on_start_error: Callable[[ProtvoxError], None] | None = None,
    ) -> None:
        self._queue = WorkQueue(metrics)
        self._on_start_error = on_start_error
        self._devices = [
            Device(name, settings, self._queue, metrics, self._check_start)
            for name in settings.devices
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the model processes, without waiting until they are ready."""
        self._tasks = [asyncio.create_task(device.run()) for device in self._devices]

    def _check_start(self) -> None:
        errors = [device.start_error for device in self._devices]
        if self._on_start_error is not None and errors[0] is not None and None not in errors:
            self._on_start_error(errors[0])

    async def stop(self) -> None:
        """Stop the model processes and refuse their remaining work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._queue.refuse_all()

    @property
    def is_ready(self) -> bool:
        """Whether at least one device is ready."""
        return any(device.is_ready for device in self._devices)

    def device_states(self) -> list[dict[str, Any]]:
        """Return the name and state of every device."""
        return [device.state() for device in self._devices]

    def models(self) -> list[dict[str, str]]:
        """Return the installed models.

        Raises
        ------
        ServiceError
            ``service.starting`` until a model process has started.
        """
        for device in self._devices:
            if device.models is not None:
                return device.models
        raise refuse("service.starting", status=503, retry_after=5)

    async def predict(self, work: Work) -> Results:
        """Compute some work and return its results.

        Parameters
        ----------
        work
            The work.

        Returns
        -------
        mapping
            Format to bytes.

        Raises
        ------
        ProtvoxError
            An error of the prediction, ``service.deadline``, or ``service.unavailable``.
        """
        if all(device.failures >= _MAX_FAILED_STARTS for device in self._devices):
            raise refuse("service.unavailable", status=503, retry_after=60)
        await self._queue.put(work)
        try:
            async with asyncio.timeout_at(work.deadline):
                return await work.result
        except TimeoutError as error:
            raise refuse("service.deadline", status=503, retry_after=10) from error
        finally:
            work.result.cancel()
