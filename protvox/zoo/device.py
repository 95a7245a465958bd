"""Where to compute."""

from __future__ import annotations

import torch

from protvox.errors import DeviceError


def choose_device(name: str) -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    name
        ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or ``"auto"`` for a GPU where there is one.

    Returns
    -------
    torch.device
        A device that is there.

    Raises
    ------
    DeviceError
        If there is no such device (``device.missing``).
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cpu" and not index:
        return torch.device("cpu")
    if kind == "cuda" and int(index or 0) < there:
        return torch.device(name)
    raise DeviceError(
        f"there is no device {name!r}",
        remedy=f"Use --device cpu; this machine has {there or 'no'} GPU",
        code="device.missing",
    )
