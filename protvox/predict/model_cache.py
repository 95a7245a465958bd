"""The predictors in memory: each model is loaded once for each device."""

from __future__ import annotations

import threading
from pathlib import Path

import numba
import torch

from protvox.errors import ModelError
from protvox.networks.cath import CathNet
from protvox.networks.environment import EnvironmentNet
from protvox.predict.cath_predictor import CathPredictor
from protvox.predict.device import choose_device
from protvox.predict.environment_predictor import EnvironmentPredictor
from protvox.predict.index.released import ReleasedIndex
from protvox.registry import installed
from protvox.settings import load_settings

Predictor = EnvironmentPredictor | CathPredictor

_held: dict[tuple[Path, torch.device], Predictor] = {}
_door = threading.Lock()
_share: int | None = None


def load_predictor(name: str, device: str = "auto") -> Predictor:
    """Load a released model; a model once loaded is kept until its card changes.

    Parameters
    ----------
    name
        ``"environment"``, ``"cath"``, or any name from ``protvox models list``.
    device
        See `protvox.predict.device.choose_device`.

    Returns
    -------
    EnvironmentPredictor or CathPredictor
        By the task of the model; may be used by several threads at once.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    DeviceError
        If the device is missing.
    """
    where = choose_device(device)
    model = installed.find(name)
    # Threads that ask for the same model wait for the first of them instead of loading it too.
    with _door:
        held = _held.get((model.folder, where))
        if held is None or held.card != model.card:
            held = _held[model.folder, where] = _load(model, where)
        return held


def keep_threads(threads: int) -> None:
    """Keep this process to some CPU threads, whatever ``PROTVOX_THREADS`` allows in all.

    Parameters
    ----------
    threads
        Its share, at least 1.
    """
    global _share
    _share = threads
    limit_threads()


def limit_threads() -> None:
    """Keep to the share of this process, or to ``PROTVOX_THREADS``, in the calling thread.

    Raises
    ------
    UsageError
        If the variable cannot be understood.
    """
    threads = _share or load_settings().threads
    if threads is None:
        return
    # numba remembers the number for each calling thread, so once at loading is not enough.
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def _load(model: installed.ModelInfo, device: torch.device) -> Predictor:
    card, network = installed.load_folder(model.folder)
    if isinstance(network, EnvironmentNet):
        return EnvironmentPredictor(card, network, device)
    if isinstance(network, CathNet):
        return CathPredictor(card, network, device, ReleasedIndex(model.folder, card))
    raise ModelError(
        "this model predicts neither environments nor CATH",
        where=card.reference,
        remedy="Choose another from protvox models list",
        code="model.task",
    )
