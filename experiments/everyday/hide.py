"""An index without the domains of some entries, so that no query can find itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces


def without_entries(index: Index, entries: set[str]) -> Index:
    """Return an index without the domains of some PDB entries."""
    rows = [row for row, name in enumerate(index.domains) if name[:4] not in entries]
    traces = index.traces
    if traces is None:
        raise SystemExit("the index holds no traces")
    return replace(
        index,
        codes=np.ascontiguousarray(index.codes[rows]),
        scales=index.scales[rows],
        domains=[index.domains[row] for row in rows],
        cath=[index.cath[row] for row in rows],
        traces=KnownTraces.build(
            [traces.ca(row) for row in rows], [traces.sequence(row) for row in rows]
        ),
    )
