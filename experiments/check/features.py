"""Features of residues without side chains around them, and probabilities with them.

``python -m experiments.check.features data/chains.csv --structures data --split val -o val.npz``
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from protvox.predict.check.hide import hide_side_chains
from protvox.predict.check.residues import rows_of
from protvox.predict.model_cache import load_residue_predictor
from protvox.structure.io.read import read_structure

MODEL = "environment"


def chain_features(
    path: Path, chain: str, *, sides: bool, hidden: bool = True
) -> dict[str, NDArray[Any]]:
    """Return what the experiments need of a chain.

    Parameters
    ----------
    path
        Structure file.
    chain
        Author chain name.
    sides
        Whether to predict from surroundings with side chains.
    hidden
        Whether to compute features without side chains; otherwise there are none.

    Returns
    -------
    dict
        ``f`` (``row feature`` float16, no side chains), ``p`` (``row 20`` float32, with side
        chains) and ``rows`` (``row`` int64, residues of the chain that have them); ``parent``,
        ``number``, ``insertion_code`` and ``backbone`` of all its residues.
    """
    predictor = load_residue_predictor(MODEL, "cpu")
    structure = read_structure(path)
    wanted = structure.is_protein & (structure.chain == chain)
    of_chain = np.flatnonzero(wanted)
    if hidden:
        rows, features, _ = predictor.embed(hide_side_chains(structure), wanted)
    if sides:
        table = predictor.predict_residues(structure, wanted)[0]
        if not hidden:
            rows, features = rows_of(structure, table), np.zeros((len(table), 0), np.float32)
    found: dict[str, NDArray[Any]] = {
        "f": features.astype(np.float16),
        "rows": np.searchsorted(of_chain, rows),
        "parent": structure.parent[of_chain],
        "number": structure.number[of_chain],
        "insertion_code": structure.insertion_code[of_chain].astype("<U1"),
        "backbone": structure.backbone()[of_chain],
    }
    if sides:
        found["p"] = table.probabilities
    return found


def main() -> int:
    """Write the features of the labelled chains of a split."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--structures", type=Path, required=True)
    parser.add_argument("--split", required=True)
    parser.add_argument("--number", type=int, help="so many chains, drawn at random")
    parser.add_argument("--entries", type=Path, help="only these, one code per line")
    parser.add_argument("--sides", action="store_true", help="also with side chains")
    parser.add_argument("--only-sides", action="store_true", help="only with side chains")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    chains = pd.read_csv(options.table)
    chains = chains[(chains.split == options.split) & (chains.representative == 1)]
    if options.entries:
        chains = chains[chains.pdb.isin(options.entries.read_text(encoding="utf-8").split())]
    chains = chains.sample(frac=1, random_state=0)[: options.number]
    arrays: dict[str, NDArray[Any]] = {}
    for row in chains.itertuples():
        path = options.structures / str(row.file)
        found = chain_features(
            path,
            str(row.chain),
            sides=options.sides or options.only_sides,
            hidden=not options.only_sides,
        )
        arrays |= {f"{row.pdb}_{row.chain}/{name}": array for name, array in found.items()}
        print(row.pdb, row.chain, len(found["rows"]), flush=True)
    np.savez(options.output, **arrays)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
