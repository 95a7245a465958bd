"""Checks in one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from protvox.api.sources import Source, as_structure, takes_sources

if TYPE_CHECKING:
    from protvox.predict.check.results import CheckResult


@takes_sources
def check(
    source: Source,
    *,
    sequences: Mapping[str, str] | str | Path | None = None,
    chain: str | None = None,
    device: str = "auto",
    assembly: str | int | None = None,
    unique: bool = False,
) -> CheckResult:
    """Find what may be wrong with a model, from its coordinates alone.

    Parameters
    ----------
    source
        See `protvox.classify`.
    sequences
        Sequences that the chains should have: name to one-letter codes, or the path of a FASTA
        file. By default those that the file declares, or else those of the model.
    chain
        Check this chain only. Other chains still form its environment.
    device, assembly, unique
        See `protvox.classify`.

    Returns
    -------
    CheckResult
        With ``segments``, ``residues``, ``overall``, ``to_json()`` and ``to_pandas()``.

    Raises
    ------
    InputError
        If the structure or the sequences cannot be read, or there is nothing to check.
    ModelError
        If the model is missing, damaged, or not the one that the check was calibrated for.
    DeviceError
        If the device is missing or out of memory.

    Examples
    --------
    >>> protvox.check("1pwc")  # doctest: +SKIP
    CheckResult('1pwc', 0 segments, 1 residue)
    """
    from protvox.predict.check.check import check
    from protvox.predict.check.fasta import read_fasta

    given = read_fasta(sequences) if isinstance(sequences, str | Path) else sequences
    structure = as_structure(source, assembly, unique)
    return check(structure, sequences=given, chain=chain, device=device)
