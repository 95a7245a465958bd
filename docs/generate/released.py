"""Results of the released models, for ``docs/results.md``."""

from __future__ import annotations

from typing import Any

from docs.generate.values import estimate, interval, read, results, sections, table

FLAG_CASES = (
    ("domain", "domains as they are (false positives)"),
    ("chain of 2 domains", "whole chains of two CATH domains"),
    ("chain of 3 or more domains", "whole chains of three or more CATH domains"),
    ("first half", "first halves of domains"),
    ("last half", "second halves of domains"),
    ("window of 40 residues", "windows of 40 residues"),
    ("other peptide", "peptides of 12 to 39 residues"),
    ("peptide bound to nucleic acid", "the same, bound to nucleic acid"),
    ("order permuted", "domains, CA atoms in random order"),
    ("noise of 0.5 Å", "domains, noise of 0.5 Å along each axis (1 and 2 Å give the same)"),
    ("mirrored", "domains, mirrored"),
)
NODES = {
    "architecture": "architecture",
    "paper": "architecture, among the ten of the paper",
    "topology": "topology",
    "superfamily": "superfamily",
}


def environments() -> str:
    """Return the section about amino-acid environments."""
    test, val = results("environments/metrics"), results("environments/val")
    burial = ", ".join(f"{part['top1']:.3f}" for part in val["by_burial"])
    at, rest = val["by_interface"]["interface"], val["by_interface"]["rest"]
    recall = val["by_amino_acid"]
    easiest = sorted(recall, key=lambda name: -recall[name]["top1"])[:2]
    hardest = min(recall, key=lambda name: recall[name]["top1"])

    def named(name: str) -> str:
        return f"{name} ({recall[name]['top1']:.2f})"

    return sections(
        "## Amino-acid environments",
        f"`{test['model']}` on {test['n']:,} residues of {test['n_groups']} test entries, drawn at "
        "random. No training chain shares 30 % sequence identity with a test chain over 80 % of "
        "its length. Intervals resample whole proteins.",
        table(
            ("measure", "value"),
            (
                ("correct amino acid of 20", estimate(test, "top1")),
                ("correct amino acid among the first three", estimate(test, "top3")),
                ("mean recall over the 20", estimate(test, "balanced")),
                ("negative log likelihood, nats", estimate(test, "nll")),
                ("expected calibration error", f"{test['ece']:.3f}"),
                ("expected calibration error before calibration", _uncalibrated(test)),
            ),
        ),
        f"On {val['n']:,} validation residues, accuracy rises with burial: {burial} from the most "
        f"exposed to the most buried fifth. At interfaces it is {estimate(at, 'top1')}, elsewhere "
        f"{estimate(rest, 'top1')}. The easiest amino acids are "
        f"{' and '.join(named(name) for name in easiest)}; the hardest "
        f"is {named(hardest)}. Calibration hardly changes the expected "
        f"calibration error: {val['ece']:.3f} after it, {_uncalibrated(val)} before.",
        "![Accuracy by burial, amino acid and interface, test]"
        "(../experiments/environments/results/strata.png)",
        "Limitations: the network was trained on one core and saw each training residue five "
        "times. In the end, only averaging the weights of several training runs improved it "
        "further. A better network needs more weights, and therefore a GPU.",
    )


def _uncalibrated(metrics: Any) -> str:
    return f"{metrics['uncalibrated']['ece']:.3f}"


