from __future__ import annotations

import itertools
import json
import threading

import numpy as np
import pytest
import torch
from torch import nn

from protvox.errors import ModelError
from protvox.train import loop as loop_module
from protvox.train.checkpoint import load_checkpoint, save_checkpoint
from protvox.train.loop import LoopConfig, rate_at, train
from protvox.train.prefetch import prefetch

CPU = torch.device("cpu")
CONFIG = LoopConfig(
    steps=40, batch_size=8, learning_rate=0.02, warmup=5, cooldown=0.5, evaluate_every=20, seed=3
)


def network(width=8):
    torch.manual_seed(CONFIG.seed)
    return nn.Sequential(
        nn.Linear(4, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 2)
    )


def batches(first):
    for step in itertools.count(first):
        x = np.random.default_rng(step).normal(size=(8, 4)).astype(np.float32)
        yield torch.from_numpy(x), torch.from_numpy((x.sum(axis=1) > 0).astype(np.int64))


def run(out, model=None, config=CONFIG, source=batches, **options):
    model = model or network()
    seen = []
    done = train(
        model,
        source,
        lambda net: {"training": float(net.training)},
        config,
        out,
        device=CPU,
        report=seen.append,
        **options,
    )
    return done, model, seen


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_rate_rises_stays_and_falls_to_zero():
    config = LoopConfig(steps=100, learning_rate=1.0, warmup=10, cooldown=0.4)
    rates = [rate_at(step, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:61] == pytest.approx([1.0] * 52)
    assert rates[80] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(1 / 40)
    assert rates[100] == 0
    for other in (LoopConfig(warmup=0), LoopConfig(cooldown=0.0), LoopConfig(cooldown=1.0)):
        assert all(0 < rate_at(s, other) <= other.learning_rate for s in (0, 1, other.steps - 1))


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"cooldown": 2.0},
        {"seed": -1},
        {"balance": 1.5},
    ],
)
def test_invalid_values_are_refused(values):
    with pytest.raises(ModelError):
        LoopConfig(**values)


def test_training_learns_and_logs(tmp_path):
    config = LoopConfig(steps=300, batch_size=8, learning_rate=0.02, warmup=5, evaluate_every=150)
    done, _, seen = run(tmp_path, config=config)
    assert done
    assert seen[-1].loss < 0.8 * seen[0].loss
    assert [progress.step for progress in seen] == [50, 100, 150, 200, 250, 300]
    assert seen[-1].metrics == {"training": 0.0}
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [150, 300]


def test_resumed_training_is_the_uninterrupted_one(tmp_path):
    """To the last bit: weights, norms, optimiser, order of the data and dropout."""
    _, whole, _ = run(tmp_path / "whole")
    parts = 0
    done = False
    while not done:
        torch.manual_seed(parts)  # whatever else happens in between
        done, resumed, _ = run(tmp_path / "parts", time_limit=0.0 if parts < 7 else None)
        parts += 1
    assert parts > 5
    for (name, one), two in zip(
        whole.state_dict().items(), resumed.state_dict().values(), strict=True
    ):
        assert torch.equal(one, two), name


def test_dropout_matters_for_the_test_above(tmp_path, monkeypatch):
    _, whole, _ = run(tmp_path / "whole")
    monkeypatch.setattr("protvox.train.checkpoint._restore_random", lambda tensors: None)
    run(tmp_path / "parts", time_limit=0.0)
    _, resumed, _ = run(tmp_path / "parts")
    assert not torch.equal(whole[0].weight, resumed[0].weight)


def test_finished_training_stays_unchanged(tmp_path):
    run(tmp_path)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    done, _, seen = run(tmp_path)
    assert done
    assert seen == []
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_checkpoint_of_another_network(tmp_path):
    run(tmp_path)
    with pytest.raises(ModelError) as caught:
        run(tmp_path, network(width=9))
    assert caught.value.code == "model.checkpoint"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08" + bytes(7) + b"{}"])
def test_damaged_checkpoint(tmp_path, content):
    (tmp_path / "checkpoint.safetensors").write_bytes(content)
    with pytest.raises(ModelError):
        run(tmp_path)


