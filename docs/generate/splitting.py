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
        "By contacts alone, except where known domains are mentioned.",
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
        *_with_known_domains(),
        f"CPU time per chain: median {times['median']:.0f} ms, mean {times['mean']:.0f} ms, "
        f"95th percentile {times['quantile_95']:.0f} ms, on one core; 0.5 s at 1,500 residues and "
        "1.6 s at 3,000.",
        f"Limitations of contacts alone: one single-domain chain in {cut:.0f} is cut, mostly large "
        f"ones with two lobes, and one multi-domain chain in {whole:.0f} is left whole. Where CATH "
        "itself is a matter of taste (lobes of kinases, repeats), so is the splitting. Of the "
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


def _with_known_domains() -> tuple[str, ...]:
    """Return what known domains add to contacts."""
    found = results("segmentation/known")
    names = {"contacts": "contacts", "known": "known domains as well", "chainsaw": "Chainsaw"}
    measures = {
        "right_count": "correct number of domains",
        "right_count_single": "of the single-domain chains",
        "right_count_multi": "of the multi-domain chains",
        "iou": "overlap (IoU), all chains",
        "iou_multi": "overlap (IoU), multi-domain chains",
    }
    parts = {"validation": "validation chains", "chainsaw_chains": "test chains of Chainsaw"}
    rows = []
    for part, title in parts.items():
        methods = found[part]["methods"]
        for name, measure in measures.items():
            cells = [estimate(methods[m], name) if m in methods else "" for m in names]
            rows.append(
                (
                    f"{title}, {methods['known']['n']}" if name == "right_count" else "",
                    measure,
                    *cells,
                )
            )
    gains = found["chainsaw_chains"]["known_minus_chainsaw"]
    leads = "; ".join(
        f"{measures[name]} {gains[name]['difference']:+.3f} ({interval(gains[name]['interval'])})"
        for name in ("right_count", "iou", "iou_multi", "right_count_multi")
    )
    milliseconds = found["chainsaw_chains"]["milliseconds"]
    return (
        "`protvox classify` also looks for known domains among the parts of a chain "
        "([how](concepts/domains.md)). Their weight was chosen on the validation chains. All "
        "domains of the entries of these chains were taken out of the index first "
        "(`python -m experiments.segmentation.known`); of the test chains of Chainsaw, "
        f"{found['chainsaw_chains']['in_index']:.2f} have a first domain whose superfamily is in "
        "the index, in another entry, while Chainsaw was trained on none of these superfamilies: "
        "this is what users get, not a comparison of methods. Intervals resample superfamilies.",
        table(("chains", "measure", *names.values()), rows),
        f"With known domains, less Chainsaw: {leads}. CPU time per chain: mean "
        f"{milliseconds['contacts']:.0f} ms by contacts, {milliseconds['known']:.0f} ms with known "
        "domains.",
    )
