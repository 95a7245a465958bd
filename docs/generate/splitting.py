"""Results of splitting chains into domains, for ``docs/results.md``."""

from __future__ import annotations

from docs.generate.values import estimate, interval, results, sections, table

SPLITTERS = {
    "protvox": "protvox",
    "whole_chain": "whole chain",
    "equal_halves": "equal halves",
    "equal_parts": "equal parts of 200 residues",
}


def splitting() -> str:
    """Return the section about splitting chains into domains."""
    metrics = results("segmentation/metrics")
    methods, times = metrics["methods"], metrics["milliseconds"]
    ours = methods["protvox"]
    alone = metrics["subsets"]["chains_test"]["protvox"]
    counts = ours["domains_true_found"]
    pairs = [([int(x) for x in key.split(" as ")], n) for key, n in counts.items()]
    many = sum(n for (true, _), n in pairs if true >= 4)
    many_right = sum(n for (true, found), n in pairs if true >= 4 and true == found)
    cut = 1 / (1 - ours["right_count_single"])
    whole = ours["n_multi"] / sum(n for (true, found), n in pairs if true > 1 and found == 1)
    measures = (
        ("correct number of domains", "right_count", 3),
        (f"of the {ours['n'] - ours['n_multi']:,} single-domain chains", "right_count_single", 3),
        (f"of the {ours['n_multi']} multi-domain chains", "right_count_multi", 3),
        ("overlap (IoU), multi-domain chains", "iou_multi", 3),
        ("overlap (IoU), all chains", "iou", 3),
        ("boundaries with a predicted one within 8 residues", "boundaries_found", 3),
        ("mean distance to the nearest predicted boundary, residues", "boundary_error", 0),
    )

    def cell(method: str, name: str, digits: int) -> str:
        value = methods[method][name]
        if value != value:
            return "–"
        text = f"{value:.{digits}f}"
        return (
            f"{text} ({interval(ours['intervals'][name], digits)})" * (method == "protvox") or text
        )

    return sections(
        "## Splitting chains into domains",
        f"{ours['n']:,} test chains of {ours['n_files']:,} files, of which CATH domains cover at "
        "least 80 %. A chain is a test chain if it, or any of its domains, is held out. Intervals "
        "resample whole files.",
        table(
            ("measure", *SPLITTERS.values()),
            (
                (title, *(cell(method, name, digits) for method in SPLITTERS))
                for title, name, digits in measures
            ),
        ),
        "Overlap (intersection over union): CATH domains and predicted domains are paired one to "
        "one for the largest total overlap; the mean over the CATH domains is weighted by their "
        "residues, "
        "and a domain without a partner counts as 0.",
        f"For the {alone['n']} test chains of `chains.csv`, which have no labelled relative in "
        f"training, the number of domains is correct for {alone['right_count']:.3f}, and "
        f"the overlap of the multi-domain chains is {alone['iou_multi']:.3f}. On the 580 "
        "validation "
        "chains, on which the threshold was chosen, these were 0.783 and 0.818: that is "
        "how much samples of families differ.",
        *_against_chainsaw(),
        f"CPU time per chain: median {times['median']:.0f} ms, mean {times['mean']:.0f} ms, "
        f"95th percentile {times['quantile_95']:.0f} ms, on one core; 0.5 s at 1,500 residues and "
        "1.6 s at 3,000.",
        f"Limitations: one single-domain chain in {cut:.0f} is cut, mostly large ones with two "
        f"lobes, and one multi-domain chain in {whole:.0f} is left whole. Where CATH itself is a "
        "matter of taste (lobes of kinases, repeats), so is the splitting. Of the "
        f"{many} chains of four or more domains, {many_right} are split into the correct number.",
    )


def _against_chainsaw() -> tuple[str, ...]:
    """Return the comparison with Chainsaw on its own test chains."""
    peers = results("segmentation/peers")
    ours, theirs = peers["methods"]["protvox"], peers["methods"]["chainsaw"]
    differences = peers["protvox_minus_chainsaw"]

    def difference(name: str) -> str:
        value = differences[name]
        return f"{value['difference']:+.3f} ({interval(value['interval'])})"

    measures = (
        ("overlap (IoU), all chains", "iou"),
        (f"overlap (IoU), the {ours['n_multi']} multi-domain chains", "iou_multi"),
        ("correct number of domains", "right_count"),
        ("of the multi-domain chains", "right_count_multi"),
        ("boundaries with a predicted one within 8 residues", "boundaries_found"),
    )
    return (
        "The same measures against Chainsaw v3 (Wells et al. 2024), from the domains that its "
        f"authors published, on {peers['chains']} chains of its own test set (`python -m "
        "experiments.segmentation.peers`). "
        "Chains count if both readings of CATH agree, by an overlap of "
        f"{peers['least_agreement']:g}. Chainsaw was not trained on superfamilies of these chains; "
        "the 1,000 parameters of protvox were fitted to chains that share some of them. Intervals "
        "resample chains, the same for both.",
        table(
            ("measure", "protvox", "Chainsaw", "difference"),
            (
                (title, estimate(ours, name), estimate(theirs, name), difference(name))
                for title, name in measures
            ),
        ),
    )
