"""Contrastive training of the embedding: similar folds near, others far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from experiments.search.features import LabelledFeatures
from protvox.predict.index.head import Block, EmbeddingHead


@dataclass(frozen=True)
class Schedule:
    """Schedule of the training of an embedding.

    Attributes
    ----------
    steps, batch
        Number of steps, and domains per step.
    rate
        Learning rate of the first step; it falls linearly to 0.
    temperature
        Difference of two cosines that changes odds by a factor of e.
    architecture, topology, superfamily
        Weights of the three levels.
    dropout
        Dropout probability of the input.
    balance
        A domain is drawn in proportion to the size of its superfamily to the power of minus
        this.
    """

    steps: int = 200
    batch: int = 512
    rate: float = 3e-4
    temperature: float = 0.1
    architecture: float = 0.3
    topology: float = 1.0
    superfamily: float = 1.0
    dropout: float = 0.2
    balance: float = 0.4


def refine(
    head: EmbeddingHead, training: LabelledFeatures, schedule: Schedule, seed: int
) -> EmbeddingHead:
    """Train the matrices of an embedding further.

    The loss is supervised contrastive (Khosla et al. 2020), summed over three levels of CATH. At
    each level a domain should find those that share its node there but not the one below: other
    superfamilies of its topology, other topologies of its architecture. The embedding thereby
    learns what a new superfamily, which users search with, has in common with known ones.

    Parameters
    ----------
    head
        Embedding to start from.
    training
        The training domains; each is used as it is or as one of its augmented copies.
    schedule
        Schedule of the training.
    seed
        Seed of order and dropout.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    features = _standard(head.features, training.plain, *training.varied)
    traces = _standard(head.trace, training.traces, *training.varied_traces)
    nodes = [torch.from_numpy(training.level(parts)) for parts in (2, 3, 4)]
    families = nodes[-1].numpy()
    chance = np.bincount(families)[families] ** -schedule.balance
    matrices = [
        torch.from_numpy(block.matrix.copy()).requires_grad_()
        for block in (head.features, head.trace)
    ]
    optimizer = torch.optim.Adam(matrices, schedule.rate)
    for step in range(schedule.steps):
        rows = rng.choice(
            len(families),
            min(schedule.batch, len(families)),
            replace=False,
            p=chance / chance.sum(),
        )
        copies = rng.integers(0, len(features), len(rows))
        parts = [
            functional.dropout(numbers[copies, rows], schedule.dropout)
            for numbers in (features, traces)
        ]
        vectors = _embed(parts, matrices, (head.features.weight, head.trace.weight))
        loss = _loss(vectors @ vectors.T, [level[rows] for level in nodes], schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * (1 - (step + 1) / schedule.steps)
    first, second = (matrix.detach().numpy() for matrix in matrices)
    return replace(
        head,
        features=replace(head.features, matrix=first),
        trace=replace(head.trace, matrix=second),
        sha256="",
    )


def _standard(block: Block, *copies: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack([(copy - block.mean) / block.scale for copy in copies]))


def _embed(parts: list[Tensor], matrices: list[Tensor], weights: tuple[float, ...]) -> Tensor:
    blocks = [
        weight * functional.normalize(part @ matrix.T, dim=1)
        for part, matrix, weight in zip(parts, matrices, weights, strict=True)
    ]
    return functional.normalize(torch.cat(blocks, dim=1), dim=1)


def _loss(similarity: Tensor, nodes: list[Tensor], schedule: Schedule) -> Tensor:
    logits = similarity / schedule.temperature
    itself = torch.eye(len(logits), dtype=torch.bool)
    architecture, topology, superfamily = (n[:, None] == n[None] for n in nodes)
    levels = (
        (schedule.architecture, architecture, topology),
        (schedule.topology, topology, superfamily),
        (schedule.superfamily, superfamily, itself),
    )
    loss = logits.new_zeros(())
    for weight, alike, below in levels:
        hidden = below | itself
        right = alike & ~hidden
        masked = logits.masked_fill(hidden, -torch.inf)
        shares = masked - masked.logsumexp(dim=1, keepdim=True)
        found = shares.masked_fill(~right, 0).sum(dim=1) / right.sum(dim=1).clamp_min(1)
        answerable = right.any(dim=1)
        loss = loss - weight * found[answerable].sum() / answerable.sum().clamp_min(1)
    return loss
