"""Speed of steerable networks against plain convolutional networks of the same widths.

The plain network has the same ``conv3d`` shapes, batch norms, activations and memory layout.
Both run in turns, in an order that alternates, and every number is the median of ratios
within a turn, so that a busy machine slows both sides alike; time is CPU time of the process.

    python benchmarks/nn_speed.py [--repeats 9] [--output benchmarks/results/nn_speed.json]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from protvox.nn import FieldNorm, Gate, SteerableConv3d, export_network

CASES = {
    "68 channels, 10^3, padded k3": ("24x0e+8x1e+4x2e", 10, 3, 1),
    "100 channels, 10^3, padded k3": ("36x0e+13x1e+5x2e", 10, 3, 1),
    "48 channels, 10^3, valid k3": ("16x0e+4x1e+4x2e", 10, 3, 0),
}
"""Irreps after the gate, edge of the grid, edge of the kernel, padding."""

LAYERS = 2


class Narrow(nn.Module):
    """Keep the first channels: a gate consumes its gates, so the next width is smaller."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, field: Tensor) -> Tensor:
        """Narrow a field ``batch channel x y z``."""
        return field[:, : self.width]


def steerable(irreps: str, size: int, padding: int) -> nn.Sequential:
    gate = Gate(irreps)
    layers: list[nn.Module] = []
    for _ in range(LAYERS):
        convolution = SteerableConv3d(irreps, gate.irreps_in, size, padding=padding)
        layers += [convolution, FieldNorm(gate.irreps_in), gate]
    return nn.Sequential(*layers)


def plain(irreps: str, size: int, padding: int, norm: bool) -> nn.Sequential:
    gate = Gate(irreps)
    layers: list[nn.Module] = []
    for _ in range(LAYERS):
        convolution = nn.Conv3d(
            gate.irreps_out.dim, gate.irreps_in.dim, size, padding=padding, bias=not norm
        )
        layers.append(convolution)
        if norm:
            layers.append(nn.BatchNorm3d(gate.irreps_in.dim))
        layers += [nn.ReLU(), Narrow(gate.irreps_out.dim)]
    return nn.Sequential(*layers)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(first: Callable[[], object], second: Callable[[], object], repeats: int) -> dict:
    first(), second()
    ratios, times = [], []
    for turn in range(repeats):
        if turn % 2:
            b, a = seconds(second), seconds(first)
        else:
            a, b = seconds(first), seconds(second)
        ratios.append(a / b)
        times.append((a, b))
    return {
        "ratio_median": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "steerable_ms": round(1e3 * statistics.median(a for a, _ in times), 1),
        "plain_ms": round(1e3 * statistics.median(b for _, b in times), 1),
    }


def training_step(network: nn.Module, field: Tensor) -> Callable[[], None]:
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step() -> None:
        optimiser.zero_grad()
        network(field).square().mean().backward()
        optimiser.step()

    return step


def inference(network: nn.Module, field: Tensor) -> Callable[[], Tensor]:
    def answer() -> Tensor:
        with torch.inference_mode():
            return network(field)

    return answer


def measure(case: str, batch: int, repeats: int) -> dict:
    irreps, edge, size, padding = CASES[case]
    network = steerable(irreps, size, padding)
    width = Gate(irreps).irreps_out.dim
    field = torch.randn(batch, width, edge, edge, edge, requires_grad=True)
    result: dict = {"irreps": irreps, "edge": edge, "kernel": size, "padding": padding}
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last_3d}
    for name, layout in layouts.items():
        arranged = field.detach().contiguous(memory_format=layout).requires_grad_()
        network.train()
        rival = plain(irreps, size, padding, norm=True).to(memory_format=layout)
        result[f"training_{name}"] = compare(
            training_step(network, arranged), training_step(rival, arranged), repeats
        )
        exported = export_network(network)
        rival = plain(irreps, size, padding, norm=False).eval().to(memory_format=layout)
        result[f"inference_{name}"] = compare(
            inference(exported, arranged), inference(rival, arranged), repeats
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/nn_speed.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    report: dict = {
        "machine": {
            "processor": platform.machine(),
            "torch": torch.__version__,
            "capability": torch.backends.cpu.get_cpu_capability(),
            "threads": arguments.threads,
        },
        "batch": arguments.batch,
        "layers": LAYERS,
        "cases": {},
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        report["cases"][case] = measure(case, arguments.batch, arguments.repeats)
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
