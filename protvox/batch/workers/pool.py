"""The processes of a run: readers and model processes, each replaced when it dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any, Final

from protvox.batch.options import BatchOptions, Resources
from protvox.batch.workers.predict import Fatal, Hello, answer_items
from protvox.batch.workers.process import Child
from protvox.batch.workers.read import read_items
from protvox.errors import DeviceError

GONE: Final = (EOFError, BrokenPipeError, ConnectionResetError)
"""What a pipe raises when the process at its other end has died."""

_START_S: Final = 300.0
_HOPELESS: Final = 3


class WorkerPool:
    """The processes of a run.

    Parameters
    ----------
    options
        What to ask.
    resources
        How many processes, and where.
    """

    def __init__(self, options: BatchOptions, resources: Resources) -> None:
        self._options = options
        self._resources = resources
        self._starting: set[Child] = set()
        self._places: dict[Child, str] = {}
        self._early_deaths = 0
        self.readers: list[Child] = []
        self.models: list[Child] = []

    def __iter__(self) -> Iterator[Child]:
        return iter((*self.readers, *self.models))

    @property
    def busy(self) -> bool:
        """Whether a structure is being read or computed."""
        return any(child.held is not None for child in self)

    def idle_models(self) -> list[Child]:
        """Return the model processes that wait for work."""
        return [c for c in self.models if c.held is None and c not in self._starting]

    def idle_readers(self) -> list[Child]:
        """Return the readers that wait for work."""
        return [c for c in self.readers if c.held is None and c not in self._starting]

    def is_reader(self, child: Child) -> bool:
        """Tell a reader from a model process.

        Parameters
        ----------
        child
            One of them.
        """
        return child in self.readers

    def is_starting(self, child: Child) -> bool:
        """Tell whether a process has not said yet that it is ready.

        Parameters
        ----------
        child
            One of them.
        """
        return child in self._starting

    def start(self) -> dict[str, str]:
        """Start one model process to learn where the others belong, then all others.

        Returns
        -------
        dict
            Models in use to the SHA-256 of their weights.

        Raises
        ------
        ModelError, DeviceError
            If they cannot be used, or processes cannot be started.
        """
        self.models = [self._new_model(self._resources.device)]
        while True:
            child = self.models[0]
            if wait([child.pipe], timeout=1.0):
                try:
                    hello = self.greet(child)
                    break
                except GONE:
                    self.replace(child, child.obituary())
            self.check_start(child)
        self._places[child] = hello.devices[0]
        self.models += [self._new_model(device) for device in hello.devices[1:]]
        self.readers = [self._new_reader() for _ in range(self._resources.readers)]
        return hello.models

    def greet(self, child: Child) -> Hello:
        """Hear that a process is ready; what a model process has loaded.

        Parameters
        ----------
        child
            One that has something to say.

        Raises
        ------
        ModelError, DeviceError
            If it cannot be.
        """
        message: Any = child.pipe.recv()
        if isinstance(message, Fatal):
            raise message.error
        hello: Hello = message
        self._starting.discard(child)
        child.assign(None)
        return hello

    def check_start(self, child: Child) -> None:
        """Complain of a model process that does not become ready.

        Parameters
        ----------
        child
            One that is starting.

        Raises
        ------
        DeviceError
            If it has taken too long.
        """
        if child.deadline < time.monotonic():
            raise DeviceError(
                "a process does not start",
                where=self._places.get(child),
                remedy="Try again, or use --device cpu",
                code="device.start",
            )

    def replace(self, child: Child, reason: str) -> None:
        """End a process and start another in its place.

        Parameters
        ----------
        child
            The process, which may be dead already.
        reason
            How it died.

        Raises
        ------
        DeviceError
            If processes die again and again before they have any work.
        """
        if child.held is None:
            self._early_deaths += 1
        if self._early_deaths >= _HOPELESS:
            raise DeviceError(
                f"processes die before they have work ({reason})",
                remedy="Free some memory, or use fewer --workers",
                code="device.start",
            )
        child.kill()
        self._starting.discard(child)
        if child in self.readers:
            self.readers[self.readers.index(child)] = self._new_reader()
        else:
            device = self._places.pop(child)
            self.models[self.models.index(child)] = self._new_model(device)

    def stop(self) -> None:
        """End all processes."""
        for child in self:
            child.kill()

    def _new_reader(self) -> Child:
        child = Child(read_items, self._options.model_number)
        # Starting is no part of the time for the first structure.
        child.assign(None, _START_S)
        self._starting.add(child)
        return child

    def _new_model(self, device: str) -> Child:
        child = Child(answer_items, self._options, device, self._resources.cores)
        child.assign(None, _START_S)
        self._starting.add(child)
        self._places[child] = device
        return child
