"""Measure the scores of several mutations at once on M1261.

Compared are the sum of the single scores, the score with its coupling, the coupling of one network
alone, the sum in kcal/mol, and the published predictions of other programs on the same rows (which
were trained on mutations like these, in part on the same ones).

Example: ``python -m experiments.mutations.several --data data --structures data
-o experiments/mutations/results/several.json``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from experiments.mutations.measures import Array, difference, summarise
from experiments.mutations.product import load_networks
from protvox.predict.mutations.coupling import couplings
from protvox.predict.mutations.list_files import collect_mutations
from protvox.predict.mutations.locate import Sites
from protvox.predict.mutations.networks import BACKBONE, ENVIRONMENT, Scorers
from protvox.predict.task import no_progress
from protvox.structure.disorder import DEFAULT_DISORDER
from protvox.structure.io.read import read_structure

PEERS: Final = {
    "DDMut_pred": "DDMut",
    "GeoDDG-3D_pred": "GeoDDG-3D",
    "DynaMut2_pred": "DynaMut2",
}
"""Column to name; positive = stabilising."""

_COUPLED: Final = 0.5
"""nats from which the coupling is strong."""


def read_table(data: Path, structures: Path) -> pd.DataFrame:
    """Return M1261 as far as the structures are there."""
    table = pd.read_csv(data / "stability" / "M1261.csv.xz")
    form = r"^rcsb_(?P<protein>\w+?)_(?P<chain>\w+?)_(?P<mutations>[^_]+)_"
    table = pd.concat([table, table["name"].str.extract(form)], axis=1)
    table["file"] = "stability/structures/prostata-" + table["protein"] + ".pdb"
    there = [(structures / file).exists() for file in table["file"]]
    return table[there].reset_index(drop=True)


def score(table: pd.DataFrame, scorers: Scorers, structures: Path) -> pd.DataFrame:
    """Return the sum of the single scores and the coupling of each network, for every row."""
    names = ("sum", f"coupling_{ENVIRONMENT}", f"coupling_{BACKBONE}")
    out = pd.DataFrame(np.nan, index=table.index, columns=list(names))
    for file, rows in table.groupby("file"):
        structure = read_structure(structures / str(file))
        residues, _, parts = scorers.predict(structure, structure.is_protein)
        if not len(residues):
            continue
        scores = scorers.combine(parts, residues)
        sites = Sites(structure, residues, None, {})
        for index, row in rows.iterrows():
            chains = structure.protein_chains
            chain = row["chain"] if row["chain"] in chains else chains[0]
            text = "+".join(f"{chain}:{one}" for one in row["mutations"].split(","))
            found, _, _ = sites.find(collect_mutations([text]))
            if not found:
                continue
            beyond = couplings(
                scorers,
                structure,
                residues,
                parts,
                [found[0].every()],
                no_progress,
                DEFAULT_DISORDER,
            )
            rows_, columns = np.array(found[0].targets).T
            values = (scores[rows_, columns].sum(), beyond[ENVIRONMENT][0], beyond[BACKBONE][0])
            out.loc[index] = values
    return out


def measure(rows: pd.DataFrame, scorers: Scorers) -> dict[str, Any]:
    """Return the measures of every score, on all rows, on pairs and on strongly coupled rows."""
    zero = np.zeros(len(rows))
    environment, backbone = (
        rows[f"coupling_{name}"].to_numpy() for name in (ENVIRONMENT, BACKBONE)
    )
    additive = rows["sum"].to_numpy()
    coupling = scorers.mix({ENVIRONMENT: environment, BACKBONE: backbone})
    scores: dict[str, Array] = {
        "coupled": additive + coupling,
        "additive": additive,
        "coupled, environment": additive + scorers.mix({ENVIRONMENT: environment, BACKBONE: zero}),
        "coupled, backbone": additive + scorers.mix({ENVIRONMENT: zero, BACKBONE: backbone}),
        **{name: -rows[column].to_numpy(dtype=float) for column, name in PEERS.items()},
    }
    changes = -rows["ddG"].to_numpy(dtype=float)
    proteins = np.unique(rows["protein"], return_inverse=True)[1]
    subsets = {
        "all": np.ones(len(rows), dtype=np.bool_),
        "pairs": (rows["mutations"].str.count(",") == 1).to_numpy(),
        "coupled": np.abs(coupling) > _COUPLED,
    }
    return {
        name: {
            one: {
                **summarise(values[chosen], changes[chosen], proteins[chosen]),
                "minus_additive": difference(
                    values[chosen], additive[chosen], changes[chosen], proteins[chosen]
                ),
            }
            for one, values in scores.items()
        }
        for name, chosen in subsets.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=Path("models/environment"))
    parser.add_argument("--backbone", type=Path, default=Path("models/backbone"))
    parser.add_argument("--data", type=Path, required=True, help="folder of stability/")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder that holds stability/structures/"
    )
    parser.add_argument("--cache", type=Path, help="folder for the environment predictions")
    parser.add_argument("--rows", type=Path, help="scored rows, written or read (pickle)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    scorers = load_networks(options.environment, options.backbone, options.cache, "cpu")
    if options.rows and options.rows.exists():
        rows = pd.read_pickle(options.rows)
    else:
        table = read_table(options.data, options.structures)
        rows = table.join(score(table, scorers, options.structures))
        if options.rows:
            rows.to_pickle(options.rows)
    scored = rows[rows["sum"].notna()].reset_index(drop=True)
    result = {
        "models": scorers.models,
        "unscored": len(rows) - len(scored),
        "sets": measure(scored, scorers),
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    for name, part in result["sets"].items():
        for one, values in part.items():
            print(name, one, values["n"], round(values["spearman"], 4), values["intervals"])


if __name__ == "__main__":
    main()
