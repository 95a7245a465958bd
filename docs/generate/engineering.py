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
BINDING = {
    "both": "protvox",
    "environment": "environment network alone",
    "backbone": "backbone network alone",
    "stability": "`score` in the complex",
    "foldx": "FoldX",
    "flexddg": "flex ddG",
}
BINDING_SETS = {
    "all": "all",
    "shared": "covered by all",
    "shared, single": "of these, single",
    "held out": "no chain in training",
}
FEWEST = 5
"""Complexes that can be resampled."""
LISTS = {
    "ddg": "ten best by `ddg`",
    "score": "ten best by `score`",
    "proteinmpnn": "ten best by ProteinMPNN",
    "random": "all measured mutations",
}


def engineering() -> str:
    """Return the sections on kcal/mol, suggestions and several mutations at once."""
    return sections(_change(), _several(), _binding())


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
        "proteins. Means over proteins. ProteinMPNN (v_48_020, the log odds with every residue "
        "decoded last) chose among the same mutations, by the same rule.",
        table(
            (
                "mutations",
                "measured change below 0",
                "below -0.5 kcal/mol",
                "mean measured change, kcal/mol",
                "change by `ddg` minus that of the list, kcal/mol",
            ),
            (
                (
                    title,
                    _mean(best[name]["stabilising"]),
                    _mean(best[name]["clearly"]),
                    _mean(best[name]["ddg"], 2),
                    "" if name == "ddg" else _mean(best[name]["ddg"]["minus"], 2),
                )
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


def _binding() -> str:
    test = results("mutations/binding")
    sets = test["sets"]
    complexes = test["complexes"]
    alone = [one["complex"] for one in complexes if not one["trained"]]
    unseen = sets["held out"]["both"]
    return sections(
        "### Binding",
        f"`protvox mutations --binding` on SKEMPI v2: {sets['all']['both']['n']:,} measured "
        f"changes of affinity in {sets['all']['both']['n_proteins']} complexes whose structures "
        "were at hand with all chains; positive = weaker binding. FoldX and flex ddG: the "
        "predictions published with StaB-ddG, compared on the mutations that both cover. Intervals "
        "resample whole complexes, and are wide because there are few.",
        table(
            ("mutations", "scores", "n, complexes", "Spearman", "Pearson", "protvox minus it"),
            _binding_rows(sets),
        ),
        "Within complexes of at least 10 mutations, Spearman:",
        table(
            ("complex", "mutations", "in training", *BINDING.values()),
            (
                (
                    _complex(one["complex"]),
                    f"{one['n']:,}",
                    "yes" if one["trained"] else "no",
                    *(f"{one[name]:.2f}" if name in one else "" for name in BINDING),
                )
                for one in complexes
            ),
        ),
        "In this table, FoldX and flex ddG are compared on those of the mutations that they cover.",
        "**How good is it?** It ranks the mutations of an interface about as well as FoldX, "
        "without relaxing anything, but the first table says less than it seems to. More than half "
        "of the shared mutations are of one complex, 3SGB. And the networks were trained on the "
        "structures (not the affinities) of these proteins or their relatives, which can flatter "
        f"them: over the {unseen['n']} mutations of the complexes whose chains were all held out "
        f"({', '.join(map(_complex, alone))} and a smaller one), the correlation is "
        f"{unseen['spearman']:.2f}, and {sets['held out']['environment']['spearman']:.2f} for the "
        "environment network alone. That network alone ranks better in nearly every complex: for "
        "interfaces, try `--networks environment`. Changes of the backbone and long-range "
        "electrostatics are not seen. Use the ranking to choose what to measure, not as an "
        "affinity.",
    )


def _complex(name: str) -> str:
    """Return the name of a complex of SKEMPI (``1DAN_HL_UT``) as ``1DAN HL:UT``."""
    return name.replace("_", " ", 1).replace("_", ":")


def _binding_rows(sets: Any) -> Iterator[tuple[str, ...]]:
    for subset, title in BINDING_SETS.items():
        for number, (name, program) in enumerate(BINDING.items()):
            part = sets[subset].get(name)
            if part is None:
                continue
            gap = part["minus"]
            yield (
                "" if number else title,
                program,
                f"{part['n']:,}, {part['n_proteins']}",
                _measured(part, "spearman"),
                _measured(part, "pearson"),
                "" if name == "both" or part["n_proteins"] < FEWEST else _gap(gap),
            )


def _measured(part: Any, name: str) -> str:
    """Return a measure, with its interval unless there are too few complexes to resample."""
    return f"{part[name]:.3f}" if part["n_proteins"] < FEWEST else estimate(part, name)


def _gap(gap: Any) -> str:
    return f"{gap['spearman']:.3f} ({interval(gap['interval'])})"


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
                "" if one == "additive" else _gap(gap),
            )


def _mean(part: Any, digits: int = 3) -> str:
    return f"{part['mean']:.{digits}f} ({interval(part['interval'], digits)})"
