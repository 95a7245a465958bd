"""Measured changes of stability, all tables in one form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pandas as pd

COLUMNS: Final = ["protein", "file", "chain", "number", "wild_type", "mutant", "ddg"]
"""Columns of every table: ``file`` counts from the folder of structures, amino acids are one
letter, ``ddg`` in kcal/mol, positive = destabilising; a mutation measured several times is one
row with the mean."""


def s2648(data: Path) -> pd.DataFrame:
    """Return S2648, 2,648 mutations of 131 proteins.

    Parameters
    ----------
    data
        Folder of the shared data.
    """
    table = pd.read_csv(data / "ddg" / "s2648.csv", keep_default_na=False)
    table = table.rename(columns={"pdb": "protein", "position": "number"})
    return _once(table)


def megascale(data: Path) -> pd.DataFrame:
    """Return the open part of Megascale, single mutations of 37 proteins.

    Parameters
    ----------
    data
        Folder of the shared data.
    """
    table = pd.read_csv(data / "stability" / "megascale.csv.xz", keep_default_na=False)
    table["number"] = table["residue"]
    table["wild_type"], table["mutant"] = table["mutation"].str[0], table["mutation"].str[-1]
    table["file"] = "stability/" + table["file"]
    return _once(table)


def s8754(data: Path) -> pd.DataFrame:
    """Return the mutations of S8754 whose structures are there.

    Parameters
    ----------
    data
        Folder of the shared data; structures are named by PDB entry.
    """
    table = pd.read_csv(data / "stability" / "S8754.csv.xz", keep_default_na=False)
    mutation = r"(?P<wild_type>[A-Z])(?P<number>-?\d+)(?P<mutant>[A-Z])"
    form = rf"^rcsb_(?P<protein>\w+?)_(?P<chain>\w+?)_{mutation}_"
    table = pd.concat([table, table["name"].str.extract(form)], axis=1).dropna()
    table["number"] = table["number"].astype(int)
    table["file"] = "stability/structures/prostata-" + table["protein"] + ".pdb"
    table["ddg"] = -table["ddG"]
    return _once(table)


TABLES: Final[dict[str, Callable[[Path], pd.DataFrame]]] = {
    "S2648": s2648,
    "Megascale": megascale,
    "S8754": s8754,
}


def _once(table: pd.DataFrame) -> pd.DataFrame:
    keys = COLUMNS[:-1]
    means = table.groupby(keys, sort=False, as_index=False)["ddg"].mean()
    return means[COLUMNS]
