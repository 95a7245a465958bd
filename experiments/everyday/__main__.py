"""What a user gets on original files: superfamily and architecture of domains with known CATH.

Every chain of the table is split into domains and classified as ``protvox classify --task cath``
does. A domain of the table gets the answer for the predicted domain that shares the most residues
with it; it is cut well if the two overlap by 0.7 (residues of both over residues of either). With
``--hide`` all known domains of the same entries are taken out of the index first, so that none can
find itself.

Example: ``python -m experiments.everyday --table data/raw_cath.csv --structures data
-o experiments/everyday/results/files.json``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.everyday.hide import without_entries
from protvox.errors import ProtvoxError
from protvox.predict.classify import classify
from protvox.predict.index.released import ReleasedIndex
from protvox.predict.model_cache import load_domain_predictor
from protvox.predict.results.records import DomainPrediction
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure
from protvox.train.metrics import bootstrap_interval

WELL = 0.7
"""Overlap from which a domain is cut well."""


@dataclass(frozen=True)
class Answer:
    """The answer for a domain of the table.

    Attributes
    ----------
    file, domain, cath
        The row.
    overlap
        Residues shared with the predicted domain, over those of either.
    architecture, superfamily
        Most probable ones.
    p_architecture, p_superfamily
        Their probabilities.
    novel
        See `DomainPrediction`.
    nearest
        Superfamily of the nearest domain by similarity.
    itself
        Whether the best hit is of the same entry.
    """

    file: str
    domain: str
    cath: str
    overlap: float
    architecture: str = ""
    p_architecture: float = 0.0
    superfamily: str = ""
    p_superfamily: float = 0.0
    novel: str = ""
    nearest: str = ""
    itself: bool = False


def _residues(structure: Structure, chain: str, chopping: str) -> NDArray[np.bool_]:
    part = f"{chain}:{chopping}" if chopping else chain
    mask: NDArray[np.bool_] = parse_selection(part).mask(structure) & structure.is_protein
    return mask


def answer_file(path: Path, rows: pd.DataFrame) -> list[Answer]:
    """Return the answers for the rows of one file."""
    structure = read_structure(path)
    found: list[Answer] = []
    for chain, domains in rows.groupby("chain", sort=False):
        try:
            predicted = classify(structure, task="cath", chain=chain, device="cpu").domains
        except ProtvoxError as error:
            print(f"{path.name} {chain}: {error}", file=sys.stderr)
            predicted = ()
        masks = [_residues(structure, one.chain, one.chopping) for one in predicted]
        for row in domains.itertuples():
            try:
                true = _residues(structure, row.chain, row.chopping)
            except ProtvoxError as error:
                print(f"{row.domain}: {error}", file=sys.stderr)
                continue
            overlaps = [(true & mask).sum() / (true | mask).sum() for mask in masks]
            key = (row.file, row.domain, row.cath)
            if not overlaps or max(overlaps) == 0:
                found.append(Answer(*key, 0.0))
                continue
            best = int(np.argmax(overlaps))
            found.append(_answer(key, float(overlaps[best]), predicted[best]))
    return found


def _answer(key: tuple[str, str, str], overlap: float, best: DomainPrediction) -> Answer:
    top, family = best.architectures[0], best.superfamilies[0] if best.superfamilies else None
    return Answer(
        *key,
        round(overlap, 3),
        top.label,
        round(top.probability, 3),
        family.label if family else "",
        round(family.probability, 3) if family else 0.0,
        best.novel or "",
        best.nearest[0].cath if best.nearest else "",
        bool(best.hits) and best.hits[0].domain[:4] == key[1][:4],
    )


def summarise(answers: Sequence[Answer], known: set[str]) -> dict[str, Any]:
    """Return shares of right answers with intervals over files."""
    files = np.unique([a.file for a in answers], return_inverse=True)[1]
    in_index = np.array([a.cath in known for a in answers])
    well = np.array([a.overlap >= WELL for a in answers])
    architecture = np.array([a.architecture == ".".join(a.cath.split(".")[:2]) for a in answers])
    right = {
        "architecture": architecture,
        "superfamily": np.array([a.superfamily == a.cath for a in answers]),
        "nearest_superfamily": np.array([a.nearest == a.cath for a in answers]),
        "cut_well": well,
    }
    confident = np.array([a.p_superfamily >= 0.5 for a in answers])
    groups = {
        "known": in_index,
        "known_cut_well": in_index & well,
        "new": ~in_index,
        "confident": confident,
    }
    measured: dict[str, Any] = {}
    for name, rows in groups.items():
        measured[name] = {"n": int(rows.sum())}
        for level, values in right.items():
            if rows.any():
                share = values[rows].astype(float)
                measured[name][level] = float(share.mean())
                measured[name][f"{level}_interval"] = bootstrap_interval(share, files[rows])
    measured["hit_of_the_same_entry"] = float(np.mean([a.itself for a in answers]))
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="file, domain, chain, chopping")
    parser.add_argument("--structures", type=Path, required=True, help="folder of the files")
    parser.add_argument("--hide", action="store_true", help="take these entries out of the index")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    table = pd.read_csv(options.table, dtype=str, keep_default_na=False)
    released: ReleasedIndex = load_domain_predictor("cath", "cpu").released
    index = released.index()
    if options.hide:
        index = without_entries(index, {name[:4] for name in table["domain"]})
        released._index = index
    answers: list[Answer] = []
    for done, (file, rows) in enumerate(table.groupby("file", sort=True), start=1):
        answers += answer_file(options.structures / str(file), rows)
        print(f"{done} of {table['file'].nunique()} files", file=sys.stderr, flush=True)
    document = {
        "schema": "protvox.everyday/1",
        "model": index.model,
        "head": index.head,
        "n_index": len(index),
        "hidden": options.hide,
        "n_files": int(table["file"].nunique()),
        "measures": summarise(answers, set(index.cath)),
        "answers": [vars(answer) for answer in answers],
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["measures"], indent=1))


if __name__ == "__main__":
    main()
