from __future__ import annotations

import pytest
import torch

from protvox.errors import DeviceError
from protvox.predict.device import choose_device, report_out_of_memory

CPU = torch.device("cpu")


def test_names(monkeypatch):
    assert choose_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"


@pytest.mark.parametrize("name", ["gpu", "", "mps", "meta", "cuda:x", "cpu0"])
def test_unknown_names(name):
    with pytest.raises(DeviceError) as caught:
        choose_device(name)
    assert caught.value.code == "device.unknown"


def test_missing_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(DeviceError) as caught:
        choose_device("cuda")
    assert caught.value.code == "device.missing"
    assert "--device cpu" in str(caught.value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0").index == 0
    with pytest.raises(DeviceError):
        choose_device("cuda:1")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_running_out_of_memory_is_reported(error):
    with pytest.raises(DeviceError) as caught, report_out_of_memory(CPU):
        raise error
    assert caught.value.code == "device.memory"


def test_other_errors_are_unchanged():
    with pytest.raises(RuntimeError, match="shapes"), report_out_of_memory(CPU):
        raise RuntimeError("shapes differ")
