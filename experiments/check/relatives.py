"""Compare reported segments with every relative in the data, also those of other clusters.

``python -m experiments.check.relatives experiments/check/results/alarms-test.csv --structures
data/entries --entries data/entries --data data`` prints, for each segment whose note begins with
``open``, its nearest relatives by sequence, or of the same CATH superfamily: chains of the entries,
and the CA traces of ``ca_chains`` and ``ca_domains``. The chains are aligned by sequence (BLOSUM62,
local) and superposed by the aligned residues outside the segment; ``offset`` is how far the nearest
residue of the relative is from the aligned one, in positions. A segment in the register of its
relatives has offset 0 and a small distance.
"""

from __future__ import annotations

import argparse
import csv
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from Bio.Align import PairwiseAligner, substitution_matrices
from numpy.typing import NDArray

from experiments.check.twins import LEAST_SHARED, superpose
from protvox.chemistry import ONE_LETTER
from protvox.structure.io.read import read_structure

_CODE = re.compile(r":(\d+\.\d+\.\d+\.\d+):")
WORD = 4
LEAST_WORDS = 4
"""Fewest different words of four residues that a relative shares."""

MOST_ALIGNED = 30
MOST_SHOWN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A chain.

    Name, one-letter sequence, author numbers, ``residue 3`` CA coordinates, and the CATH
    superfamilies of its domains.
    """

    name: str
    sequence: str
    numbers: tuple[str, ...]
    ca: NDArray[np.float64]
    superfamilies: frozenset[str] = frozenset()


def main() -> int:
    """Print one line per segment and relative."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("alarms", type=Path)
    parser.add_argument("--structures", type=Path, required=True)
    parser.add_argument("--entries", type=Path, required=True, help="folder of all entries")
    parser.add_argument("--data", type=Path, required=True, help="folder of the CA traces")
    options = parser.parse_args()
    with options.alarms.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["note"].startswith("open")]
    labels = entry_superfamilies(options.data)
    known = [*entry_traces(options.entries, labels), *stored_traces(options.data)]
    index, members = defaultdict(list), defaultdict(list)
    for number, trace in enumerate(known):
        for word in words(trace.sequence):
            index[word].append(number)
        for code in trace.superfamilies:
            members[code].append(number)
    found: dict[tuple[str, str], list[tuple[Trace, Trace, NDArray[np.int64]]]] = {}
    for row in rows:
        key = row["file"], row["chain"]
        if key not in found:
            query = read_trace(options.structures / row["file"], row["chain"])
            shared = Counter(n for word in words(query.sequence) for n in index[word])
            near = [n for n, k in shared.most_common(MOST_ALIGNED) if k >= LEAST_WORDS]
            own = labels.get(query.name, frozenset())
            kin = {n for code in own for n in members[code]} - set(near)
            near += sorted(kin, key=lambda n: -shared[n])[:MOST_ALIGNED]
            found[key] = list(align_all(query, [known[n] for n in near]))
        print(*(row[name] for name in ("file", "chain", "first", "last", "kind", "shift")))
        for query, other, pairs in found[key][:MOST_SHOWN]:
            print("   ", compare(query, other, pairs, row["first"], row["last"]))
    return 0


def words(sequence: str) -> set[str]:
    """Return the words of `WORD` residues of a sequence."""
    return {sequence[at : at + WORD] for at in range(len(sequence) - WORD + 1)}


def read_trace(path: Path, chain: str) -> Trace:
    """Return a chain of a structure file."""
    structure = read_structure(path)
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    numbers = zip(structure.number[rows], structure.insertion_code[rows], strict=True)
    return Trace(
        f"{path.stem}:{chain}",
        "".join(ONE_LETTER.get(name, "X") for name in structure.parent[rows].tolist()),
        tuple(f"{number}{code}" for number, code in numbers),
        structure.backbone()[rows, 1].astype(np.float64),
    )


def entry_superfamilies(data: Path) -> dict[str, frozenset[str]]:
    """Return the CATH superfamilies of each chain of the entries."""
    rows = pd.read_csv(data / "domains.csv", dtype=str, keep_default_na=False)
    found: dict[str, set[str]] = defaultdict(set)
    for domain, code in zip(rows.domain, rows.cath, strict=True):
        found[f"{domain[:4]}:{domain[4]}"].add(code)
    return {name: frozenset(codes) for name, codes in found.items()}


