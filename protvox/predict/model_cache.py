"""The predictors in memory: each model is loaded once per device."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numba
import torch

from protvox.errors import fail
from protvox.predict.device import choose_device
from protvox.predict.task import DomainPredictor, Predictor, ResiduePredictor, prediction_task
from protvox.registry import installed
from protvox.settings import load_settings

_loaded: dict[tuple[Path, torch.device], Predictor] = {}
_lock = threading.Lock()
_share: int | None = None


def load_predictor(name: str | Path, device: str = "auto") -> Predictor:
    """Load a model; it is kept in memory until its card changes.

    Parameters
    ----------
    name
        ``"environment"``, ``"cath"``, any name from ``protvox models list``, or the path of a
        model folder.
    device
        See `protvox.predict.device.choose_device`.

    Returns
    -------
    Predictor
        May be used by several threads at once.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    DeviceError
        If the device is missing.
    """
    where = choose_device(device)
    model = installed.find(name)
    # Threads that need the same model wait for the first of them instead of loading it too.
    with _lock:
        loaded = _loaded.get((model.folder, where))
        if loaded is None or loaded.card != model.card:
            loaded = _loaded[model.folder, where] = _load(model, where)
        return loaded


def load_domain_predictor(name: str | Path, device: str = "auto") -> DomainPredictor:
    """Load a model that predicts and embeds domains.

    Parameters
    ----------
    name, device
        See `load_predictor`.

    Raises
    ------
    ModelError
        If the model is missing or damaged, or of another kind (``model.task``).
    DeviceError
        If the device is missing.
    """
    return _of_kind(load_predictor(name, device), DomainPredictor, "model.task.embed_domains")


def load_residue_predictor(name: str | Path, device: str = "auto") -> ResiduePredictor:
    """Load a model that predicts and embeds residues.

    Parameters
    ----------
    name, device
        See `load_predictor`.

    Raises
    ------
    ModelError
        If the model is missing or damaged, or of another kind (``model.task``).
    DeviceError
        If the device is missing.
    """
    return _of_kind(load_predictor(name, device), ResiduePredictor, "model.task.residues")


def keep_threads(threads: int) -> None:
    """Limit this process to some CPU threads, whatever ``PROTVOX_THREADS`` allows in total.

    Parameters
    ----------
    threads
        Its share, at least 1.
    """
    global _share
    _share = threads
    limit_threads()


def limit_threads() -> None:
    """Limit the calling thread to the share of this process, or to ``PROTVOX_THREADS``.

    Raises
    ------
    UsageError
        If the variable is invalid.
    """
    threads = _share or load_settings().threads
    if threads is None:
        return
    # numba remembers the number per calling thread, so setting it once at loading is not enough.
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def _load(model: installed.ModelInfo, device: torch.device) -> Predictor:
    card, network = installed.load_folder(model.folder)
    return prediction_task(card.task).predictor(card, network, device, model.folder)


def _of_kind(predictor: Predictor, kind: type[Any], error: str) -> Any:
    if not isinstance(predictor, kind):
        raise fail(error, where=predictor.card.reference)
    return predictor
