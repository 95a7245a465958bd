"""Results of the scores of mutations, for ``docs/results.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generate.values import estimate, interval, results, sections, table

PEERS = {
    "rasp": "RaSP",
    "proteinmpnn_ddg": "ProteinMPNN-ddG",
    "acdc_nn": "ACDC-NN",
    "proteinmpnn_decode_last": "ProteinMPNN, decoded last",
    "ddgun3d": "DDGun3D",
    "proteinmpnn": "ProteinMPNN",
    "esm_if": "ESM-IF",
}
REFERENCES = {
    "frequencies": "amino-acid frequencies in Swiss-Prot",
    "residue alone": "the backbone of a residue alone",
    "no atoms": "an environment without atoms",
    "exposed residues": "exposed residues (the one used)",
}
NETWORKS = {"environment": "environment network alone", "backbone": "backbone network alone"}


def mutations() -> str:
    """Return the section about scores of mutations."""
    test = results("mutations/metrics")
    choice, zero = test["choice_of_reference"], test["zero"]
    alone = test["networks"]["environment"]
    rows = [("protvox", test, ""), (NETWORKS["environment"], alone, _gap(alone["both_minus_this"]))]
    for name, title in PEERS.items():
        peer = test["peers"][name]
        rows.append((title, peer, _gap({"overall": peer["model_minus_peer"]})))
    return sections(
        "## Mutations",
        f"Scores by `{'` and `'.join(test['models'].values())}` against measured changes of "
        "stability: "
        f"S2648, the open part of Megascale ({test['tables']['Megascale']['n_proteins']} domains), "
        "and those mutations of S8754 whose structures were at hand (most proteins of S2648 are "
        "among them). Nothing was fitted to the measurements; the reference state, the weight of "
        "the networks and the share of the mean were chosen with S2648 and Megascale in view "
        "([decision](decisions/0068-two-networks-score-mutations.md)). Neither the proteins of "
        "S2648 nor their relatives occur in training; those of the other two sets were not "
        "compared with the training set. Intervals resample whole proteins. Within proteins: mean "
        "Spearman correlation over the proteins of at least "
        f"{test['per_protein_spearman']['least_mutations']} mutations.",
        table(
            (
                "set",
                "scores",
                "mutations, proteins",
                "Spearman",
                "within proteins",
                "gain of both networks: overall, within",
            ),
            _sets(test),
        ),
        "On S2648, other programs' scores are those published with ProteinMPNN-ddG (Dutton et al. "
        "2024), each on the mutations it covers. AUC: separating mutations that destabilise by "
        "more than 1 kcal/mol from the others.",
        table(
            (
                "scores",
                "mutations",
                "Spearman",
                "AUC",
                "Spearman of protvox minus that of the other",
            ),
            (
                (title, f"{part['n']:,}", estimate(part, "spearman"), f"{part['auc']:.3f}", gap)
                for title, part, gap in rows
            ),
        ),
        f"The Pearson correlation is {estimate(test, 'pearson')}. Of the mutations of S2648 that "
        f"destabilise, {zero['right_of_destabilising']:.2f} have a positive score, and of those "
        f"that stabilise, {zero['right_of_stabilising']:.2f} a negative one: a balanced accuracy "
        f"of {zero['balanced_accuracy']:.3f}, against {alone['zero']['balanced_accuracy']:.3f} of "
        "the environment network alone, whose zero is the wild type.",
        "The reference state was chosen for the environment network alone. To test the choice, the "
        f"proteins were split into halves {choice['halvings']} times: the same reference state was "
        f"chosen on one half {choice['chosen'][test['reference']]} times, and the correlation on "
        f"the other half was {choice['held_out_spearman']:.3f} on average. The reference states "
        "compared:",
        table(
            ("reference state", "Spearman"),
            (
                (REFERENCES.get(name, name), estimate(part, "spearman"))
                for name, part in test["references"].items()
            ),
        ),
        "![Scores against measured changes of stability](../experiments/mutations/results/ddg.png)",
    )


def _sets(test: Any) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table of measured sets."""
    for name, part in {"S2648": test, **test["tables"]}.items():
        size = f"{part['n']:,}, {part['n_proteins']}"
        yield (name, "both networks", size, estimate(part, "spearman"), _within(part), "")
        for network, title in NETWORKS.items():
            row = part["networks"][network]
            gains = row["both_minus_this"]
            gain = f"{_gap(gains)}, {_gap({'overall': _paired(gains['within'])})}"
            yield ("", title, "", estimate(row, "spearman"), _within(row), gain)


def _within(part: Any) -> str:
    mean = part["per_protein_spearman"]["mean"]
    return f"{mean:.3f} ({interval(part['within_interval'])})"


def _gap(gains: Any) -> str:
    overall = gains["overall"]
    return f"{overall['spearman']:.3f} ({interval(overall['interval'])})"


def _paired(within: Any) -> dict[str, Any]:
    return {"spearman": within["mean"], "interval": within["interval"]}
