"""Training checkpoints: weights, optimiser, random state and step in one safetensors file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from protvox.errors import fail


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    state: dict[str, object],
) -> None:
    """Write a checkpoint; the last one is replaced only when the new one is complete.

    Parameters
    ----------
    path
        File to write.
    network, optimizers
        Modules and optimisers to save.
    state
        Step, best score and the like; values that JSON can hold.
    """
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for index, slots in optimizer.state_dict()["state"].items():
            for slot, value in slots.items():
                tensors[f"optimizer/{number}/{index}/{slot}"] = torch.as_tensor(value)
    # Dropout uses these: without them a resumed training would take another course.
    tensors["random/cpu"] = torch.get_rng_state()
    for index, value in enumerate(_cuda_states()):
        tensors[f"random/cuda/{index}"] = value
    # Two names for one tensor, or a strided view, cannot be stored.
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"state": json.dumps(state)})
    os.replace(partial, path)


def load_checkpoint(
    path: Path, network: nn.Module, optimizers: Sequence[torch.optim.Optimizer] = ()
) -> dict[str, object]:
    """Restore a checkpoint in place and return its state.

    Parameters
    ----------
    path
        File written by `save_checkpoint`.
    network
        Network of the same architecture.
    optimizers
        Optimisers over the same parameters, or none to ignore their state and that of the
        random generators.

    Raises
    ------
    ModelError
        If the file cannot be read or belongs to another architecture.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        weights = {n.split("/", 1)[1]: t for n, t in tensors.items() if n.startswith("network/")}
        network.load_state_dict(weights)
        state: dict[str, object] = json.loads(metadata["state"])
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise fail("model.checkpoint", where=str(path)) from error
    for number, optimizer in enumerate(optimizers):
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith(f"optimizer/{number}/"):
                _, _, index, slot = name.split("/")
                slots.setdefault(int(index), {})[slot] = value
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})
    if optimizers:
        _restore_random(tensors)
    return state


def _cuda_states() -> list[Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def _restore_random(tensors: dict[str, Tensor]) -> None:
    if "random/cpu" in tensors:
        torch.set_rng_state(tensors["random/cpu"])
    for index in range(torch.cuda.device_count()):
        if f"random/cuda/{index}" in tensors:
            torch.cuda.set_rng_state(tensors[f"random/cuda/{index}"], index)
