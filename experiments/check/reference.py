"""Write the log likelihoods with which whole models are compared.

``python -m experiments.check.reference val.npz -o protvox/predict/check`` with an archive of
``experiments.check.features --sides``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from experiments.check.chains import Chain, read_chains
from protvox.predict.check.overall import REFERENCE_FILE
from protvox.predict.check.sequence import UNKNOWN

STEPS = 41


def main() -> int:
    """Write quantiles over chains."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    values = [chain_log_likelihood(chain) for chain in read_chains(options.archive)]
    quantiles = np.quantile(values, np.linspace(0, 1, STEPS))
    reference = {
        "name": f"{len(values)} chains of PDB entries of all methods",
        "quantiles": [round(float(value), 4) for value in quantiles],
    }
    text = json.dumps(reference, indent=1) + "\n"
    (options.output / REFERENCE_FILE.name).write_text(text, encoding="utf-8")
    print(text)
    return 0


def chain_log_likelihood(chain: Chain) -> float:
    """Return the mean log probability of the amino acids of a chain, nats.

    Parameters
    ----------
    chain
        With probabilities.
    """
    assert chain.probabilities is not None, "run experiments.check.features with --sides"
    types = chain.types[chain.rows]
    known = types != UNKNOWN
    shares = chain.probabilities[known][np.arange(int(known.sum())), types[known]]
    return float(np.log(np.clip(shares, np.finfo(np.float32).tiny, None)).mean())


if __name__ == "__main__":
    raise SystemExit(main())
