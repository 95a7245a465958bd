"""The processes of a run: readers and model processes, each replaced when it dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from protvox.batch.messages import Ready, parse_ready
from protvox.batch.resources import Resources
from protvox.batch.workers.process import Child, wait_for_messages
from protvox.errors import fail
from protvox.predict.scoring.options import ScoreOptions
from protvox.processes.child import ChildGone
from protvox.processes.messages import Message

READER: Final = "protvox.batch.workers.read_process"
"""Module that a reader runs."""

MODEL: Final = "protvox.batch.workers.model_process"
"""Module that a model process runs."""

_START_S: Final = 300.0
_MAX_EARLY_DEATHS: Final = 3
_ALONE_S: Final = 2.0
"""How long one model process works alone; about what the start of another one costs."""


class WorkerPool:
    """The processes of a run.

    Parameters
    ----------
    options
        Options of the run.
    resources
        Number of processes, and their devices.
    """

    def __init__(self, options: ScoreOptions, resources: Resources) -> None:
        self._options = options
        self._resources = resources
        self._starting: set[Child] = set()
        self._devices: dict[Child, str] = {}
        self._further_devices: tuple[str, ...] = ()
        self._alone_until = 0.0
        self._early_deaths = 0
        self.readers: list[Child] = []
        self.models: list[Child] = []

    def __iter__(self) -> Iterator[Child]:
        return iter((*self.readers, *self.models))

    @property
    def busy(self) -> bool:
        """Whether a structure is being read or scored."""
        return any(child.work is not None for child in self)

    def idle_models(self) -> list[Child]:
        """Return the model processes that wait for work."""
        return [c for c in self.models if c.work is None and c not in self._starting]

    def idle_readers(self) -> list[Child]:
        """Return the readers that wait for work."""
        return [c for c in self.readers if c.work is None and c not in self._starting]

    def is_reader(self, child: Child) -> bool:
        """Return whether a process is a reader.

        Parameters
        ----------
        child
            A process of the pool.
        """
        return child in self.readers

    def is_starting(self, child: Child) -> bool:
        """Return whether a process is not ready yet.

        Parameters
        ----------
        child
            A process of the pool.
        """
        return child in self._starting

    def start(self) -> dict[str, str]:
        """Start one model process, which finds the devices of the others, and the readers.

        Returns
        -------
        dict
            Models in use, with the SHA-256 of their weights.

        Raises
        ------
        ModelError, DeviceError
            If a model or device cannot be used, or a process does not start.
        """
        self.models = [self._new_model(self._resources.device)]
        ready = self._wait_until_ready()
        self._devices[self.models[0]] = ready.devices[0]
        self._further_devices = ready.devices[1:]
        self._alone_until = time.monotonic() + _ALONE_S
        self.readers = [self._new_reader() for _ in range(self._resources.readers)]
        return ready.models

    def grow(self) -> None:
        """Start the other model processes once structures have waited for some time.

        A run of a few small structures ends sooner without them.
        """
        if self._further_devices and time.monotonic() >= self._alone_until:
            self.models += [self._new_model(device) for device in self._further_devices]
            self._further_devices = ()

    def _wait_until_ready(self) -> Ready:
        while True:
            child = self.models[0]
            try:
                for ready_child in wait_for_messages([child], timeout=1.0):
                    for message in ready_child.receive():
                        return self.finish_start(child, message)
            except ChildGone as error:
                self.replace(child, str(error))
                continue
            self.check_start(child)

    def finish_start(self, child: Child, message: Message) -> Ready:
        """Record that a process is ready.

        Parameters
        ----------
        child
            A process that is starting.
        message
            Its first message.

        Returns
        -------
        Ready
            What a model process has loaded.

        Raises
        ------
        ChildGone
            If the message is not valid.
        ModelError, DeviceError
            If the process cannot start.
        """
        ready = parse_ready(message)
        self._starting.discard(child)
        child.assign(None)
        return ready

    def check_start(self, child: Child) -> None:
        """Raise an error if a process takes too long to start.

        Parameters
        ----------
        child
            A process that is starting.

        Raises
        ------
        DeviceError
            If it has taken too long (``device.start``).
        """
        if child.deadline < time.monotonic():
            raise fail("device.start.timeout", where=self._devices.get(child))

    def replace(self, child: Child, reason: str) -> None:
        """End a process and start another one instead.

        Parameters
        ----------
        child
            The process, which may already be dead.
        reason
            How it died.

        Raises
        ------
        DeviceError
            If processes keep dying without work, and none works (``device.start``).
        """
        if child.work is None:
            self._early_deaths += 1
        if self._early_deaths >= _MAX_EARLY_DEATHS:
            raise fail("device.start.died", reason=reason)
        child.kill()
        self._starting.discard(child)
        if child in self.readers:
            self.readers[self.readers.index(child)] = self._new_reader()
        else:
            device = self._devices.pop(child)
            self.models[self.models.index(child)] = self._new_model(device)

    def forget_deaths(self) -> None:
        """Note that processes work; a long run outlives any number of deaths in between."""
        self._early_deaths = 0

    def stop(self) -> None:
        """End all processes."""
        for child in self:
            child.kill()

    def _new_reader(self) -> Child:
        names = ("model_number", "assembly", "unique")
        return self._new(READER, {name: getattr(self._options, name) for name in names})

    def _new_model(self, device: str) -> Child:
        options, cores = asdict(self._options), self._resources.cores
        child = self._new(MODEL, {"options": options, "device": device, "cores": cores})
        self._devices[child] = device
        return child

    def _new(self, module: str, setup: Message) -> Child:
        child = Child(module, setup)
        # The time to start does not count towards the time limit of the first structure.
        child.assign(None, _START_S)
        self._starting.add(child)
        return child
