"""Collect the sequences of domains, which shards do not hold, for the index.

Writes a table of ``domain, sequence``, one letter per residue with a CA atom: of whole domains from
their structures, and of CA traces from the column ``sequence`` of their table.

Example: ``python -m experiments.search.sequences --domains data/domains.csv --structures data
--traces data/ca_domains/domains_ca.csv.xz -o runs/search/sequences.csv``
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import pandas as pd

from protvox.errors import ProtvoxError
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection

_TEXT = {"chain": str, "chopping": str}


def read_sequences(table: pd.DataFrame, structures: Path) -> dict[str, str]:
    """Return the sequences of the domains of a table, without those that cannot be read.

    Parameters
    ----------
    table
        ``domain``, ``file``, ``chain``, ``chopping``.
    structures
        Folder that ``file`` is relative to.
    """
    found: dict[str, str] = {}
    files: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in table.itertuples():
        files[row.file].append((row.domain, row.chain, row.chopping))
    for done, (file, domains) in enumerate(sorted(files.items()), start=1):
        if done % 500 == 0:
            print(f"{done} of {len(files)} files", file=sys.stderr)
        structure = read_structure(structures / file)
        for name, chain, chopping in domains:
            try:
                keep = structure.is_protein
                if chopping:
                    keep = parse_selection(f"{chain}:{chopping}").mask(structure)
                found[name] = DomainTrace.of(structure.select(keep)).sequence
            except ProtvoxError as error:
                print(f"{name}: {error}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=Path, required=True, help="table of whole domains")
    parser.add_argument("--structures", type=Path, required=True, help="their folder")
    parser.add_argument("--traces", type=Path, required=True, help="table of CA traces")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    table = pd.read_csv(options.domains, dtype=_TEXT, keep_default_na=False)
    traces = pd.read_csv(options.traces, dtype=_TEXT, keep_default_na=False)
    found = dict(zip(traces["domain"], traces["sequence"], strict=True))
    found |= read_sequences(table, options.structures)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame({"domain": list(found), "sequence": list(found.values())})
    rows.to_csv(options.output, index=False)


if __name__ == "__main__":
    main()
