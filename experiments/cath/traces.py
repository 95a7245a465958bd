"""Build shards of domains from CA traces, which are all that the CATH network reads.

One domain is used of every S35 cluster that the table of whole domains lacks; a superfamily of its
test split is refused. The traces are ``ca.i16.xz`` beside their table: int32 total, int32 n, int32
offsets (n + 1), then int16 differences ``3 x total`` in 0.01 Å, in the order of the table.

Example: ``python -m experiments.cath.traces data/ca_domains --known data/domains.csv
--query "split == 'train' and resolution < 3.5 and radius <= 50" -o shards/cath-train-traces``
"""

from __future__ import annotations

import argparse
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.train.run import in_chunks
from protvox.train.shard import RESOLUTION, UNLABELLED, Shard, write_shard

PER_SHARD = 5000
"""Domains per file."""

_TEXT = {"chain": str, "chopping": str}


def read_traces(path: Path) -> list[NDArray[np.float32]]:
    """Read the traces of a table.

    Parameters
    ----------
    path
        ``ca.i16.xz``.

    Returns
    -------
    list of ndarray
        ``residue 3`` float32 each, Å, in the order of the table.
    """
    with lzma.open(path) as file:
        content = file.read()
    total, n = np.frombuffer(content, np.int32, 2).tolist()
    offsets = np.frombuffer(content, np.int32, n + 1, 8)
    steps = np.frombuffer(content, np.int16, 3 * total, 8 + offsets.nbytes)
    # The sums of 16-bit differences wrap as they did when the differences were taken.
    positions = np.cumsum(steps.reshape(3, total).T, axis=0, dtype=np.int16)
    return np.split(positions * np.float32(RESOLUTION), offsets[1:-1])


def choose_rows(table: pd.DataFrame, known: pd.DataFrame, query: str) -> pd.DataFrame:
    """Return the rows to use, at most one per S35 cluster.

    Parameters
    ----------
    table
        Table of the traces: ``domain``, ``cath``, ``s35``, ``representative`` and the columns of
        ``query``.
    known
        Table of whole domains: ``cath``, ``s35``, ``split``.
    query
        See `pandas.DataFrame.query`.

    Raises
    ------
    SystemExit
        If a row belongs to a superfamily of the test split of ``known``.
    """
    rows = table.query(query)
    tested = rows["cath"].isin(known.loc[known["split"] == "test", "cath"])
    if tested.any():
        raise SystemExit(f"{tested.sum()} domains belong to superfamilies of the test split")
    rows = rows[~rows["s35"].isin(known["s35"])]
    first = rows.sort_values("representative", ascending=False, kind="stable")
    return first.drop_duplicates("s35").sort_index()


def pack_traces(traces: list[NDArray[np.float32]], names: list[str], codes: list[str]) -> Shard:
    """Return domains with CA atoms only as a shard.

    Parameters
    ----------
    traces
        ``residue 3`` each, Å.
    names, codes
        CATH names and superfamilies.
    """
    lengths = [len(trace) for trace in traces]
    total = sum(lengths)
    centred = [trace - trace.mean(axis=0, dtype=np.float64) for trace in traces]
    return Shard(
        coordinates=np.round(np.concatenate(centred) / RESOLUTION).astype(np.int16),
        atom_type=np.full(total, ATOM_TYPE_INDEX["backbone_CA"], dtype=np.uint8),
        residue_start=np.arange(total + 1, dtype=np.int64),
        structure_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        residue_label=np.full(total, UNLABELLED, dtype=np.uint8),
        structure_label=np.array(codes),
        name=np.array(names),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of domains_ca.csv.xz and ca.i16.xz")
    parser.add_argument("--known", type=Path, required=True, help="domains.csv")
    parser.add_argument("--query", required=True, help="rows to use")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the shards")
    options = parser.parse_args()
    table = pd.read_csv(options.folder / "domains_ca.csv.xz", dtype=_TEXT, keep_default_na=False)
    rows = choose_rows(table, pd.read_csv(options.known, keep_default_na=False), options.query)
    traces = read_traces(options.folder / "ca.i16.xz")
    options.output.mkdir(parents=True, exist_ok=True)
    for number, chunk in enumerate(in_chunks(rows.index.to_numpy(), PER_SHARD)):
        part = rows.loc[chunk]
        shard = pack_traces(
            [traces[row] for row in chunk.tolist()],
            part["domain"].tolist(),
            part["cath"].tolist(),
        )
        write_shard(shard, options.output / f"traces-{number:04d}.npz")
    print(f"wrote {len(rows)} domains of {rows['cath'].nunique()} superfamilies")


if __name__ == "__main__":
    main()
