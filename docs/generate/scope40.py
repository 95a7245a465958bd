"""Results on SCOPe40, for ``docs/results.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from docs.generate.values import interval, results, sections, table

LEVELS: Final = ("family", "superfamily", "fold")
OURS: Final = (
    ("tm", "`protvox search --sort tm`"),
    ("tm_query", "the same by the TM-score of the query"),
    ("similarity", "`protvox search`, by similarity"),
    ("tm_align", "TM-align, TM-score by the query"),
    ("tm_align_mean", "TM-align, mean of both TM-scores"),
)
PUBLISHED: Final = (
    "dali",
    "tmalign",
    "tmalign-fast",
    "foldseek",
    "ce",
    "mmseqs2",
    "clesw",
    "3dblast",
    "3dblast-sw",
)


def scope40() -> str:
    """Return the section about sensitivity on SCOPe40."""
    document = results("search/scope40")
    every, unseen = document["sensitivity"]["all"], document["sensitivity"]["unseen"]
    gaps = ", ".join(
        f"{level} {every[level]['tm-tm_align_mean'][0]:+.3f} "
        f"({interval(every[level]['tm-tm_align_mean'][1:])})"
        for level in LEVELS
    )
    return sections(
        "### SCOPe40",
        f"{document['n_database']:,} whole-chain domains of SCOPe40 whose chains are at hand are "
        f"searched with {document['n_queries']} of them (`python -m experiments.search.scope40`). "
        "Sensitivity is the share of the members of the family, of the superfamily outside the "
        "family, and of the fold outside the superfamily that rank before the first domain of "
        "another fold; queries with nothing to find at a level do not count there. TM-align "
        "(`tmtools`) ranks the same domains; of other folds it aligns only the nearest by "
        "embedding and by histograms of distances, so that it may look better than it is, not "
        "worse.",
        table(("method", *(_head(level, every) for level in LEVELS)), _rows(every)),
        "These were measured before [structural alignment](#structural-alignment) started from "
        "more superpositions. That `--sort tm` takes the mean of both TM-scores, and aligns 60 "
        "domains, was chosen on these queries. "
        f"`--sort tm` minus TM-align by the mean of both TM-scores: {gaps}. Intervals resample "
        f"folds. A query takes {document['search_s_median']:.2f} s of CPU time (median), one "
        f"alignment by TM-align {1000 * document['tm_align_s_each']:.0f} ms. The embedding was "
        "trained on CATH, whose superfamilies are mostly those of SCOPe; queries whose CATH "
        f"superfamily no network has seen ({document['n_unseen']}):",
        table(
            ("method", *(_head(level, unseen) for level in LEVELS if level in unseen)),
            _rows(unseen),
        ),
        "Published values of the same queries against all 11,211 domains, where there is more to "
        "find and more to confuse with: they compare with each other, not with the rows above "
        "([Foldseek's benchmark](https://github.com/steineggerlab/foldseek-analysis)).",
        table(
            ("method", *LEVELS),
            (
                (name, *(f"{every[level][f'published {name}']:.3f}" for level in LEVELS))
                for name in PUBLISHED
            ),
        ),
    )


def _head(level: str, group: Mapping[str, Any]) -> str:
    return f"{level} (n = {group[level]['n']})"


def _rows(group: Mapping[str, Any]) -> list[Sequence[str]]:
    return [
        (title, *(_cell(group[level][name]) for level in LEVELS if level in group))
        for name, title in OURS
    ]


def _cell(values: Sequence[float]) -> str:
    return f"{values[0]:.3f} ({interval(values[1:])})"
