"""Speed of domain cards: ``python benchmarks/card_speed.py TABLE FOLDER``.

TABLE is ``raw_cath.csv``, and FOLDER has its files. Chains of about 300 residues with two domains,
one of each file, are classified after start-up as the Python functions and the page do it, from
the file to both cards: the median of several runs of each. Then ``protvox score --task cath`` runs
over a sample of the files with one and with two model processes; the time of a run over one file
is subtracted. Writes ``results/card_speed.json``; on a busy machine the times are upper bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.batch_speed import ROOT, score
from protvox.predict.classify import classify
from protvox.predict.model_cache import limit_threads
from protvox.structure.io.read import read_structure

RESULT = ROOT / "benchmarks" / "results" / "card_speed.json"
TARGETS = {"two_domain_chain_s": 2.0, "cards_per_s_2_processes": 15}
RESIDUES = range(270, 331)


def two_domain_chains(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return file and chain, the first of each file, with two domains and about 300 residues."""
    found: dict[str, str] = {}
    for (file, chain), rows in table.groupby(["file", "chain"], sort=True):
        whole = rows["chopping"].str.fullmatch(r"\d+-\d+(,\d+-\d+)*").all()
        if len(rows) == 2 and whole:
            ranges = [part.split("-") for text in rows["chopping"] for part in text.split(",")]
            if sum(int(last) - int(first) + 1 for first, last in ranges) in RESIDUES:
                found.setdefault(file, chain)
    return list(found.items())


def one_card(path: Path, chain: str, repeats: int) -> dict[str, Any]:
    """Return the median time from a file to the cards of its chain, seconds."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, used = time.monotonic(), time.process_time()
        found = classify(read_structure(path), task="cath", chain=chain, device="cpu")
        wall.append(time.monotonic() - start)
        cpu.append(time.process_time() - used)
    return {
        "file": path.name,
        "chain": chain,
        "domains": len(found.domains),
        "wall_s": round(statistics.median(wall), 3),
        "cpu_s": round(statistics.median(cpu), 3),
    }


def batch(files: list[Path]) -> dict[str, Any]:
    """Return the cards per second of one and of two model processes."""
    result: dict[str, Any] = {"files": len(files)}
    for threads in (1, 2):
        least, run = (score(some, "cath", threads) for some in (files[:1], files))
        cards = run["domains"] - least["domains"]
        result[str(threads)] = {
            "cards": cards,
            "cards_per_s": round(cards / (run["seconds"] - least["seconds"]), 1),
            "cpu_ms_each": round(1000 * (run["cpu_s"] - least["cpu_s"]) / cards, 1),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--parts", nargs="*", default=["one", "batch"], choices=["one", "batch"])
    given = parser.parse_args()
    table = pd.read_csv(given.table, dtype=str, keep_default_na=False)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result |= {"machine": platform.machine(), "cores": os.cpu_count(), "targets": TARGETS}
    if "one" in given.parts:
        limit_threads()
        chains = two_domain_chains(table)
        one_card(given.folder / chains[0][0], chains[0][1], 2)  # loads and compiles
        runs = [one_card(given.folder / file, chain, given.repeats) for file, chain in chains]
        result["two_domain_chain"] = {
            "load": os.getloadavg(),
            "repeats": given.repeats,
            "n": len(runs),
            "wall_s_median": round(statistics.median(run["wall_s"] for run in runs), 3),
            "wall_s_most": max(run["wall_s"] for run in runs),
            "chains": runs,
        }
    if "batch" in given.parts:
        files = sorted({given.folder / str(file) for file in table["file"]})
        random.Random(0).shuffle(files)
        result["batch"] = {"load": os.getloadavg(), **batch(files[: given.files])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
