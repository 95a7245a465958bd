"""The domain cards of twenty original files, domain by domain, with the reason where one is wrong.

Reads what ``python -m experiments.everyday`` wrote. The files are a random sample.

Example: ``python -m experiments.everyday.cases experiments/everyday/results/files.json
-o experiments/everyday/results/cases.md``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.everyday.__main__ import WELL
from protvox.predict.model_cache import load_domain_predictor

HEAD = (
    "| file | domain | CATH | card | p | verdict |",
    "|---|---|---|---|---|---|",
)


def verdict(answer: Mapping[str, Any], known: set[str]) -> tuple[bool, str]:
    """Return whether a card is right, and why, or why not.

    Parameters
    ----------
    answer
        See `experiments.everyday.__main__.Answer`.
    known
        Superfamilies of the index.
    """
    if answer["cath"] not in known:
        if answer["novel"]:
            return True, f"right: not in the index, and called a new {answer['novel']}"
        return False, "its superfamily is not in the index, and another one is probable"
    if answer["superfamily"] == answer["cath"] and not answer["novel"]:
        return True, "right"
    if answer["overlap"] < WELL:
        return False, f"cut in another place (overlap {answer['overlap']:.2f})"
    if answer["superfamily"] == answer["cath"]:
        return False, f"right superfamily, but called a new {answer['novel']}"
    return False, "another superfamily"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path, help="files.json")
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    document = json.loads(options.answers.read_text())
    index = load_domain_predictor("cath", "cpu").released.index()
    if index.head != document["head"]:
        raise SystemExit(f"{options.answers} was made with another index; make it again")
    known = set(index.cath)
    files = sorted({answer["file"] for answer in document["answers"]})
    size = min(options.files, len(files))
    chosen = set(np.random.default_rng(0).choice(files, size, replace=False).tolist())
    lines, right, wrong_files = [], 0, set()
    for answer in document["answers"]:
        if answer["file"] not in chosen:
            continue
        good, why = verdict(answer, known)
        right += good
        if not good:
            wrong_files.add(answer["file"])
        card = answer["superfamily"] or "none"
        lines.append(
            f"| {answer['file']} | {answer['domain']} | {answer['cath']} | {card} "
            f"| {answer['p_superfamily']:.2f} | {why} |"
        )
    text = (
        f"{right} of {len(lines)} domains and {size - len(wrong_files)} of {size} files have the "
        f"right card ({document['model']}, {document['n_index']:,} known domains)."
    )
    options.output.write_text("\n".join([text, "", *HEAD, *lines, ""]))
    print(options.output.read_text())


if __name__ == "__main__":
    main()