def cath() -> str:
    """Return the section about CATH architectures."""
    test, nearest = results("cath/metrics"), results("cath/nearest")
    paper, by_class = test["paper"], test["class_accuracy"]
    align, model = nearest["methods"]["tm_align"], nearest["methods"]["model"]
    difference = nearest["model_less_tm_align"]
    return sections(
        "## CATH architectures",
        f"`{test['model']}` on {test['n']} test domains of {test['n_groups']} superfamilies, none "
        "of which occurs in training. Intervals resample whole superfamilies. The paper's ten "
        "architectures are those of Weiler et al. (2018).",
        table(
            ("test domains", "measure", "value"),
            (
                (f"{test['n']}", "correct architecture of 24", estimate(test, "top1")),
                ("", "correct architecture among the first three", estimate(test, "top3")),
                ("", "mean recall over the architectures", estimate(test, "balanced")),
                ("", "correct class (mainly alpha, mainly beta, ...)", estimate(by_class, "top1")),
                ("", "negative log likelihood, nats", estimate(test, "nll")),
                ("", "expected calibration error", f"{test['ece']:.3f}"),
                ("", "expected calibration error before calibration", _uncalibrated(test)),
                (f"{paper['n']}", "correct of the paper's ten", estimate(paper, "top1")),
                ("", "mean recall over the ten", estimate(paper, "balanced")),
            ),
        ),
        f"A further {test['n_unknown']} test domains have an architecture that the model does not "
        "know; the numbers of this section do not include them.",
        "### Compared with TM-align",
        f"The model is compared with the nearest of {nearest['library']:,} known domains by "
        "TM-align (one domain per superfamily of the ten architectures), on "
        f"{align['n']} random test domains of {align['n_groups']} superfamilies. With one domain "
        "per "
        f"superfamily and {nearest['keep']} alignments per query, this is a baseline of limited "
        "effort: there may be closer ones among all 8,966 training domains, at 37 times the number "
        "of alignments.",
        table(
            ("method", "correct of ten", "mean recall", "CPU time per domain"),
            (
                (
                    "nearest by TM-align",
                    estimate(align, "top1"),
                    estimate(align, "balanced"),
                    f"{align['seconds_per_query']:.1f} s",
                ),
                (
                    f"`{model['model']}`",
                    estimate(model, "top1"),
                    estimate(model, "balanced"),
                    f"{model['seconds_per_query']:.2f} s",
                ),
                ("difference", estimate(difference, "top1"), "", ""),
            ),
        ),
        "Limitations: the networks do less well on new superfamilies than on those of the training "
        "set, although more superfamilies, a second network and the vote of the nearest known "
        "superfamilies helped. Rare architectures are missed more often.",
    )


def flags() -> str:
    """Return the section about applicability flags."""
    kinds = results("cath/flags")["kinds"]
    return sections(
        "## Applicability flags",
        "How often a chain given as one domain is flagged as unlike the training domains, for test "
        "domains, the chains that contain one, and the peptides in their files. Intervals "
        "resample superfamilies or files. The last column ignores flags for length "
        "(`too_long`, `too_short`).",
        table(
            ("given as a domain", "n", "flagged", "flagged for something other than length"),
            (
                (
                    title,
                    str(kinds[name]["n"]),
                    estimate(kinds[name], "flagged"),
                    f"{kinds[name]['flagged_by_shape']:.3f}",
                )
                for name, title in FLAG_CASES
            ),
        ),
        "One intact domain in ten is flagged. Two thirds of the fragments are not: half a domain "
        "is "
        "often as compact as a small domain, and the CA atoms do not show what is missing. A "
        "mirrored structure is flagged no more often than a true one. Peptides are recognised by "
        "their length, below 36 residues; their shape alone would flag only half of them. "
        "A share of exactly 1 gets an interval of no width, and the single peptide bound to "
        "nucleic acid says next to nothing.",
    )


