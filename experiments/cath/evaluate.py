"""Measure the CATH architecture model on a split.

Example: ``python -m experiments.cath.evaluate --model models/cath --shards shards/cath-test
--split test -o experiments/cath/results/metrics.json``
"""

from __future__ import annotations

from experiments.cath.answers import released_predictions
from experiments.evaluation import parser, run

if __name__ == "__main__":
    options = parser(__doc__ or "").parse_args()
    run(options, final=released_predictions(options.model))
