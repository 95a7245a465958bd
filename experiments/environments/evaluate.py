"""Measure the residue-environment model on a split.

Example: ``python -m experiments.environments.evaluate --model models/environment
--shards shards/environment-test
--split test -o experiments/environments/results/metrics.json``
"""

from __future__ import annotations

from experiments.evaluation import run

if __name__ == "__main__":
    run(__doc__ or "")
