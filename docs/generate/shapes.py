"""Shapes and domains retrieved with the measures of SHREC17, for ``docs/results.md``."""

from __future__ import annotations

from typing import Any, Final

from docs.generate.values import estimate, results, sections, table

PUBLISHED: Final = (
    (
        "ModelNet10",
        "E(3)-steerable CNNs of Cesa et al. (2022), [openreview.net/forum?id=WE4qe9xlnQw]"
        "(https://openreview.net/forum?id=WE4qe9xlnQw), table in the README of "
        "[escnn](https://github.com/QUVA-Lab/escnn)",
        "SO(3) 0.895 ± 0.010, icosahedral group 0.900 ± 0.006, conventional 0.825 ± 0.014",
    ),
    (
        "ModelNet40",
        "LocoTrans of Chen et al. (2024), [arXiv:2403.11113](https://arxiv.org/abs/2403.11113), "
        "README of its repository",
        "0.916 after training with rotations about the vertical only",
    ),
)
"""Data set, source and accuracy on rotated models, as stated by the source."""

KINDS: Final = {
    "steerable": "steerable",
    "conventional": "conventional",
    "conventional_augmented": "conventional, trained with random rotations",
}
"""Titles of the networks."""


def totals(part: Any) -> str:
    """Return micro mAP, macro mAP and their sum, as ``0.894 + 0.894 = 1.787``.

    Parameters
    ----------
    part
        Measures of a retrieval.
    """
    return f"{part['micro']['mAP']:.3f} + {part['macro']['mAP']:.3f} = {part['total']:.3f}"


def synthetic() -> str:
    """Return the section about the generated shapes."""
    metrics = results("shrec17/metrics")
    return sections(
        "### Synthetic shapes",
        f"Synthetic shapes in the layout of SHREC17, {metrics['models']['test_perturbed']} test "
        "models. Micro mAP + macro mAP; the classes are of equal size, so the two agree. The "
        "conventional network with random rotations might gain from longer training: all networks "
        "were trained for 150 steps.",
        table(
            ("network", "weights", "tested rotated", "tested upright"),
            (
                (
                    title,
                    f"{metrics[name]['parameters']:,}",
                    totals(metrics[name]["test_perturbed"]),
                    totals(metrics[name]["test_normal"]),
                )
                for name, title in KINDS.items()
            ),
        ),
        "![Measures of the three networks](../experiments/shrec17/results/measures.png)",
    )


FILTERS: Final = {"small-20": "filters of the paper", "smooth-20": "smooth filters"}
"""Filters of the steerable network in the configurations of ModelNet10."""


def networks() -> list[tuple[str, int, Any]]:
    """Return the titles, numbers of training samples and measures of the networks."""
    return [
        (
            f"{KINDS[kind]}, {filters}" if kind == "steerable" else KINDS[kind],
            found["samples"],
            found[kind],
        )
        for name, filters in FILTERS.items()
        for found in [results("modelnet10/metrics")["networks"][name]]
        for kind in KINDS
    ]


def summary() -> str:
    """Return the accuracies on rotated models of ModelNet10, for the table of the paper."""
    return "20³ voxels, one seed: " + "; ".join(
        f"{title} {estimate(network['rotated'], 'top1')} against "
        f"{network['upright']['top1']:.3f} upright ({samples:,} samples)"
        for title, samples, network in networks()
    )


def modelnet10() -> str:
    """Return the section about ModelNet10."""
    metrics = results("modelnet10/metrics")
    models = metrics["models"]
    rows = [
        (
            title,
            f"{network['parameters']:,}",
            f"{samples:,}",
            estimate(network["rotated"], "top1"),
            estimate(network["upright"], "top1"),
            f"{network['rotated']['balanced']:.3f}",
            f"{network['cube']['top1']:.3f}",
            totals(network["rotated"]),
        )
        for title, samples, network in networks()
    ]
    gaps = [
        (
            f"{filters}, {metrics['networks'][name]['samples']:,} samples; "
            + label.replace("_augmented", " with random rotations"),
            estimate(gap, "top1"),
        )
        for name, filters in FILTERS.items()
        for label, gap in metrics["networks"][name]["differences"].items()
    ]
    return sections(
        "### Real shapes: ModelNet10",
        f"Trained upright on {models['train']:,} models of the official training set "
        f"({models['val']} more held out to watch the training) in 20³ voxels, tested on the "
        f"{models['test']} models of the official test set, upright and each in one random "
        "rotation. One network of each kind; within a configuration equally many samples in the "
        "same order. Intervals are over test models and do not contain the spread over seeds. The "
        "grids are small, for one core of a CPU; those of the contest have 64³ voxels. "
        "[The log](../experiments/modelnet10/results/log.md) says what was tried and what is next.",
        table(
            (
                "network",
                "weights",
                "samples",
                "accuracy, rotated",
                "accuracy, upright",
                "mean over classes, rotated",
                "accuracy in rotations of the cube",
                "micro mAP + macro mAP, rotated",
            ),
            rows,
        ),
        "Differences on the same test models:",
        table(("difference of accuracies", "mean"), gaps),
        "With the filters of the paper, whose outermost shell is cut by the cube of the kernel, a "
        "steerable network that is trained upright on so few voxels learns to rely on the grid, "
        "and loses half of its accuracy in rotations; in those of the cube, which map the grid "
        "onto itself, it loses nothing. With smooth filters that are not cut and half the steps it "
        "loses little, though more than the 0.03 that was aimed at, and leads the conventional "
        "network with random rotations, also the one with twice the samples. Without rotations "
        "in training the conventional network falls to a sixth. The number of steps of the second "
        "configuration was chosen on rotated validation models, after a longer training with "
        "smooth filters had been tested, which lost 0.213 (0.185 to 0.243).",
        "![Accuracy upright and rotated](../experiments/modelnet10/results/accuracy.png)",
        "Published accuracies on rotated models, each in the protocol of its source:",
        table(("data set", "source", "accuracy"), PUBLISHED),
    )


def retrieval() -> str:
    """Return the section about the retrieval of protein domains with the measures of SHREC17."""
    metrics = results("shrec17/domains")
    parts = {
        "embedding": "`protvox embed`",
        "network_part": "the part of it that comes from the network",
        "random": "random order",
    }
    return sections(
        "### Retrieval of domains with the measures of SHREC17",
        f"{metrics['domains']} test domains; those of the same architecture or topology are "
        "relevant. Every list holds all other domains, so only mAP and NDCG distinguish rankings.",
        table(
            ("level", "ranked by", "micro mAP + macro mAP", "micro NDCG", "nearest is relevant"),
            (
                (
                    level,
                    title,
                    totals(metrics[level][name]),
                    f"{metrics[level][name]['micro']['NDCG']:.3f}",
                    f"{metrics[level][name]['nearest']:.3f}",
                )
                for level in ("architecture", "topology")
                for name, title in parts.items()
            ),
        ),
    )
