"""Build the released index: known domains by the embedding of a model, with their CA traces.

Example: ``python -m experiments.search.build --model models/cath --shards shards
--known cath-train cath-val-all cath-train-traces cath-val-traces --names data/cath_names.csv
--sequences runs/search/sequences.csv``
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.search.features import read_features, read_known_traces
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, index_folder
from protvox.registry.card import read_card

NAME = "CATH domains"


def read_names(path: Path, codes: set[str]) -> dict[str, str]:
    """Return the names of superfamilies and of topologies.

    Parameters
    ----------
    path
        Table of ``node, name``.
    codes
        Superfamilies; others are skipped.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    wanted = codes | {code.rpartition(".")[0] for code in codes}
    rows = zip(table["node"], table["name"], strict=True)
    return {node: name for node, name in rows if node in wanted and name}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument("--known", nargs="+", required=True, help="folders of known domains")
    parser.add_argument("--names", type=Path, required=True, help="names of CATH nodes")
    parser.add_argument("--sequences", type=Path, help="from experiments.search.sequences")
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    options = parser.parse_args()
    card, folder = read_card(options.model), index_folder(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, card)
    parts = [
        read_features(options.model, options.shards / name, options.cache) for name in options.known
    ]
    vectors = [head.embed(part.plain, part.traces) for part in parts]
    names = [name for part in parts for name in part.names.tolist()]
    codes = [code for part in parts for code in part.codes.tolist()]
    traces = [ca for name in options.known for ca in read_known_traces(options.shards / name)]
    sequences: dict[str, str] = {}
    if options.sequences is not None:
        table = pd.read_csv(options.sequences, dtype=str, keep_default_na=False)
        sequences = dict(zip(table["domain"], table["sequence"], strict=True))
    texts = [sequences.get(name) for name in names]
    fitting = [
        text if text is not None and len(text) == len(ca) else None
        for text, ca in zip(texts, traces, strict=True)
    ]
    index = Index.build(
        np.concatenate(vectors),
        names,
        codes,
        name=NAME,
        model=card.reference,
        head=head.sha256,
        traces=KnownTraces.build(traces, fitting),
        names=read_names(options.names, set(codes)),
    )
    index.save(folder / INDEX_FILE)
    print(
        f"{folder / INDEX_FILE}: {len(index)} domains, {fitting.count(None)} without a sequence, "
        f"{(folder / INDEX_FILE).stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
