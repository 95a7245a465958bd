"""Measure the scores for binding on complexes of SKEMPI v2, beside FoldX and flex ddG.

The complexes are those whose structures are at hand with all of their chains. A change that was
measured several times is one row with the mean; affinities that are only bounds are ignored.
Intervals resample whole complexes. Few complexes were held out of training: the networks may have
seen these interfaces, with their native residues, never the measured changes.

Example: ``python -m experiments.mutations.binding --data data --structures data/entries
-o experiments/mutations/results/binding.json``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from experiments.mutations.measures import LEAST_MUTATIONS, Array, difference, summarise
from experiments.mutations.product import load_networks
from protvox.predict.mutations.binding import binding_scores, parse_partners
from protvox.predict.mutations.list_files import collect_mutations
from protvox.predict.mutations.locate import Sites
from protvox.predict.mutations.networks import BACKBONE, ENVIRONMENT, Scorers
from protvox.predict.task import no_progress
from protvox.structure.disorder import DEFAULT_DISORDER
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

PEERS: Final = {"foldx": "FoldX", "flexddg": "flex ddG"}
GAS: Final = 0.0019872  # kcal/mol/K
_ROOM: Final = 298.0  # K, where no temperature is given
_KEYS: Final = ["complex", "mutations"]


def read_table(data: Path) -> pd.DataFrame:
    """Return the measured changes of SKEMPI, kcal/mol, with the predictions of its peers."""
    raw = pd.read_csv(data / "stability" / "skempi_v2.csv.xz", sep=None, engine="python")
    temperature = raw["Temperature"].astype(str).str.extract(r"(\d+)")[0].astype(float)
    table = pd.DataFrame(
        {
            "complex": raw["#Pdb"],
            "mutations": raw["Mutation(s)_PDB"],
            "cleaned": raw["Mutation(s)_cleaned"],
            "ddg": GAS
            * temperature.fillna(_ROOM)
            * np.log(raw["Affinity_mut_parsed"] / raw["Affinity_wt_parsed"]),
        }
    )
    bounds = raw["Affinity_mut (M)"].astype(str).str.contains("[<>~]")
    table = table[~bounds & np.isfinite(table["ddg"])]
    table = table.groupby([*_KEYS, "cleaned"], as_index=False, sort=False)["ddg"].mean()
    for name in PEERS:
        peer = pd.read_csv(data / "stability" / f"skempi_{name}.csv.xz")
        peer = peer.rename(columns={"#Pdb": "complex", "Mutation(s)_cleaned": "cleaned"})
        # In these tables, negative changes weaken the complex.
        peer[name] = -peer["ddG_pred"]
        means = peer.groupby(["complex", "cleaned"], as_index=False)[name].mean()
        table = table.merge(means, on=["complex", "cleaned"], how="left")
    return table


def score(table: pd.DataFrame, scorers: Scorers, data: Path, structures: Path) -> pd.DataFrame:
    """Return the scores of all rows whose complex is at hand.

    ``trained`` says whether one of its chains, or a relative of 30 % identity, was trained on.
    """
    parts = []
    chains = pd.read_csv(data / "chains.csv")
    trained = set(chains.loc[chains["split"] == "train", "pdb"])
    for name, rows in table.groupby("complex", sort=False):
        entry, *partners = str(name).split("_")
        path = structures / f"{entry.lower()}.pdb"
        if not path.exists():
            continue
        structure = read_structure(path)
        if not set("".join(partners)) <= set(structure.protein_chains):
            continue
        rows = rows.assign(trained=entry.lower() in trained)
        parts.append(_score(rows, structure, "|".join(map(",".join, partners)), scorers))
    return pd.concat(parts, ignore_index=True)


def _score(
    rows: pd.DataFrame, structure: Structure, partners: str, scorers: Scorers
) -> pd.DataFrame:
    residues, _, parts = scorers.predict(structure, structure.is_protein)
    names = ["+".join(map(_written, text.split(","))) for text in rows["mutations"]]
    found, failures, _ = Sites(structure, residues, None, {}).find(collect_mutations(names))
    for failure in failures:
        print(structure.name, failure.mutation, failure.why)
    at = rows.index[[one.position for one in found]]
    every = [one.every() for one in found]
    networks = {
        "both": scorers,
        **{
            name: Scorers({name: scorers.predictors[name]}, None)
            for name in (ENVIRONMENT, BACKBONE)
        },
    }
    for name, network in networks.items():
        rows.loc[at, name] = binding_scores(
            network,
            structure,
            residues,
            parse_partners(partners, structure),
            every,
            no_progress,
            DEFAULT_DISORDER,
        )
    complexed = scorers.combine(parts, residues)
    rows.loc[at, "stability"] = [
        sum(complexed[row, mutant] for row, mutant, _ in one) for one in every
    ]
    return rows


def _written(text: str) -> str:
    """Return a mutation of SKEMPI (``LI45G``: wild type, chain, number, mutant) with its chain."""
    return f"{text[1]}:{text[0]}{text[2:].upper()}"


def measure(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the measures of all scores, on single mutations and on all, and per complex."""
    names = ["both", ENVIRONMENT, BACKBONE, "stability", *PEERS]
    single = ~rows["mutations"].str.contains(",").to_numpy()
    shared = rows[[*names, "ddg"]].notna().all(axis=1).to_numpy()
    sets = {
        "all": rows["both"].notna().to_numpy(),
        "shared": shared,
        "shared, single": shared & single,
        "held out": rows["both"].notna().to_numpy() & ~rows["trained"].to_numpy(),
    }
    result: dict[str, Any] = {"sets": {}, "complexes": []}
    for subset, chosen in sets.items():
        part = rows[chosen]
        groups = np.unique(part["complex"], return_inverse=True)[1]
        changes = part["ddg"].to_numpy(dtype=float)
        columns: dict[str, Array] = {
            name: part[name].to_numpy(dtype=float)
            for name in names
            if "shared" in subset or name not in PEERS
        }
        result["sets"][subset] = {
            name: {
                **summarise(values, changes, groups),
                "minus": difference(columns["both"], values, changes, groups),
            }
            for name, values in columns.items()
        }
    for name, part in rows[rows["both"].notna()].groupby("complex"):
        if len(part) >= LEAST_MUTATIONS:
            correlations = {
                one: part[one].corr(part["ddg"], method="spearman")
                for one in names
                if part[one].notna().sum() >= LEAST_MUTATIONS
            }
            result["complexes"].append(
                {
                    "complex": name,
                    "n": len(part),
                    "trained": bool(part["trained"].any()),
                    **{one: float(value) for one, value in correlations.items()},
                }
            )
    result["complexes"].sort(key=lambda one: -one["n"])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=Path("models/environment"))
    parser.add_argument("--backbone", type=Path, default=Path("models/backbone"))
    parser.add_argument("--data", type=Path, required=True, help="folder of stability/")
    parser.add_argument("--structures", type=Path, required=True, help="folder of the entries")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    scorers = load_networks(options.environment, options.backbone, None, "cpu")
    rows = score(read_table(options.data), scorers, options.data, options.structures)
    result = {"models": scorers.models, **measure(rows)}
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    for name, part in result["sets"].items():
        for one, values in part.items():
            print(name, one, values["n"], round(values["spearman"], 3), values["intervals"])
    print(pd.DataFrame(result["complexes"]).round(2).to_string())


if __name__ == "__main__":
    main()
