"""CATH architecture of domains as a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.registry.card import Card, Vote
from protvox.registry.tasks import BUILT_IN
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure
from protvox.tasks.base import Task
from protvox.train.answers import Answers
from protvox.train.shard import Shard, pack
from protvox.train.task import Entry

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import Tensor, nn

    from protvox.networks.cath import CathConfig, CathNet
    from protvox.networks.layers import Layers
    from protvox.tasks.cath.data import DomainData
    from protvox.tasks.cath.predictor import CathPredictor
    from protvox.train.loop import LoopConfig


class CathTask(Task["CathConfig", "CathNet", "DomainData"]):
    """Predict the CATH architecture of a domain from its CA atoms."""

    name = "cath"
    title = BUILT_IN["cath"]
    columns = frozenset({"file", "cath"})
    summaries = MappingProxyType(
        {
            "paper": "ten architectures of Weiler et al. (2018)",
            "class_accuracy": "CATH class",
        }
    )
    release_options = frozenset({"flatten_prior", "vote"})
    needs_domains = True
    embeds = "domain"

    @property
    def table(self) -> str:
        """Return ``domains``."""
        return "domains"

    @property
    def config(self) -> type[CathConfig]:
        """Return the class of the network's arguments."""
        from protvox.networks.cath import CathConfig

        return CathConfig

    def network(self, config: CathConfig, layers: Layers | None = None) -> CathNet:
        """Build the network."""
        from protvox.networks.cath import CathNet

        return CathNet(config, layers)

    def entries(self, rows: pd.DataFrame) -> list[Entry]:
        """Return one entry per domain, with its residues and its CATH code."""
        records: list[dict[Any, Any]] = rows.to_dict("records")
        return [
            Entry(
                row.get("domain") or row["file"],
                row["file"],
                {"selection": _selection(row), "label": row["cath"]},
            )
            for row in records
        ]

    def pack(self, structure: Structure, entry: Entry) -> Shard:
        """Cut the domain out and label it."""
        keep = structure.is_protein
        if entry.values["selection"]:
            keep = parse_selection(entry.values["selection"]).mask(structure)
        domain = structure.select(keep)
        return pack(domain, np.zeros(domain.n_residues, dtype=bool), entry.values["label"])

    def data(self, shard: Shard, config: CathConfig) -> DomainData:
        """Return the labelled domains of a shard."""
        from protvox.tasks.cath.data import DomainData

        return DomainData(shard, config)

    def training_data(self, shard: Shard, config: CathConfig, loop: LoopConfig) -> DomainData:
        """Return the labelled domains of a shard, drawn with the balance of the schedule."""
        from protvox.tasks.cath.data import DomainData

        return DomainData(shard, config, balance=loop.balance)

    def learner(
        self, network: CathNet, data: DomainData
    ) -> tuple[nn.Module, Callable[[Tensor, Tensor, float], Tensor]]:
        """Return the network with read-outs of the topology, and the loss of both."""
        from protvox.tasks.cath.learner import CathLearner

        learner = CathLearner(network, data.n_topologies)
        return learner, learner.loss

    def settle(
        self, network: CathNet, data: DomainData, loop: LoopConfig, device: torch.device
    ) -> None:
        """Measure the running statistics of the norms anew."""
        from protvox.tasks.cath.learner import settling_batches
        from protvox.train.batch_norm import reestimate_batch_norm

        reestimate_batch_norm(network, settling_batches(data, loop, device))

    def classes(self, config: CathConfig) -> tuple[str, ...]:
        """Return the architectures."""
        return config.labels

    def logits(
        self, network: CathNet, data: DomainData, rows: NDArray[np.int64], device: torch.device
    ) -> NDArray[np.float32]:
        """Run the network over domains."""
        from protvox.tasks.cath.learner import predict_domains

        return predict_domains(network, data, rows, device)[0]

    def groups(self, data: DomainData, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the superfamily of each domain."""
        _, family = np.unique(data.codes[rows], return_inverse=True)
        return family.astype(np.int64)

    def n_unknown(self, data: DomainData) -> int:
        """Return the number of domains of other architectures, or without CA atoms."""
        return len(data.codes) - len(data.rows)

    def n_labelled(self, data: DomainData) -> int:
        """Return the number of domains of the known architectures."""
        return int((data.labels >= 0).sum())

    def measures(self, log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
        """Return the accuracy of the class, and on the ten architectures of the paper."""
        from protvox.tasks.cath.measures import class_accuracy, paper_accuracy

        return {
            "n_unknown": answers.n_unknown,
            "class_accuracy": class_accuracy(log_p, answers),
            "paper": paper_accuracy(log_p, answers),
        }

    def release_fields(
        self, network: CathNet, data: DomainData, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Adjust the logits by ``flatten_prior``, and measure what domains are ordinary."""
        from protvox.tasks.cath.finish import adjust_logits, training_lengths, training_shapes

        power = options.get("flatten_prior", 0.0)
        adjust_logits(network, data, power)
        return {
            "n_residues": training_lengths(data),
            "shape": training_shapes(data),
            "vote": Vote(**options["vote"]) if "vote" in options else None,
            "training": {"flatten_prior": power} if power else {},
        }

    def predictor(
        self, card: Card, network: CathNet, device: torch.device, folder: Path
    ) -> CathPredictor:
        """Return a model that is ready to predict, with the index beside it."""
        from protvox.predict.index.released import ReleasedIndex
        from protvox.tasks.cath.predictor import CathPredictor

        return CathPredictor(card, network, device, ReleasedIndex(folder, card))


def _selection(row: Mapping[str, Any]) -> str:
    """Return the selection of a domain, ``A:1-90,120-150``; empty for the whole file."""
    if not row.get("chopping"):
        return ""
    return ":".join(part for part in (row.get("chain"), row["chopping"]) if part)


TASK: Final[Task[Any, Any, Any]] = CathTask()
"""The task, as the registry finds it."""
