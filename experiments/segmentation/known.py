"""What known domains add to the splitting of chains by contacts.

Chains of the validation set, on which the weight of known domains was chosen, and Chainsaw's test
chains (`experiments.segmentation.peers`). All domains of the entries of these chains are taken out
of the index first; domains of the same superfamilies in other entries stay, as a user has them.
Superfamilies of the first domain are resampled.

Example: ``python -m experiments.segmentation.known --chains data/ca_chains
--peers data/domain_split -o experiments/segmentation/results/known.json``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from experiments.everyday.hide import without_entries
from experiments.segmentation.measures import Agreement, compare, summarise
from experiments.segmentation.peers import paired, read_pairs
from experiments.segmentation.traces import TracedChain, read_traces
from protvox.predict.model_cache import load_domain_predictor
from protvox.predict.task import DomainPredictor
from protvox.structure.splitting.find import LONGEST, split_chain

SCHEMA: Final = "protvox.segmentation.known/1"


def split_both(
    chains: list[TracedChain], predictor: DomainPredictor
) -> tuple[list[Agreement], list[Agreement], dict[str, float]]:
    """Split chains by contacts alone and with known domains.

    Returns
    -------
    contacts, known : list of Agreement
        One per chain.
    milliseconds : dict
        Mean CPU time of a chain, ``contacts`` and ``known``.
    """
    split_chain(chains[0].ca, recognise=predictor.recognise)  # compiles
    contacts, known, spent = [], [], np.zeros(2)
    for done, chain in enumerate(chains, start=1):
        times = [time.process_time()]
        contacts.append(compare(chain.labels, split_chain(chain.ca)))
        times.append(time.process_time())
        found = split_chain(chain.ca, recognise=predictor.recognise)
        known.append(compare(chain.labels, found))
        times.append(time.process_time())
        spent += np.diff(times)
        if done % 50 == 0:
            print(f"{done} of {len(chains)} chains", file=sys.stderr, flush=True)
    milliseconds = (1000 * spent / len(chains)).round(1).tolist()
    return contacts, known, dict(zip(("contacts", "known"), milliseconds, strict=True))


def by_superfamily(chains: list[TracedChain]) -> list[NDArray[np.int64]]:
    """Return the chains of each superfamily."""
    _, group = np.unique([chain.superfamily for chain in chains], return_inverse=True)
    return [np.flatnonzero(group == one) for one in range(int(group.max()) + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=Path, required=True, help="folder of the CA traces")
    parser.add_argument("--peers", type=Path, required=True, help="folder of Chainsaw's choppings")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    validation = [
        chain for chain in read_traces(options.chains, ("val",)) if len(chain.ca) <= LONGEST
    ]
    compared, chainsaw = read_pairs(options.chains, options.peers)
    predictor = load_domain_predictor("cath", "cpu")
    entries = {chain.id[:4] for chain in validation + compared}
    index = without_entries(predictor.released.index(), entries)
    predictor.released._index = index
    document: dict[str, Any] = {"schema": SCHEMA, "model": index.model, "n_index": len(index)}
    theirs = [compare(c.labels, found) for c, found in zip(compared, chainsaw, strict=True)]
    for name, chains in (("validation", validation), ("chainsaw_chains", compared)):
        contacts, known, milliseconds = split_both(chains, predictor)
        groups = by_superfamily(chains)
        document[name] = {
            "in_index": float(np.mean([c.superfamily in set(index.cath) for c in chains])),
            "methods": {"contacts": summarise(contacts, groups), "known": summarise(known, groups)},
            "known_minus_contacts": paired(known, contacts, groups),
            "milliseconds": milliseconds,
        }
        if name == "chainsaw_chains":
            document[name]["methods"]["chainsaw"] = summarise(theirs, groups)
            document[name]["known_minus_chainsaw"] = paired(known, theirs, groups)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
