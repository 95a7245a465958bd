"""Speed of steerable convolutions path by path against the dense kernel.

Both compute the same function of the same weights. They run in turns, in an order that
alternates; every ratio is within a turn, and time is CPU time of the process.

    python benchmarks/path_speed.py [--repeats 9] [--output benchmarks/results/path_speed.json]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numba
import torch
from torch.nn import functional

from protvox.nn import PathConv3d

CASES = {
    "96 to 208 channels": ("32x0e+8x1e+8x2e", "120x0e+16x1e+8x2e"),
    "96 to 704 channels": ("32x0e+8x1e+8x2e", "352x0e+64x1e+32x2e"),
}
"""Irreps before and after; 64 samples of 7^3 points, kernels of 3^3, stride 2."""


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(irreps_in: str, irreps_out: str, repeats: int, *, learn: bool) -> dict:
    torch.manual_seed(0)
    convolution = PathConv3d(irreps_in, irreps_out, 3, stride=2)
    field = torch.randn(64, convolution.irreps_in.dim, 7, 7, 7, requires_grad=learn)

    def run(answer: Callable[[], torch.Tensor]) -> None:
        if learn:
            answer().square().mean().backward()
        else:
            with torch.inference_mode():
                answer()

    def by_paths() -> None:
        run(lambda: convolution(field))

    def dense() -> None:
        run(lambda: functional.conv3d(field, convolution.weight(), stride=2))

    by_paths(), dense()
    times = []
    for turn in range(repeats):
        order = (by_paths, dense) if turn % 2 else (dense, by_paths)
        taken = {work: seconds(work) for work in order}
        times.append((taken[by_paths], taken[dense]))
    return {
        "ratio_median": round(statistics.median(a / b for a, b in times), 3),
        "ratios": [round(a / b, 3) for a, b in times],
        "paths_ms": round(1e3 * statistics.median(a for a, _ in times), 1),
        "dense_ms": round(1e3 * statistics.median(b for _, b in times), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    result = {
        case: {
            "training": measure(*irreps, options.repeats, learn=True),
            "inference": measure(*irreps, options.repeats, learn=False),
        }
        for case, irreps in CASES.items()
    }
    report = {"torch": torch.__version__, "processor": platform.machine(), "cases": result}
    text = json.dumps(report, indent=1)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
