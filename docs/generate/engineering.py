"""Results for protein engineering: kcal/mol, several mutations at once, suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generate.values import estimate, interval, results, sections, table

SCORES = {
    "coupled": "protvox, with coupling",
    "additive": "protvox, sum of the single scores",
    "coupled, environment": "the same with the coupling of the environment network",
    "coupled, backbone": "the same with the coupling of the backbone network",
    "DDMut": "DDMut",
    "GeoDDG-3D": "GeoDDG-3D",
    "DynaMut2": "DynaMut2",
}
SETS = {
    "all": "all",
    "pairs": "two mutations",
    "coupled": "coupling above 0.5 nats",
}
LISTS = {
    "ddg": "ten best by `ddg`",
    "score": "ten best by `score`",
    "random": "all measured mutations",
}


def engineering() -> str:
    """Return the sections on kcal/mol, suggestions and several mutations at once."""
    return sections(_change(), _several())


def _change() -> str:
    test = results("mutations/calibration")
    best = test["suggestions"]
    held_out = test["held_out"]["both"]
    pooled = held_out["all"]
    return sections(
        "### kcal/mol",
        "`ddg` and `p_destabilising` were fitted to the measured changes of S8754 and Megascale, "
        f"and measured on proteins that were not fitted: in {test['parts']} parts, with proteins "
        "of similar sequences in one part. Intervals resample whole proteins. ECE: expected "
        "calibration error of `p_destabilising`, in ten bins; coverage: share of measured changes "
        "within the 80 % interval.",
        table(
            ("proteins", "mutations, proteins", "ECE", "coverage", "mean absolute error, kcal/mol"),
            (
                (
                    {"all": "both sets"}.get(name, name),
                    f"{part['n']:,}, {part['n_proteins']}",
                    estimate(part, "ece"),
                    estimate(part, "coverage"),
                    estimate(part, "mean_absolute_error"),
                )
                for name, part in held_out.items()
            ),
        ),
        f"An interval is {pooled['width']:.1f} kcal/mol wide on average. The upper ends of the "
        "intervals of ECE show how far the mean of a few proteins can be off: an error of a whole "
        "protein is common to its mutations.",
        "![Predicted and measured frequencies of destabilising mutations]"
        "(../experiments/mutations/results/calibration.png)",
        "### Suggestions",
        f"The best mutation of each of {best['top']} residues, as `protvox suggest` ranks them, "
        f"for the {best['n_proteins']} domains of Megascale, each with the constants of other "
        "proteins. Means over proteins. ProteinMPNN's scores of these mutations were not at hand.",
        table(
            ("mutations", "measured change below 0", "mean measured change, kcal/mol"),
            (
                (title, _mean(best[name]["stabilising"]), _mean(best[name]["ddg"], 2))
                for name, title in LISTS.items()
            ),
        ),
    )


def _several() -> str:
    test = results("mutations/several")["sets"]
    whole = test["all"]["coupled"]
    return sections(
        "### Several mutations at once",
        f"M1261: {whole['n']:,} measured changes by two or more mutations in {whole['n_proteins']} "
        "proteins whose structures were at hand. The other programs were trained on measured "
        "changes of stability, some of them on these; their predictions are those published with "
        "GeoStab.",
        table(
            ("rows", "scores", "mutations", "Spearman", "within proteins", "minus the sum"),
            _rows(test),
        ),
    )


def _rows(test: Any) -> Iterator[tuple[str, ...]]:
    for name, title in SETS.items():
        for number, (one, score) in enumerate(SCORES.items()):
            part = test[name][one]
            gap = part["minus_additive"]
            yield (
                "" if number else title,
                score,
                f"{part['n']:,}",
                estimate(part, "spearman"),
                f"{part['per_protein_spearman']['mean']:.3f}",
                "" if one == "additive" else f"{gap['spearman']:.3f} ({interval(gap['interval'])})",
            )


def _mean(part: Any, digits: int = 3) -> str:
    return f"{part['mean']:.{digits}f} ({interval(part['interval'], digits)})"
