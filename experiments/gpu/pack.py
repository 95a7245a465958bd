"""Reduce shards of domains to what the paper's networks read, to copy them to another machine.

Every atom but CA is removed, and of ``domains.csv`` all columns but the clusters.

Example: ``python -m experiments.gpu.pack --shards shards --domains data/domains.csv -o gpu-data``
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Final

from experiments.cath.paper_domains import read_clusters, read_traces
from experiments.cath.traces import pack_traces
from protvox.train.shard import write_shard

SETS: Final = ("cath-train", "cath-val", "cath-test")


def pack(shards: Path, domains: Path, output: Path) -> int:
    """Write the CA atoms of all sets and the table of clusters; return the number of domains.

    Parameters
    ----------
    shards
        Folder of `SETS`.
    domains
        ``domains.csv``.
    output
        Folder to write, with the same names.
    """
    clusters = read_clusters(domains)
    names: list[str] = []
    for name in SETS:
        traces = read_traces(shards / name)
        (output / name).mkdir(parents=True, exist_ok=True)
        shard = pack_traces(list(traces.coordinates), list(traces.names), list(traces.codes))
        write_shard(shard, output / name / "traces.npz")
        names += traces.names
    with (output / "domains.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("domain", "s35"))
        table.writerows((name, clusters[name]) for name in names)
    return len(names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help=f"folder with {', '.join(SETS)}")
    parser.add_argument("--domains", type=Path, required=True, help="domains.csv, for clusters")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    options = parser.parse_args()
    print(f"wrote {pack(options.shards, options.domains, options.output)} domains")


if __name__ == "__main__":
    main()
