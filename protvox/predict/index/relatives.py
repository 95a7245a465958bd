"""Probability that a domain belongs to the superfamily or the topology of a known one.

The nearest known domains by embedding are aligned with the domain. The evidence of a hit is a
weighted sum of its TM-scores; that of a superfamily is that of its best hit. Superfamilies compete
with each other and with the possibility that the domain belongs to none of them, which a
conditional logit expresses:

    p(s) = exp(e(s)) / (1 + sum over t of exp(e(t)))

What is left is shared out among topologies in the same way, with weights of their own. The weights
were fitted to domains whose superfamily was hidden and not (``experiments/search/calibrate.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.alignment.align import Alignment

SCHEMA: Final = "protvox.relatives/1"
"""Name and version of the file."""

FEATURES: Final = ("constant", "tm_longer", "tm_shorter")
"""What the evidence of a hit is a weighted sum of: the TM-scores by the longer and the shorter of
the two. The similarity of the embeddings, which chose the hit, hardly adds to them."""

PER_SUPERFAMILY: Final = 3
"""Number of hits of one superfamily that are aligned, at most."""


@dataclass(frozen=True)
class RelativeProbabilities:
    """To which known nodes of CATH a domain belongs.

    Attributes
    ----------
    superfamilies
        Superfamily to its probability; the rest is that of a superfamily without a hit.
    new_topologies
        Topology to the probability that the domain belongs to it, given that it belongs to none of
        the superfamilies; the rest is that of a topology without a hit.
    """

    superfamilies: Mapping[str, float] = field(default_factory=dict)
    new_topologies: Mapping[str, float] = field(default_factory=dict)

    @property
    def none(self) -> float:
        """Probability that the domain belongs to none of the superfamilies."""
        return max(0.0, 1.0 - sum(self.superfamilies.values()))

    @property
    def unknown(self) -> float:
        """Probability that the domain belongs to none of the topologies."""
        return self.none * max(0.0, 1.0 - sum(self.new_topologies.values()))

    def topologies(self) -> dict[str, float]:
        """Return the probability of every topology, by its superfamilies or without them."""
        return self.nodes(3)

    def nodes(self, parts: int) -> dict[str, float]:
        """Return the probabilities of nodes above superfamilies.

        Parameters
        ----------
        parts
            Parts of their code: 3 topology, 2 architecture, 1 class.

        Returns
        -------
        dict
            Node to probability; they sum to 1 minus `unknown`.
        """
        found: dict[str, float] = {}
        none = self.none
        shares = [*self.superfamilies.items()]
        shares += [(node, none * share) for node, share in self.new_topologies.items()]
        for code, share in shares:
            node = ".".join(code.split(".")[:parts])
            found[node] = found.get(node, 0.0) + share
        return found


@dataclass(frozen=True)
class RelativesModel:
    """Weights of the evidence for superfamilies and for topologies.

    Attributes
    ----------
    superfamily, topology
        One weight for each of `FEATURES`.
    head
        Digest of the embedding that they were fitted for, see
        `protvox.predict.index.head.EmbeddingHead`.
    training
        How they were fitted.
    """

    superfamily: tuple[float, ...]
    topology: tuple[float, ...]
    head: str
    training: Mapping[str, object] = field(default_factory=dict)

    def evidence(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the evidence that hits are of the superfamily of the query, ``hit``.

        Parameters
        ----------
        features
            ``hit feature``, from `hit_features`.
        """
        whole: NDArray[np.float64] = features @ np.array(self.superfamily)
        return whole

    def probabilities(
        self, features: NDArray[np.float64], codes: Sequence[str]
    ) -> RelativeProbabilities:
        """Return the probabilities of the nodes of hits.

        Parameters
        ----------
        features
            ``hit feature``, from `hit_features`.
        codes
            ``hit``, superfamilies; hits without one are ignored.
        """
        nodes = (list(codes), [code.rpartition(".")[0] for code in codes])
        evidence = (self.evidence(features), features @ np.array(self.topology))
        first, second = (
            _compete(values.tolist(), names) for values, names in zip(evidence, nodes, strict=True)
        )
        return RelativeProbabilities(first, second)

    def save(self, path: Path) -> None:
        """Write the model as JSON.

        Parameters
        ----------
        path
            File to write.
        """
        path.write_text(json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path, head: str) -> RelativesModel:
        """Read a model.

        Parameters
        ----------
        path
            File from `save`.
        head
            Digest of the embedding that is used.

        Raises
        ------
        ModelError
            If the file cannot be used (``index.file``) or belongs to another embedding
            (``index.model``).
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            for name in ("superfamily", "topology"):
                values[name] = tuple(map(float, values[name]))
                if len(values[name]) != len(FEATURES) or not np.isfinite(values[name]).all():
                    raise ValueError(f"{name} is not {len(FEATURES)} numbers")
            model = cls(**values)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise fail("index.file", where=str(path), error=error) from error
        if model.head != head:
            raise fail("index.model", where=str(path), model="another embedding")
        return model


def choose_candidates(codes: Sequence[str], count: int) -> list[int]:
    """Choose the hits to align, so that a large superfamily does not hide the others.

    Parameters
    ----------
    codes
        ``hit``, superfamilies, nearest first.
    count
        Number of hits to choose, at most.

    Returns
    -------
    list of int
        Positions, ascending; at most `PER_SUPERFAMILY` of each superfamily.
    """
    chosen: list[int] = []
    seen: dict[str, int] = {}
    for position, code in enumerate(codes):
        if seen.get(code, 0) < PER_SUPERFAMILY:
            seen[code] = seen.get(code, 0) + 1
            chosen.append(position)
            if len(chosen) == count:
                break
    return chosen


def hit_features(found: Alignment) -> tuple[float, float, float]:
    """Return the features of a hit.

    Parameters
    ----------
    found
        Its alignment with the query.

    Returns
    -------
    tuple of float
        In the order of `FEATURES`.
    """
    low, high = sorted((found.tm_query, found.tm_target))
    return (1.0, low, high)


def _compete(evidence: Sequence[float], nodes: Sequence[str]) -> dict[str, float]:
    best: dict[str, float] = {}
    for value, node in zip(evidence, nodes, strict=True):
        if node:
            best[node] = max(value, best.get(node, -np.inf))
    if not best:
        return {}
    values = np.array(list(best.values()))
    peak = max(values.max(), 0.0)
    weights = np.exp(values - peak)
    shares = weights / (np.exp(-peak) + weights.sum())
    return dict(zip(best, shares.tolist(), strict=True))