def search() -> str:
    """Return the section about the search for similar domains."""
    metrics = results("search/metrics")
    rows = [
        (f"{metrics['n_train']:,} training domains", metrics["train"], "architecture"),
        ("", metrics["train"], "paper"),
        ("", metrics["train"], "topology"),
        ("the other test domains", metrics["itself"], "topology"),
        ("", metrics["itself"], "superfamily"),
    ]
    one, all_known = (metrics["sample_train"][k] for k in ("one_per_superfamily", "all"))
    within, time = metrics["sample_itself"], metrics["time"]
    pairs = (
        (f"{one['n_known']:,} training domains", one, "architecture"),
        ("", one, "topology"),
        (f"all {all_known['n_known']:,} training domains", all_known, "architecture"),
        ("", all_known, "topology"),
        (f"{within['n_known'] - 1} other test domains", within, "topology"),
        ("", within, "superfamily"),
    )
    aligned = results("cath/nearest")["methods"]["tm_align"]["alignments_per_query"]
    every = one["n_known"] * one["tm_align_seconds"] / aligned
    embedding_seconds = time["embed_seconds"] + time["search_seconds"]
    faster = round(one["tm_align_seconds"] / embedding_seconds, -1)
    return sections(
        "## Search",
        "Queries are test domains, whose superfamilies were used neither for training nor for any "
        f"choice; they are compared by the embedding of `{metrics['model']}` alone, with its "
        f"{metrics['n_train']:,} training domains. (The released index also has domains known only "
        f"as CA traces, {results('search/cards')['n_index']:,} in all; with structural alignment: "
        "[the domain card](#the-domain-card).) Intervals resample "
        "superfamilies. Precision at 1 is the share of queries whose nearest domain belongs to the "
        "same CATH node. Only queries with a match among the domains searched are counted.",
        table(
            (
                "searched",
                "node",
                "n",
                "precision at 1",
                "mean average precision",
                "sensitivity up to the first false positive",
            ),
            (
                (
                    title,
                    NODES[node],
                    str(part[node]["n"]),
                    estimate(part[node], "precision_at_1"),
                    f"{part[node]['mean_average_precision']:.3f}",
                    f"{part[node]['sensitivity']:.3f}",
                )
                for title, part, node in rows
            ),
        ),
        f"Comparison with TM-align (`tmtools`), on {one['n']} random test domains of the ten "
        "architectures. TM-align aligned each query with the 250 domains whose histograms of "
        "distances are most similar. Among the training domains it searched one domain of each "
        "superfamily; so did the embedding in the first two rows. `protvox search` searches all "
        "training domains.",
        table(
            ("searched", "node", "n", "embedding", "TM-align", "difference"),
            (
                (
                    title,
                    node,
                    str(part[node]["n"]),
                    f"{part[node]['embedding']:.3f}",
                    f"{part[node]['tm_align']:.3f}",
                    f"{part[node]['difference']:.3f} "
                    f"({interval(part[node]['difference_interval'])})",
                )
                for title, part, node in pairs
            ),
        ),
        f"A query takes TM-align {one['tm_align_seconds']:.1f} s of one core for its 250 "
        f"alignments. The embedding takes {time['embed_seconds']:.2f} s and the search "
        f"{time['search_seconds']:.4f} s, together {faster:.0f} times "
        f"faster. Aligning all {one['n_known']:,} at that rate would take TM-align about "
        f"{every:.0f} s, {round(every / embedding_seconds, -2):,.0f} times as long.",
        "Limitations: the nearest domain has the right architecture less often than the "
        f"classifier finds it ({metrics['train']['paper']['precision_at_1']:.3f} against "
        f"{results('cath/metrics')['paper']['top1']:.3f}, among the ten). Alignment finds close "
        "relatives more reliably: use the embedding to find candidates quickly, and TM-align to "
        "decide which of them are right.",
    )


def models() -> str:
    """Return the versions of the released models."""
    cards = [read(f"models/{name}/card.json") for name in ("environment", "backbone", "cath")]
    return table(
        ("model", "parameters", "training", "card"),
        (
            (
                f"`{card['name']}@{card['version']}`",
                f"{card['training']['n_parameters']:,}",
                f"{card['training']['n_labelled']:,} labelled samples, {card['training']['cost']}",
                f"[MODEL_CARD.md](../models/{card['name']}/MODEL_CARD.md)",
            )
            for card in cards
        ),
    )
