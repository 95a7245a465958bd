"""The mean of networks."""

from __future__ import annotations

import torch
from safetensors.torch import save_file

from experiments.environments.average import mean_weights


def test_weights_are_averaged_by_name(tmp_path):
    a = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}
    b = {"w": torch.tensor([3.0, -2.0]), "n": torch.tensor(5)}
    for name, state in (("a", a), ("b", b)):
        save_file(state, tmp_path / name)
    mean = mean_weights([tmp_path / "a", tmp_path / "b"])
    assert mean["w"].tolist() == [2.0, 0.0]
    assert mean["n"].item() == 4
    assert mean["n"].dtype == torch.int64
