"""Which device computes, and what happens when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from protvox.errors import DeviceError


def choose_device(name: str) -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    name
        ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises
    ------
    DeviceError
        If it is unknown or not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise DeviceError(
            "there is no such device",
            where=name,
            remedy="Use auto, cpu, cuda or cuda:N",
            code="device.unknown",
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            "this GPU is not there", where=name, remedy="Use --device cpu", code="device.missing"
        )
    return device


@contextmanager
def report_out_of_memory(device: torch.device) -> Iterator[None]:
    """Turn running out of memory into an error the user can act on.

    Parameters
    ----------
    device
        The device in use.

    Raises
    ------
    DeviceError
        In place of the library's own errors.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # On a GPU torch has an error of its own; on a CPU only the words tell.
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and "allocate memory" not in str(error):
            raise
        raise DeviceError(
            "the device ran out of memory",
            where=str(device),
            remedy="Classify fewer residues at once, or use --device cpu",
            code="device.memory",
        ) from error
