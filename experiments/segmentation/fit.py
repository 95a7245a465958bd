"""Fit the model that decides where chains are cut, on the training chains.

Every training chain is split along its CATH domains, by the best of the proposed cuts, down to
single domains. For every piece the model has to choose among the proposed cuts: the one that
separates the domains best, or none if the piece is one domain. The
likelihood of these choices is maximised, the threshold chosen on the validation chains.

Example: ``python -m experiments.segmentation.fit --tables data --structures data
-o protvox/structure/splitting/cut_model.json``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from experiments.segmentation.dataset import LabelledChain, read_chains
from experiments.segmentation.measures import compare
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.cut_model import CutModel
from protvox.structure.splitting.cuts import Piece, propose_cuts
from protvox.structure.splitting.features import FEATURES, measure_cuts
from protvox.structure.splitting.find import split_chain

WRONG: Final = 0.25
"""Share of misplaced residues of the smaller side from which a cut counts as wrong."""

SOFTNESS: Final = 0.05
"""Share of misplaced residues at which a cut is worth 1/e of the best one."""

THRESHOLDS: Final = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)


class Choices(NamedTuple):
    """Pieces and their cuts.

    Attributes
    ----------
    features
        ``cut feature``.
    wrong
        ``cut``, share of misplaced residues of the smaller side; infinite for a cut that does not
        separate domains.
    piece
        ``cut`` int64.
    """

    features: NDArray[np.float64]
    wrong: NDArray[np.float64]
    piece: NDArray[np.int64]


def gather(chains: list[LabelledChain]) -> Choices:
    """Split chains along their CATH domains."""
    features, wrong, piece = [], [], []
    for chain in track(chains, "chains", console=Console(stderr=True)):
        contacts = Contacts.of(chain.ca)
        size = np.bincount(chain.labels)
        waiting = [np.arange(len(chain.ca))]
        while waiting:
            residues = waiting.pop()
            part = Piece.of(contacts, residues)
            sides = propose_cuts(part)
            if not len(sides):
                continue
            share = np.array([misplaced(chain.labels[residues], side, size) for side in sides])
            features.append(measure_cuts(contacts, part, sides))
            wrong.append(share)
            piece.append(np.full(len(sides), len(piece)))
            if share.min() < WRONG:
                best = sides[int(share.argmin())]
                waiting += [residues[best], residues[~best]]
    return Choices(np.concatenate(features), np.concatenate(wrong), np.concatenate(piece))


def misplaced(labels: NDArray[np.int64], side: NDArray[np.bool_], size: NDArray[np.int64]) -> float:
    """Return the share of misplaced residues of the smaller side of a cut.

    Parameters
    ----------
    labels
        ``residue``, CATH domain from 1, 0 for none.
    side
        ``residue`` bool.
    size
        ``domain``, residues in the whole chain; remainders of earlier cuts are not domains.
    """
    homes = [0, 0]
    wrong = 0
    for domain in np.unique(labels[labels > 0]):
        inside = int((labels[side] == domain).sum())
        outside = int((labels == domain).sum()) - inside
        homes[int(inside > outside)] += 2 * (inside + outside) >= size[domain]
        wrong += min(inside, outside)
    smaller = min(int(side.sum()), int((~side).sum()))
    return wrong / smaller if all(homes) else np.inf


def fit(choices: Choices, hidden: int, decay: float, seed: int) -> CutModel:
    """Maximise the likelihood of the choices."""
    torch.manual_seed(seed)
    mean, scale = choices.features.mean(axis=0), choices.features.std(axis=0)
    n = int(choices.piece.max()) + 1
    best = np.full(n, np.inf)
    np.minimum.at(best, choices.piece, choices.wrong)
    # A piece of several domains that no cut separates well is not informative.
    use = (np.isinf(best) | (best < WRONG))[choices.piece]
    wrong, piece = choices.wrong[use], choices.piece[use]
    apart = np.isfinite(best)[piece]
    worth = np.where(apart, np.exp(-(wrong - np.where(apart, best[piece], 0)) / SOFTNESS), 0.0)
    target = torch.from_numpy(worth / np.maximum(np.bincount(piece, worth, n), 1e-12)[piece])
    whole = torch.from_numpy(np.isinf(best) & (np.bincount(piece, minlength=n) > 0)).double()
    x = torch.from_numpy(np.clip((choices.features[use] - mean) / scale, -4, 4))
    rows = torch.from_numpy(piece)
    n_features = x.shape[1]
    linear, bias, inner, inner_bias, outer = weights = [
        torch.zeros(n_features),
        torch.zeros(1),
        torch.randn(hidden, n_features) / n_features**0.5,
        torch.randn(hidden) / 10,
        torch.randn(hidden) / 3,
    ]
    linear, bias, inner, inner_bias, outer = weights = [
        weight.double().requires_grad_() for weight in weights
    ]
    optimizer = torch.optim.LBFGS(
        weights, max_iter=200, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        score = x @ linear + bias + torch.tanh(x @ inner.T + inner_bias) @ outer
        odds = torch.zeros(n, dtype=torch.double).scatter_add(0, rows, score.clamp(max=30).exp())
        log_sum = torch.log1p(odds)
        likelihood = (target * (score - log_sum[rows])).sum() - (whole * log_sum).sum()
        penalty = sum((weight**2).sum() for weight in (linear, inner, outer))
        value: torch.Tensor = -likelihood / n + decay * penalty
        value.backward()
        return value

    optimizer.step(loss)
    numbers = [weight.detach().numpy() for weight in weights]
    return CutModel(FEATURES, mean, scale, numbers[0], float(numbers[1][0]), *numbers[2:], 0.5)


def average(models: list[CutModel]) -> CutModel:
    """Return the mean of several models fitted to the same cuts."""
    return dataclasses.replace(
        models[0],
        linear=np.mean([model.linear for model in models], axis=0),
        bias=float(np.mean([model.bias for model in models])),
        hidden=np.concatenate([model.hidden for model in models]),
        hidden_bias=np.concatenate([model.hidden_bias for model in models]),
        output=np.concatenate([model.output for model in models]) / len(models),
    )


def choose_threshold(model: CutModel, chains: list[LabelledChain]) -> tuple[float, list[dict]]:
    """Return the threshold with the most correct numbers of domains, and all that were tried."""
    tried = []
    for threshold in track(THRESHOLDS, "thresholds", console=Console(stderr=True)):
        candidate = dataclasses.replace(model, threshold=threshold)
        found = [compare(c.labels, split_chain(c.ca, candidate)) for c in chains]
        right = np.mean([a.n_true == a.n_found for a in found])
        overlap = np.mean([a.iou for a in found if a.n_true > 1])
        tried.append(
            {
                "threshold": threshold,
                "right_count": round(float(right), 4),
                "iou_multi": round(float(overlap), 4),
            }
        )
    best = max(tried, key=lambda row: (row["right_count"], row["iou_multi"]))
    return best["threshold"], tried


def to_json(model: CutModel, about: dict) -> str:
    """Return a model as `protvox.structure.splitting.cut_model.parse_cut_model` reads it."""
    values = {
        name: np.vectorize(lambda number: float(f"{number:.5g}"))(value).tolist()
        if isinstance(value, np.ndarray)
        else value
        for name, value in dataclasses.asdict(model).items()
    }
    lines = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in {"about": about, **values}.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder of both tables")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder of the column `file`"
    )
    parser.add_argument("--hidden", type=int, default=8, help="hidden units of each model")
    parser.add_argument("--decay", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, default=4, help="models averaged")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model.json")
    options = parser.parse_args()
    chains, _ = read_chains(options.tables, options.structures, ("train", "val"))
    train = [chain for chain in chains if chain.split == "train"]
    choices = gather(train)
    model = average(
        [fit(choices, options.hidden, options.decay, seed) for seed in range(options.seeds)]
    )
    validation = [chain for chain in chains if chain.split == "val"]
    threshold, tried = choose_threshold(model, validation)
    about = {
        "what": "Cuts of chains between domains, fitted by experiments.segmentation.fit to CATH",
        "training_chains": len(train),
        "validation_chains": len(validation),
        "training_cuts": len(choices.piece),
        "thresholds": tried,
    }
    text = to_json(dataclasses.replace(model, threshold=threshold), about)
    options.output.write_text(text, encoding="utf-8")
    print(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