def entry_traces(folder: Path, labels: Mapping[str, frozenset[str]]) -> Iterator[Trace]:
    """Yield the chains of all entries, whose files are clean enough to read their columns."""
    for path in sorted(folder.glob("*.pdb")):
        chains: dict[str, list[tuple[str, str, list[float]]]] = defaultdict(list)
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line[12:16] == " CA " and line.startswith(("ATOM", "HETATM")):
                    place = [float(line[at : at + 8]) for at in (30, 38, 46)]
                    letter = ONE_LETTER.get(line[17:20], "X")
                    chains[line[21]].append((letter, line[22:27].strip(), place))
        for name, residues in chains.items():
            letters, numbers, ca = zip(*residues, strict=True)
            title = f"{path.stem}:{name}"
            codes = labels.get(title, frozenset())
            yield Trace(title, "".join(letters), numbers, np.array(ca), codes)


def stored_traces(data: Path) -> Iterator[Trace]:
    """Yield the CA traces of further chains and domains."""
    for folder, table, name in (
        ("ca_chains", "chains.csv.xz", ("pdb", "chain")),
        ("ca_domains", "domains_ca.csv.xz", ("domain",)),
    ):
        content = lzma.decompress((data / folder / "ca.i16.xz").read_bytes())
        total, n = np.frombuffer(content, np.int32, 2)
        offset = np.frombuffer(content, np.int32, n + 1, 8)
        steps = np.frombuffer(content, np.int16, 3 * total, 8 + 4 * (n + 1)).reshape(3, total).T
        xyz = np.cumsum(steps, axis=0, dtype=np.int16)
        rows = pd.read_csv(data / folder / table, dtype=str, keep_default_na=False)
        for i, row in enumerate(rows.to_dict("records")):
            ca = xyz[offset[i] : offset[i + 1]] / 100.0
            title = ":".join(row[column] for column in name)
            codes = _CODE.findall(row.get("domains", "")) or [row.get("cath", "")]
            yield Trace(title, row["sequence"], ("",) * len(ca), ca, frozenset(codes))


def align_all(
    query: Trace, others: list[Trace]
) -> Iterator[tuple[Trace, Trace, NDArray[np.int64]]]:
    """Yield relatives in other entries with their aligned residues, most identical first."""
    aligner = PairwiseAligner(mode="local", open_gap_score=-11, extend_gap_score=-1)
    aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    made = []
    for other in others:
        if other.name[:4] == query.name[:4]:
            continue
        blocks = aligner.align(query.sequence, other.sequence)[0].aligned
        spans = zip(*blocks, strict=True)
        pairs = np.concatenate(
            [np.stack([np.arange(*one), np.arange(*two)], axis=1) for one, two in spans]
        )
        if len(pairs) >= LEAST_SHARED:
            same = sum(query.sequence[i] == other.sequence[j] for i, j in pairs.tolist())
            made.append((same, len(made), (query, other, pairs)))
    yield from (triple for *_, triple in sorted(made, key=lambda one: (-one[0], one[1])))


def compare(query: Trace, other: Trace, pairs: NDArray[np.int64], first: str, last: str) -> str:
    """Return where the residues of a segment are in a relative, as text."""
    own = np.isfinite(query.ca[pairs[:, 0]]).all(axis=1)
    pairs = pairs[own]
    same = np.array([query.sequence[i] == other.sequence[j] for i, j in pairs.tolist()])
    ends = query.numbers.index(first), query.numbers.index(last)
    inside = (pairs[:, 0] >= ends[0]) & (pairs[:, 0] <= ends[1])
    text = f"{other.name} {same.mean():.0%} of {len(pairs)}, segment {inside.sum()}"
    text += f" of {ends[1] - ends[0] + 1} ({same[inside].sum()} identical)"
    if not inside.any() or (~inside).sum() < LEAST_SHARED:
        return text
    # The segment itself must not decide how the chains are superposed.
    moved = superpose(query.ca, pairs[~inside, 0], other.ca[pairs[~inside, 1]])
    apart = np.linalg.norm(moved[pairs[inside, 0]][:, None] - other.ca[None], axis=2)
    offset = apart.argmin(axis=1) - pairs[inside, 1]
    distance = apart[np.arange(inside.sum()), pairs[inside, 1]]
    rest = np.linalg.norm(moved[pairs[~inside, 0]] - other.ca[pairs[~inside, 1]], axis=1)
    return (
        f"{text}: {np.median(distance):.1f} A, offset {np.median(offset):g}, "
        f"the rest {np.median(rest):.1f} A"
    )


if __name__ == "__main__":
    raise SystemExit(main())