def test_a_checkpoint_without_random_state_still_loads(tmp_path):
    from safetensors.torch import load_file, save_file

    model = network()
    optimizer = torch.optim.AdamW(model.parameters())
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, model, [optimizer], {"step": 4})
    tensors = {k: v for k, v in load_file(path).items() if not k.startswith("random/")}
    save_file(tensors, path, metadata={"state": '{"step": 4}'})
    assert load_checkpoint(path, network(), [optimizer]) == {"step": 4}


def test_failed_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    run(tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    before = path.read_bytes()

    def fail(tensors, partial, metadata):
        partial.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr("protvox.train.checkpoint.save_file", fail)
    with pytest.raises(OSError, match="no space"):
        run(tmp_path, config=LoopConfig(steps=60, batch_size=8, evaluate_every=60))
    assert path.read_bytes() == before


@pytest.mark.parametrize("lost_at", [31, 36])
def test_loss_that_is_not_finite_keeps_the_last_good_checkpoint(tmp_path, lost_at):
    def source(first):
        for step, (x, labels) in enumerate(batches(first), start=first):
            yield (x * float("nan") if step == lost_at else x), labels

    config = LoopConfig(steps=60, batch_size=8, evaluate_every=10, checkpoint_every=1e9, seed=3)
    with pytest.raises(ModelError) as caught:
        run(tmp_path, config=config, source=source)
    assert caught.value.code == "model.diverged"
    assert "step 40" in str(caught.value)
    again = network()
    assert load_checkpoint(tmp_path / "checkpoint.safetensors", again)["step"] == 30
    assert all(torch.isfinite(value).all() for value in again.state_dict().values())
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [10, 20, 30]
    # From there a training without the bad batch goes on.
    assert run(tmp_path, config=config)[0]


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    """A gradient overflows in the very step before a checkpoint."""
    calls = itertools.count()

    def objective(logits, labels, smoothing):
        loss = nn.functional.cross_entropy(logits, labels)
        # The root of 0 is a number, and its derivative is not.
        return loss + (logits.sum() * 0).sqrt() if next(calls) == 39 else loss

    config = LoopConfig(steps=60, batch_size=8, evaluate_every=20, checkpoint_every=1e9, seed=3)
    with pytest.raises(ModelError) as caught:
        run(tmp_path, config=config, objective=objective)
    assert caught.value.code == "model.diverged"
    assert load_checkpoint(tmp_path / "checkpoint.safetensors", network())["step"] == 20


def test_objective_is_minimised_and_reported(tmp_path):
    def objective(logits, labels, smoothing):
        return (logits - 3).square().mean() + smoothing

    config = LoopConfig(
        steps=400,
        batch_size=8,
        learning_rate=0.02,
        warmup=5,
        evaluate_every=200,
        label_smoothing=0.25,
    )
    _, model, seen = run(tmp_path, config=config, objective=objective)
    with torch.no_grad():
        assert (model.eval()(next(batches(0))[0]) - 3).abs().max() < 1.0
    assert 0.25 < seen[-1].loss < seen[0].loss


def test_errors_of_the_data_reach_the_caller(tmp_path):
    def broken(first):
        yield from itertools.islice(batches(first), 3)
        raise KeyError("bad shard")

    with pytest.raises(KeyError, match="bad shard"):
        run(tmp_path, source=broken)


def test_prefetch_keeps_order_is_bounded_and_ends_its_thread():
    drawn = []

    def source():
        for i in range(1000):
            drawn.append(i)
            yield torch.tensor(i), torch.tensor(0)

    before = threading.active_count()
    stream = prefetch(source(), depth=2)
    assert [int(next(stream)[0]) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(drawn) <= 5 + 2 + 2
    stream.close()
    # Closing waits: a thread that draws on while the interpreter ends brings the process down.
    assert threading.active_count() <= before


def test_cpu_computes_in_float32():
    assert not loop_module.has_fast_bfloat16(CPU)


@pytest.mark.parametrize(("bfloat16", "expected"), [(None, torch.float32), (True, torch.bfloat16)])
def test_bfloat16_is_used_on_request(tmp_path, bfloat16, expected):
    model, seen = network(), set()
    model[0].register_forward_hook(lambda layer, inputs, out: seen.add(out.dtype))
    assert run(tmp_path, model, bfloat16=bfloat16)[0]
    assert seen == {expected}
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
