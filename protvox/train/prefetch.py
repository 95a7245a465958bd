"""Batches prepared in a separate thread, while the network is trained on the last one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any, Final, Protocol

import torch
from torch import Tensor

_LAST_BATCH: Final = 30.0
"""Seconds to wait for a batch in preparation when no more are needed."""


class Inputs(Protocol):
    """Input of a network: a tensor, or several that are moved to a device together."""

    def to(self, device: torch.device, *, non_blocking: bool = False) -> Any:
        """Return the input on a device."""


def prefetch(
    batches: Iterator[tuple[Inputs, Tensor]], depth: int
) -> Generator[tuple[Inputs, Tensor], None, None]:
    """Prepare batches in a separate thread, at most ``depth`` ahead.

    Parameters
    ----------
    batches
        Endless source of batches; its exceptions are raised here.
    depth
        Number of batches kept ready.
    """
    ready: queue.Queue[tuple[Inputs, Tensor] | BaseException] = queue.Queue(depth)
    stop = threading.Event()

    def hand_over(item: tuple[Inputs, Tensor] | BaseException) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=0.5)
                return

    def draw() -> None:
        try:
            for batch in batches:
                hand_over(batch)
                if stop.is_set():
                    return
        except BaseException as error:  # raised in the thread of the consumer
            hand_over(error)

    drawer = threading.Thread(target=draw, daemon=True)
    drawer.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        # A thread still in compiled code when the interpreter ends crashes the process.
        drawer.join(timeout=_LAST_BATCH)
