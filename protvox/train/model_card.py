"""Write ``MODEL_CARD.md``, the readable form of a model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from protvox.registry.card import Card
from protvox.train.task import further_measures

_MEASURES: Final = {
    "top1": "correct (top 1)",
    "top3": "correct among the first three",
    "balanced": "mean recall over the labels",
    "nll": "negative log likelihood, nats",
    "ece": "expected calibration error",
}


def write_model_card(card: Card, folder: Path) -> None:
    """Write ``MODEL_CARD.md``.

    Parameters
    ----------
    card
        Card to describe.
    folder
        Folder of the model, which receives the file.
    """
    (folder / "MODEL_CARD.md").write_text("\n".join(_lines(card)).rstrip() + "\n", encoding="utf-8")


def _lines(card: Card) -> Iterator[str]:
    training = card.training
    yield from (f"# {card.reference}", "", card.summary, "")
    yield from ("## Training", "")
    for name in ("data", "split", "network", "cost"):
        if training.get(name):
            yield from (f"**{name.capitalize()}.** {training[name]}", "")
    yield (
        f"- {training.get('n_labelled', 0):,} labelled samples in "
        f"{training.get('n_structures', 0):,} structures"
    )
    yield f"- {training.get('n_parameters', 0):,} parameters, {training.get('steps', 0):,} steps"
    fitted = "validation" in card.metrics
    origin = "fitted on the validation split" if fitted else "taken from an earlier version"
    yield f"- calibration temperature {card.temperature:.3f}, {origin}"
    if card.n_residues is not None:
        yield f"- training domains of {card.n_residues[0]} to {card.n_residues[1]} residues"
    if card.mixture is not None:
        mixture = card.mixture
        yield (
            f"- in scores of mutations: weight {mixture.weight:.2f}, scale {mixture.scale:.3f}, "
            f"{mixture.level:.2f} of the mean of the chain subtracted"
        )
    yield from ("", "## Quality", "")
    yield from ("| split | samples | measure | value | 95 % interval |", "|---|---|---|---|---|")
    for split, metrics in card.metrics.items():
        yield from _rows(split, metrics, metrics.get("n", 0))
        for part, title in further_measures(card.task).items():
            if isinstance(metrics.get(part), Mapping):
                inner = metrics[part]
                yield from _rows(f"{split}, {title}", inner, inner.get("n", metrics.get("n", 0)))
    if training.get("limits"):
        yield from ("", "## Limits of use", "")
        yield from (f"- {sentence}" for sentence in training["limits"])
    yield from ("", "## File", "", f"`{card.weights}`, SHA-256 `{card.sha256}`")


def _rows(split: str, metrics: Mapping[str, Any], n: int) -> Iterator[str]:
    for name, words in _MEASURES.items():
        if name in metrics:
            interval = metrics.get("intervals", {}).get(name)
            limits = "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
            yield f"| {split} | {n:,} | {words} | {metrics[name]:.3f} | {limits} |"
    if "ece" in metrics.get("uncalibrated", {}):
        before = (
            f"expected calibration error before calibration | {metrics['uncalibrated']['ece']:.3f}"
        )
        yield f"| {split} | {n:,} | {before} | |"
