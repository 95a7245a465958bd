"""A device that exists on every machine, for tests of what a GPU would do.

Its tensors hold their numbers on the CPU but say that they are on the device ``pretend``, and
their content cannot be reached before `Tensor.cpu`. Operations on tensors of both devices are
refused, as between CPU and GPU; only copies between them and tensors without dimensions, which
torch sends along as numbers, are allowed. So code that forgets to move a tensor, or reads one
where it lies, fails here as it would on a GPU, and results can be compared.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import (
    _DummyBackendModule,
    _setup_privateuseone_for_python_backend,
)

_COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class _Backend(_DummyBackendModule):
    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]


_setup_privateuseone_for_python_backend("pretend", backend_module=_Backend())
DEVICE = torch.device("pretend", 0)


class _Pretended(Tensor):
    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> _Pretended:
        outer = Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=DEVICE,
        )
        outer.inner = inner
        return outer

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


class PretendDevice(TorchDispatchMode):
    """Within this context, tensors can be made on, and moved to, `DEVICE`."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


def _compute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    pretended = [tensor for tensor in tensors if isinstance(tensor, _Pretended)]
    others = [t for t in tensors if not isinstance(t, _Pretended) and t.dim()]
    if pretended and others and func not in _COPIES:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device")
    device = kwargs.get("device")
    if device is not None:
        there = torch.device(device).type == DEVICE.type
        kwargs = {**kwargs, "device": torch.device("cpu") if there else device}
    elif func is torch.ops.aten.copy_.default:
        there = isinstance(args[0], _Pretended)
    else:
        there = bool(pretended)
    outer = {id(tensor.inner): tensor for tensor in pretended}
    args, kwargs = tree_map(
        lambda leaf: leaf.inner if isinstance(leaf, _Pretended) else leaf, (args, kwargs)
    )

    def wrap(leaf: Any) -> Any:
        if there and isinstance(leaf, Tensor) and not isinstance(leaf, _Pretended):
            # An operation in place returns the tensor that it was called with.
            return outer[id(leaf)] if id(leaf) in outer else _Pretended(leaf)
        return leaf

    return tree_map(wrap, func(*args, **kwargs))
