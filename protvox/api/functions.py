"""Predictions in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from protvox.api.sources import Source, as_structure, takes_sources
from protvox.structure.disorder import DisorderOption
from protvox.structure.domain_option import parse_domain_option
from protvox.structure.selection import Selection

if TYPE_CHECKING:
    from protvox.predict.embedding.embeddings import Embeddings
    from protvox.predict.results.prediction import Prediction
    from protvox.predict.search.results import SearchResult
    from protvox.predict.search.search import Sort
    from protvox.voxel.grids.density_map import DensityMap

Domains = str | Sequence[Selection | str] | None
"""``"auto"``, ``"chain"``, or a list of domains."""
Per = Literal["domain", "residue"]


@takes_sources
def classify(
    source: Source,
    *,
    task: str = "all",
    domains: Domains = "auto",
    chain: str | None = None,
    top_k: int = 5,
    traces: bool = False,
    device: str = "auto",
    model: str | None = None,
    plddt: float = 50.0,
    hide_disordered: bool = False,
    assembly: str | int | None = None,
    unique: bool = False,
) -> Prediction:
    """Predict amino-acid environments and CATH architectures of a structure.

    Parameters
    ----------
    source
        A structure, or anything that `protvox.read_structure` accepts: a path, an identifier,
        content, an open file, or an object of Biopython, biotite, gemmi, mdtraj or MDAnalysis.
        Or a list or tuple of these, which gives a list of results in the same order.
    task
        ``"all"``, ``"cath"``, ``"environment"``, or another task of ``protvox.models()``.
    domains
        ``"auto"`` splits every chain into domains; ``"chain"`` treats every chain as one domain;
        or the domains to classify, e.g. ``["A:1-90,120-150"]``.
    chain
        Predict this chain only. Other chains still form its environment.
    top_k
        Number of architectures per domain.
    traces
        Whether the JSON form has the CA atoms of the hits, moved onto their domain.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        Name of a model to use instead of the released one.
    plddt
        Residues of a predicted model with a pLDDT below this are disordered: they are not part of
        domains, and are flagged. 0 switches it off.
    hide_disordered
        Whether the environments of other residues leave disordered residues out.
    assembly
        Biological assembly to build from the file, usually ``"1"``; copies of chain A are called
        ``A-2``, ``A-3``, ...
    unique
        Predict one of several identical chains; ``input.same_as`` of the result names it for the
        others.

    Returns
    -------
    Prediction
        With ``domains``, ``residues``, ``to_json()`` and ``to_pandas()``.

    Raises
    ------
    UsageError
        If an option is invalid.
    InputError
        If the structure cannot be read, or nothing in it can be predicted; for a list, with the
        index of the structure.
    ModelError
        If a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.

    Examples
    --------
    >>> protvox.classify("1pwc")  # doctest: +SKIP
    Prediction('1pwc', 2 domains, 345 residues)
    """
    from protvox.predict.classify import classify

    return classify(
        as_structure(source, assembly, unique),
        task=task,
        domains=parse_domain_option(domains),
        chain=chain,
        top_k=top_k,
        traces=traces,
        device=device,
        model=model,
        disorder=DisorderOption(plddt, hide_disordered),
    )


@takes_sources
def embed(
    source: Source,
    *,
    per: Per = "domain",
    domains: Domains = "auto",
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    plddt: float = 50.0,
    hide_disordered: bool = False,
    assembly: str | int | None = None,
    unique: bool = False,
) -> Embeddings:
    """Embed the domains or the residues of a structure.

    Parameters
    ----------
    source
        See `classify`.
    per
        ``"domain"``: vectors of length 1, similar for domains of one fold; ``"residue"``:
        features of the environment of every residue, which excludes its own side chain.
    domains, chain, device, model, assembly, unique
        See `classify`.
    plddt, hide_disordered
        See `classify`.

    Returns
    -------
    Embeddings
        With ``vectors`` (``domain axis`` or ``residue axis`` float32), ``to_pandas()`` and
        ``to_json()``; independent of the orientation of the structure.

    Raises
    ------
    InputError
        If the structure cannot be read, or nothing in it can be embedded.
    ModelError
        If a model is missing or damaged, or has no embedding.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.embedding.embed import embed

    return embed(
        as_structure(source, assembly, unique),
        per=per,
        domains=parse_domain_option(domains),
        chain=chain,
        device=device,
        model=model,
        disorder=DisorderOption(plddt, hide_disordered),
    )


@takes_sources
def search(
    source: Source,
    *,
    index: str | Path | None = None,
    top_k: int = 20,
    sort: Sort = "similarity",
    traces: bool = False,
    domains: Domains = "auto",
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
    plddt: float = 50.0,
    assembly: str | int | None = None,
    unique: bool = False,
) -> SearchResult:
    """Find the known domains nearest to those of a structure.

    Parameters
    ----------
    source
        See `classify`.
    index
        File from ``protvox index build``; by default the CATH domains that come with the
        model.
    top_k
        Number of neighbours per domain, at least 1.
    sort
        ``"similarity"`` of the embeddings, or ``"tm"``: those that are aligned, by the mean of
        both TM-scores.
    traces
        Whether the JSON form has the CA atoms of the aligned neighbours, moved onto the query;
        ``superposed()`` of a neighbour returns them anyway.
    domains, chain, device, model, assembly, unique
        See `classify`.
    plddt
        See `classify`.

    Returns
    -------
    SearchResult
        With ``to_pandas()``, ``to_json()`` and ``domains``, each with its ``nearest``.

    Raises
    ------
    InputError
        If the structure cannot be read or has no domains.
    ModelError
        If the index or a model is missing or damaged, or they do not match.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.search.search import search

    return search(
        as_structure(source, assembly, unique),
        index=None if index is None else Path(index),
        top_k=top_k,
        sort=sort,
        traces=traces,
        domains=parse_domain_option(domains),
        chain=chain,
        device=device,
        model=model,
        disorder=DisorderOption(plddt),
    )


@takes_sources
def voxelize(
    source: Source,
    *,
    domain: Selection | str | None = None,
    spacing: float = 1.0,
    sigma: float = 1.0,
    channels: str = "types",
    assembly: str | int | None = None,
) -> DensityMap:
    """Compute the atom densities of a structure on a voxel grid.

    Parameters
    ----------
    source
        See `classify`.
    domain
        Residues to include, e.g. ``"A:1-90,120-150"``; all by default.
    spacing
        Edge of a voxel, Å.
    sigma
        Standard deviation of the Gaussian of an atom, Å.
    channels
        A name from `protvox.voxel.grids.channels.CHANNEL_NAMES`.
    assembly
        See `classify`.

    Returns
    -------
    DensityMap
        With ``values`` (``channel x y z`` float32), ``origin`` and ``channels``, in the
        coordinate frame of the structure.

    Raises
    ------
    InputError
        If the structure cannot be read, or the grid would be empty or too large.
    ModelError
        If spacing, sigma or channels are invalid.
    """
    from protvox.structure.selection import parse_selection
    from protvox.voxel.grids.density_map import voxelize_structure

    structure = as_structure(source, assembly)
    selection = parse_selection(domain) if isinstance(domain, str) else domain
    residues = None if selection is None else selection.mask(structure)
    return voxelize_structure(structure, residues, spacing=spacing, sigma=sigma, channels=channels)
