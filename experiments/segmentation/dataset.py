"""Chains with their CATH domains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure

LEAST_COVERAGE: Final = 0.8
"""Share of the residues of a chain that its domains must cover."""

_HELD_OUT: Final = ("test", "val")


@dataclass(frozen=True, slots=True)
class LabelledChain:
    """One chain.

    Attributes
    ----------
    file, chain
        File and chain name.
    ca
        ``residue 3`` float32, Å, without residues that lack CA.
    labels
        ``residue`` int64, number of the CATH domain from 1, 0 for none.
    split
        ``"test"`` if any of its domains or the chain itself is held out for it, ``"val"``
        likewise, ``"train"`` otherwise.
    all_domains_test, chain_test
        Whether all its domains are test domains; whether the chain is a test chain of
        ``chains.csv``.
    """

    file: str
    chain: str
    ca: NDArray[np.float32]
    labels: NDArray[np.int64]
    split: str
    all_domains_test: bool
    chain_test: bool

    @property
    def n_domains(self) -> int:
        """Number of CATH domains."""
        return int(self.labels.max())


def read_chains(
    tables: Path, structures: Path, splits: tuple[str, ...]
) -> tuple[list[LabelledChain], list[str]]:
    """Read all chains of some splits whose domains cover most of them.

    Parameters
    ----------
    tables
        Folder of ``domains.csv`` and ``chains.csv``.
    structures
        Folder of the paths in their column ``file``.
    splits
        Which to read.

    Returns
    -------
    chains : list of LabelledChain
        In the order of the table.
    unread : list of str
        Chains whose boundaries do not fit the file (numbers that run backwards, mostly).
    """
    table = pd.read_csv(tables / "domains.csv", keep_default_na=False, dtype={"chain": str})
    of_chains = pd.read_csv(tables / "chains.csv", keep_default_na=False, dtype={"chain": str})
    split = of_chains.set_index(["file", "chain"])["split"].to_dict()
    # Files of single domains are not chains.
    table = table[table["file"].str.startswith("entries/")]
    chains: list[LabelledChain] = []
    unread: list[str] = []
    for file, rows in table.groupby("file"):
        wanted = [
            (name, part)
            for name, part in rows.groupby("chain")
            if _split(part, split.get((file, name), "")) in splits
        ]
        if not wanted:
            continue
        structure = read_structure(structures / str(file))
        for name, part in wanted:
            try:
                found = _label(structure, str(file), str(name), part, split.get((file, name), ""))
            except InputError:
                unread.append(f"{file} {name}")
                continue
            if (found.labels > 0).mean() >= LEAST_COVERAGE:
                chains.append(found)
    return chains, unread


def _split(rows: pd.DataFrame, of_chain: str) -> str:
    found = {of_chain, *rows["split"]}
    return next((name for name in _HELD_OUT if name in found), "train")


def _label(
    structure: Structure, file: str, chain: str, rows: pd.DataFrame, of_chain: str
) -> LabelledChain:
    ca = structure.backbone()[:, 1]
    here = structure.is_protein & (structure.chain == chain) & np.isfinite(ca).all(axis=1)
    labels = np.zeros(structure.n_residues, dtype=np.int64)
    for number, chopping in enumerate(rows["chopping"], start=1):
        text = f"{chain}:{chopping}" if chopping else chain
        labels[parse_selection(text).mask(structure)] = number
    return LabelledChain(
        file,
        chain,
        ca[here],
        labels[here],
        _split(rows, of_chain),
        set(rows["split"]) == {"test"},
        of_chain == "test",
    )


def by_file(chains: list[LabelledChain]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield every file with the rows of its chains; chains of one file are not independent."""
    files = np.array([chain.file for chain in chains])
    for file in dict.fromkeys(files.tolist()):
        yield file, np.flatnonzero(files == file)
