"""Results of the domain card, for ``docs/results.md``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from docs.generate.values import benchmark, interval, results, sections, table

LEVELS: Final = ("superfamily", "topology")
FILES: Final = (
    ("everyday/files", "the index as it is"),
    ("everyday/hidden", "without domains of these entries"),
)
GROUPS: Final = (
    ("known", "all whose superfamily is in the index"),
    ("known_cut_well", "of these, those cut well"),
    ("new", "those whose superfamily is not"),
    ("confident", "superfamily called with p of at least 0.5"),
)


def cards() -> str:
    """Return the section about superfamily and architecture of domains."""
    files = results(FILES[0][0])
    card = results("search/cards")
    within, new, together = card["within"], card["new"], card["together"]
    decoys = results("search/decoys")
    same = files["measures"]["hit_of_the_same_entry"]
    return sections(
        "## The domain card",
        "[What the numbers mean](concepts/scores.md#known-relatives). Original PDB files, as users "
        f"have them: every chain of {files['n_files']} files is split and classified by `protvox "
        "classify` (`python -m experiments.everyday`), and each CATH domain gets the answer for "
        "the predicted domain that overlaps it most. It is cut well if they overlap by 0.7. Many "
        f"are in the index themselves: the best hit is of the same entry in {same:.0%} of cases; "
        "the second half of the table has the answers without those. Intervals resample files.",
        table(
            ("searched", "domains", "n", "cut well", "architecture", "superfamily"),
            (row for name, title in FILES for row in _everyday(results(name), title)),
        ),
        f"Test domains ({within['superfamily']['n']}), one of each cluster of 35 % sequence "
        "identity, whose superfamilies are not in the index (`python -m "
        "experiments.search.cards`). Searched for among each other, where some have relatives, and "
        f"in the index with all of them. Probabilities are for an index of {card['n_index']:,} "
        "domains, where more hits resemble a query by chance than among a thousand; among few they "
        "are too low.",
        table(
            (
                "searched",
                "level",
                "n with a relative",
                "most probable one right",
                "called known (p of at least 0.5)",
                "of these right",
                "calibration error of the best, of all hits",
            ),
            (
                _known(title, level, part[level])
                for title, part in (("each other", within), ("the index and each other", together))
                for level in LEVELS
            ),
        ),
        *_against_tm_align(card),
        f"Searched for in the released index of {card['n_index']:,} domains, where no superfamily "
        f"is known: {new['superfamily']['called_known']:.3f} are assigned to a superfamily with a "
        f"probability of at least 0.5, all wrongly (calibration error "
        f"{new['superfamily']['ece']:.3f}). Their architecture, where the networks know it:",
        table(
            ("prediction", "n", "right", "nats", "calibration error"),
            (
                _architecture(new["architecture"], "network", "networks and vote"),
                _architecture(new["architecture"], "posterior", "with known relatives"),
            ),
        ),
        f"The difference is {new['architecture']['gain']:+.3f} "
        f"({interval(new['architecture']['gain_interval'])}). Probabilities were fitted on other "
        "domains ([decision](decisions/0076-one-posterior-of-relatives-and-network.md)), on the "
        "assumption that two queries in three have a known superfamily: where all have one they "
        "are too low, where none has one too high. Nothing was chosen on test domains.",
        f"Chains that are no proteins, made from {decoys['kinds']['mirrored']['n']} known domains "
        "(`python -m experiments.search.decoys`), should have no superfamily:",
        table(
            (
                "chain",
                "superfamily with p of at least 0.5",
                "other than of the domain",
                "topology with p of at least 0.5",
            ),
            (
                (
                    kind,
                    f"{part['superfamily']:.3f} ({interval(part['superfamily_interval'])})",
                    f"{sum(not one['own'] for one in part['confident'])} of {part['n']}",
                    f"{part['topology']:.3f} ({interval(part['topology_interval'])})",
                )
                for kind, part in decoys["kinds"].items()
            ),
        ),
        "Shuffled domains are six segments at their places in another order. Some of them stay in "
        "order, and are recognised as what they are. "
        "The cards of twenty of the original files, domain by domain, with the reason where one is "
        "wrong: [experiments/everyday/results/cases.md](../experiments/everyday/results/cases.md).",
        *_alignment(benchmark("alignment")),
        *_speed(benchmark("card_speed")),
    )


def _everyday(document: Mapping[str, Any], title: str) -> list[tuple[str, ...]]:
    rows = []
    for key, name in GROUPS:
        part = document["measures"][key]
        cells = [_cell(part, measure) for measure in ("cut_well", "architecture", "superfamily")]
        if key == "new":
            cells[2] = "none can be"
        rows.append((title if not rows else "", name, f"{part['n']:,}", *cells))
    return rows


def _cell(part: Mapping[str, Any], name: str) -> str:
    return f"{part[name]:.3f} ({interval(part[f'{name}_interval'])})"


def _known(title: str, level: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        title,
        level,
        f"{part['n_known']}",
        f"{part['precision_at_1']:.3f} ({interval(part['precision_interval'])})",
        f"{part['called_known']:.3f}",
        f"{part['called_right']:.3f}",
        f"{part['ece']:.3f}, {part['ece_hits']:.3f}",
    )


def _against_tm_align(card: Mapping[str, Any]) -> tuple[str, ...]:
    rows = (
        (
            level,
            f"{part['n']}",
            f"{part['card']:.3f}",
            f"{part['tm_align']:.3f}",
            f"{part['difference']:+.3f} ({interval(part['difference_interval'])})",
        )
        for level, part in card["tm_align"].items()
    )
    header = ("level", "n", "card", "TM-align", "difference")
    return (
        "On the 120 queries that were also aligned with up to 250 others by TM-align (those with a "
        "relative):",
        table(header, rows),
    )


def _architecture(part: Mapping[str, Any], key: str, title: str) -> tuple[str, ...]:
    one = part[key]
    right = f"{one['top1']:.3f} ({interval(one['top1_interval'])})"
    return (title, f"{part['n']}", right, f"{one['nll']:.3f}", f"{one['ece']:.3f}")


def _alignment(measured: Mapping[str, Any]) -> tuple[str, ...]:
    parts = {"all": measured["all"], **measured["kinds"]}
    parts["of about 150 residues"] = measured["about_150_residues"]
    rows = (
        (
            kind,
            f"{part['pairs']}",
            f"{part['difference']['pairs_not_lower']:.3f}",
            f"{part['difference']['pairs_higher']:.3f}",
            f"{part['difference']['mean']:+.4f}",
            f"{part['difference']['percentiles']['0']:+.3f}",
            " / ".join(f"{part['ms'][name]['mean']:.1f}" for name in ("align", "fast", "tm_align")),
        )
        for kind, part in parts.items()
    )
    fast = measured["all"]["fast_difference"]["pairs_not_lower"]
    header = (
        "pairs",
        "n",
        "not lower by more than 0.01",
        "higher by more than 0.01",
        "mean difference",
        "lowest",
        "ms: ours, fast, TM-align",
    )
    return (
        "### Structural alignment",
        "Superpositions compared with those of TM-align (`tmtools`) on "
        f"{measured['all']['pairs']} pairs of CATH domains (`python benchmarks/alignment.py`): "
        "both TM-scores, by the query and by the target, ours minus TM-align's. A higher TM-score "
        "is a better superposition; each of ours was computed again from its pairs and rotation. "
        f"The fast search, which looks for the hits to show, is not lower in {fast:.3f} of all "
        "pairs. CPU time of one thread.",
        table(header, rows),
        "Where two domains are not related, both searches end in one of many poor superpositions.",
    )


def _speed(measured: Mapping[str, Any]) -> tuple[str, ...]:
    one, batch = measured["two_domain_chain"], measured["batch"]
    return (
        "### Time of a card",
        f"Chains of 270 to 330 residues with two domains, from the file to all cards, after "
        f"start-up (`python benchmarks/card_speed.py`; {one['n']} chains, medians of "
        f"{one['repeats']} runs): {one['wall_s_median']:.2f} s (median), at most "
        f"{one['wall_s_most']:.2f} s. `protvox score --task cath` over {batch['files']} original "
        f"files: {batch['1']['cards_per_s']:.0f} cards per second with one model process and "
        f"{batch['2']['cards_per_s']:.0f} with two, while other work ran on both cores.",
    )
