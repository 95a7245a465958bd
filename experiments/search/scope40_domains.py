"""Domains of SCOPe40 whose chain is at hand, for ``experiments.search.scope40``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.cath.traces import read_traces
from experiments.search.aligned_hits import of_index
from experiments.search.features import CPU
from protvox.networks.cath import CathNet
from protvox.networks.poses import pooled_features
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure

LEAST_RESIDUES = 20
"""Residues of the shortest domain that is used."""


@dataclass(frozen=True)
class Scope:
    """Domains of SCOPe40 at hand.

    Attributes
    ----------
    sids, classes
        ``domain``, names and ``a.1.1.1``.
    traces
        ``domain``, ``residue 3`` float32, Å.
    cath
        ``domain``, CATH superfamilies of the chain.
    """

    sids: list[str]
    classes: list[str]
    traces: list[NDArray[np.float32]]
    cath: list[tuple[str, ...]]

    def level(self, parts: int) -> NDArray[np.str_]:
        """Return the fold (2 parts), superfamily (3) or family (4) of every domain."""
        return np.array([".".join(code.split(".")[:parts]) for code in self.classes])


def read_scope(scope: Path, chains: Path, index: Index, table: Path, structures: Path) -> Scope:
    """Read the whole-chain domains of SCOPe40 whose chain is at hand.

    Parameters
    ----------
    scope
        Folder with ``scop_lookup.tsv.xz``.
    chains
        Folder with ``chains.csv.xz`` and ``ca.i16.xz``: whole chains, the longest unbroken stretch.
    index
        The released index, for domains that are whole chains.
    table, structures
        ``domains.csv`` and the folder of its files.
    """
    known: dict[str, tuple[NDArray[np.float32], tuple[str, ...]]] = {}
    listed = pd.read_csv(chains / "chains.csv.xz", dtype=str, keep_default_na=False)
    rows = zip(
        listed["pdb"],
        listed["chain"],
        listed["domains"],
        read_traces(chains / "ca.i16.xz"),
        strict=True,
    )
    for pdb, chain, domains, trace in rows:
        codes = tuple(sorted({part.split(":")[1] for part in domains.split("|") if part}))
        known[f"{pdb}{chain}".lower()] = (trace, codes)
    for name, cath, trace in zip(index.domains, index.cath, of_index(index).traces, strict=True):
        if name.endswith("00"):
            known.setdefault(name[:5].lower(), (trace.ca.astype(np.float32), (cath,)))
    codes_of: dict[str, set[str]] = {}
    whole: dict[str, Path] = {}
    for row in pd.read_csv(table, dtype=str, keep_default_na=False).itertuples():
        key = str(row.domain)[:5].lower()
        codes_of.setdefault(key, set()).add(str(row.cath))
        if str(row.domain).endswith("00"):
            whole[key] = structures / str(row.file)
    lookup = pd.read_csv(
        scope / "scop_lookup.tsv.xz", sep="\t", header=None, names=["sid", "sccs"], dtype=str
    )
    found = Scope([], [], [], [])
    for sid, sccs in zip(lookup["sid"], lookup["sccs"], strict=True):
        key = sid[1:6].lower()
        if not sid.endswith("_"):
            continue
        entry = whole.get(key, structures / "entries" / f"{key[:4]}.pdb")
        if key in known:
            trace, codes = known[key]
        elif key in codes_of and entry.exists():
            trace, codes = _read_chain(entry, key[4]), tuple(sorted(codes_of[key]))
        else:
            continue
        if len(trace) < LEAST_RESIDUES:
            continue
        found.sids.append(sid)
        found.classes.append(sccs)
        found.traces.append(trace)
        found.cath.append(codes)
    return found


def _read_chain(path: Path, chain: str) -> NDArray[np.float32]:
    structure = read_structure(path)
    same = np.array([name.lower() == chain for name in structure.chain.tolist()])
    part = structure.select(structure.is_protein & same)
    return DomainTrace.of(part).ca.astype(np.float32)


def embed(
    network: CathNet, head: EmbeddingHead, traces: Sequence[NDArray[np.float32]], cache: Path
) -> NDArray[np.float32]:
    """Return the embeddings of traces, ``domain axis`` float32, kept in a file."""
    path = cache / f"scope40-{head.sha256[:12]}.npy"
    if path.exists():
        vectors: NDArray[np.float32] = np.load(path)
        if len(vectors) == len(traces):
            return vectors
    rows = []
    for number, ca in enumerate(traces, start=1):
        features = pooled_features(network, [ca], CPU)
        rows.append(head.embed(features.numpy(), describe_trace(ca)[None])[0])
        if number % 200 == 0:
            print(f"embedded {number} of {len(traces)}", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.stack(rows))
    return np.stack(rows)
