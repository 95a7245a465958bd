"""Build the released index: the training domains of the model, by its embedding.

Example: ``python -m experiments.search.build --model models/cath --shards shards
--training cath-all``
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.search.features import read_features
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, index_folder
from protvox.registry.card import read_card

NAME = "CATH training domains"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/cath"))
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument(
        "--training", required=True, help="training domains of the model, e.g. cath-all"
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/search"), help="for features")
    options = parser.parse_args()
    card, folder = read_card(options.model), index_folder(options.model)
    head = EmbeddingHead.load(folder / HEAD_FILE, card)
    known = read_features(options.model, options.shards / options.training, options.cache)
    index = Index.build(
        head.embed(known.plain, known.traces),
        known.names.tolist(),
        known.codes.tolist(),
        name=NAME,
        model=card.reference,
        head=head.sha256,
    )
    index.save(folder / INDEX_FILE)
    print(
        f"{folder / INDEX_FILE}: {len(index)} domains, "
        f"{(folder / INDEX_FILE).stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
