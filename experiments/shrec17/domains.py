"""Retrieval of protein domains by the embeddings of a released CATH model.

Every domain is a query against all others, ranked by the angle between their embeddings: what
the network passes to its classifier, averaged over the poses of the domain. The measures are
those of the contest, with the query itself left out.

Example: ``python -m experiments.shrec17.domains --models models --shards shards/cath-test
-o experiments/shrec17/results/domains.json``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from experiments.shrec17.evaluator import Labels, evaluate
from experiments.shrec17.lists import rank_by_angle
from protvox.train.domains import DomainData
from protvox.train.shards import Shard, read_shards
from protvox.zoo.cath import CathNet, DomainBatch
from protvox.zoo.poses import draw_poses
from protvox.zoo.registry import load_folder

LEVELS: Final = {"architecture": (2, 3), "topology": (3, 4)}
"""Numbers of a CATH code that make the category and the subcategory."""


def embed(network: CathNet, shard: Shard, device: torch.device) -> NDArray[np.float32]:
    """Return what the classifier of a domain network sees, averaged over the poses.

    Parameters
    ----------
    network
        The CATH network, ready to predict.
    shard
        Domains.
    device
        Where the network is.

    Returns
    -------
    ndarray
        ``domain feature`` float32.
    """
    data = DomainData(shard, network.config)
    features = []
    with torch.inference_mode():
        for row in track(range(shard.n_structures), "domains", console=Console(stderr=True)):
            poses = draw_poses(data.ca(row), network.config, name=str(shard.name[row]))
            found = network.embed(DomainBatch.join(poses).to(device))
            features.append(found.float().mean(dim=0).cpu().numpy())
    return np.stack(features)


def measure(
    codes: Sequence[str], embeddings: NDArray[np.floating], seed: int = 0
) -> dict[str, Any]:
    """Measure retrieval at every level, and of random lists beside it.

    Parameters
    ----------
    codes
        CATH code of every domain.
    embeddings
        ``domain feature``.
    seed
        Of the random lists.
    """
    names = [f"{row:05d}" for row in range(len(codes))]
    # Directions that all domains share say nothing; without its scale no feature leads.
    spread = embeddings.std(axis=0)
    centred = (embeddings - embeddings.mean(axis=0)) / np.where(spread > 0, spread, 1)
    found = {
        name: [model for model, _ in ranked]
        for name, ranked in rank_by_angle(names, centred).items()
    }
    rng = np.random.default_rng(seed)
    chance = {name: [names[row] for row in rng.permutation(len(names))[:1000]] for name in names}
    results = {}
    for level, (category, subcategory) in LEVELS.items():
        parts = [code.split(".") for code in codes]
        labels = {
            name: Labels(".".join(part[:category]), ".".join(part[:subcategory]))
            for name, part in zip(names, parts, strict=True)
        }
        results[level] = {
            "steerable": evaluate(found, labels, with_query=False),
            "random": evaluate(chance, labels, with_query=False),
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of models")
    parser.add_argument("--shards", type=Path, required=True, help="folder of domain shards")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--output", type=Path, required=True, help="domains.json")
    options = parser.parse_args()
    device = torch.device(options.device)
    card, network = load_folder(options.models / "cath")
    shard = read_shards(sorted(options.shards.glob("*.npz")))
    embeddings = embed(network.to(device), shard, device)
    results = {
        "schema": "protvox.retrieval/1",
        "model": card.reference,
        "shards": options.shards.name,
        "domains": len(embeddings),
        **measure(shard.structure_label.tolist(), embeddings),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
