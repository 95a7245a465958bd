"""Results of the check, for ``docs/results.md``."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

from docs.generate.values import ROOT, interval, results, sections, table

ERRORS = (
    ("register", "12 and more", "shift of 1 to 4, 12 to 40 residues"),
    ("register_declared", "12 and more", "the same, the true sequence given"),
    ("register", "8-11", "shift of 1 to 4, 8 to 11 residues"),
    ("register_declared", "8-11", "the same, the true sequence given"),
    ("register", "5-7", "shift of 1 to 4, 5 to 7 residues"),
    ("reversed", "12 and more", "traced backwards, 12 to 40 residues"),
    ("reversed", "8-11", "traced backwards, 8 to 11 residues"),
    ("shuffled", "12 and more", "types drawn at random, 12 to 40 residues"),
    ("swapped", "12 and more", "sequence of another chain, the right one given"),
)
GROUPS = {"structure": "secondary structure", "burial": "burial", "shift": "shift"}
MEASURES = {
    "protvox": "`protvox check`",
    "clashes": "clashes of the rebuilt side chains",
    "backbone": "backbone unusual for the residue type",
}
LEVELS = ("0.01", "0.05", "0.1", "0.2")
KINDS = ("register", "direction", "mistraced", "chain")


def checks() -> str:
    """Return the section about checks of models."""
    metrics, held = results("check/metrics"), results("check/p_values")
    packed = results("check/packed")
    raw, test = _alarms("raw"), _alarms("test")
    return sections(
        "## Checks of models",
        f"`protvox check` on {metrics['n_chains']} test chains "
        f"({metrics['n_residues']:,} residues), whose residue types were changed in one segment. "
        "Found: the right kind and shift on at least half of the segment; for random types, "
        "reported as mistraced. Intervals resample chains.",
        table(
            ("error", "segments", "found (95 % interval)"),
            (
                (title, f"{part['n']}", _share(part))
                for kind, span, title in ERRORS
                for part in (metrics[kind]["range"][span],)
            ),
        ),
        "Shifts of all lengths (5 to 40 residues), by property:",
        table(
            ("property", "", "segments", "found (95 % interval)"),
            (
                (title, value, f"{part['n']}", _share(part))
                for group, title in GROUPS.items()
                for value, part in metrics["register"][group].items()
            ),
        ),
        f"The chains as they are have {metrics['false_alarms_per_1000']:.2f} "
        f"({interval(metrics['false_alarms_interval'], 2)}) reported segments per 1,000 residues.",
        "### Beside clashes and backbone dihedrals",
        "Segments were rebuilt with side chains by a packer with rotamers from training "
        "structures: once with the types of another register, and once, as a control, with their "
        f"own ({packed['n_chains']} chains, one segment of each length). Found: the share of wrong "
        "segments above the limit that 5 % of the controls exceed. The backbone stays that of the "
        "right register, so that refinement has not yet removed the clashes.",
        table(
            ("residues", "segments", "measure", "area under the ROC curve", "found"),
            (
                (
                    length,
                    f"{part['n']}",
                    title,
                    _value(part[name]["auc"]),
                    _value(part[name]["found"]),
                )
                for length, part in packed["lengths"].items()
                for name, title in MEASURES.items()
            ),
        ),
        "### False positives",
        f"Share of {held['n_chains']} test chains ({held['n_residues']:,} residues), as they are, "
        "whose smallest p-value is at most the level. p-values that hold have shares up to "
        "the level:",
        table(
            ("kind", *(f"p ≤ {level}" for level in LEVELS)),
            (
                (kind, *(_share(held["correct"][kind][level], "share") for level in LEVELS))
                for kind in KINDS
            ),
        ),
        f"Of chains with one shifted segment of 16 residues ({held['wrong']['shifted']['n']}), "
        f"{_share(held['wrong']['shifted']['0.01'], 'share')} have p ≤ 0.01; of those with one "
        f"shuffled segment ({held['wrong']['shuffled']['n']}), "
        f"{_share(held['wrong']['shuffled']['0.01'], 'share')}.",
        f"Reported segments in structures as they are: {len(raw)} in the original files "
        f"({_kinds(raw)}; 135 of the 140 have protein, 35,832 residues) and {len(test)} in the "
        f"test chains ({_kinds(test)}), {1000 * len(test) / held['n_residues']:.2f} per 1,000 "
        "residues. Each was looked at, and compared with the same or a related protein in another "
        f"entry where there is one: {_verdicts(raw + test)}. The open ones have no relative that "
        "decides; most are in membrane proteins without their membrane. A segment of an NMR "
        "structure counts as false where the suggestion would need wrong assignments throughout. "
        "All are listed, with their surroundings and a note: "
        "[original files](../experiments/check/results/alarms-raw.csv), "
        "[test chains](../experiments/check/results/alarms-test.csv).",
    )


def _alarms(name: str) -> list[dict[str, str]]:
    path = ROOT / "experiments" / "check" / "results" / f"alarms-{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _kinds(rows: list[dict[str, str]]) -> str:
    kinds = Counter(row["kind"] for row in rows)
    return ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))


def _verdicts(rows: list[dict[str, str]]) -> str:
    found = Counter(row["note"].partition(":")[0] for row in rows)
    return f"{found['real']} are real errors, {found['false']} are false, {found['open']} are open"


def _share(part: dict[str, Any], name: str = "found") -> str:
    return f"{part[name]:.3f} ({interval(part['interval'])})"


def _value(part: dict[str, Any]) -> str:
    return f"{part['value']:.3f} ({interval(part['interval'])})"
