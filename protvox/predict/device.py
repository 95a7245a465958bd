"""The device to compute on, and running out of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from protvox.errors import fail


def choose_device(name: str) -> torch.device:
    """Return a device by name.

    Parameters
    ----------
    name
        ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises
    ------
    DeviceError
        If it is unknown or missing.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise fail("device.unknown", where=name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise fail("device.missing", where=name)
    return device


@contextmanager
def report_out_of_memory(device: torch.device) -> Iterator[None]:
    """Replace running out of memory by an error the user can act on.

    Parameters
    ----------
    device
        The device in use.

    Raises
    ------
    DeviceError
        Instead of the errors of the libraries.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # Torch has an exception of its own for GPUs; on a CPU only the message is different.
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and "allocate memory" not in str(error):
            raise
        raise fail("device.memory", where=str(device)) from error
