"""Groups of protein chains with the same sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protvox.checkpoint import checkpoint
from protvox.messages import chain_label, listing
from protvox.structure.structure import Structure

Sequence_ = tuple[str, ...]


def find_identical(
    structure: Structure, declared: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], list[str]]:
    """Return which protein chains are identical to another one.

    Two chains are identical if their declared sequences (SEQRES, ``entity_poly_seq``) are the
    same. If one of them has none, the names of its residues with coordinates, in file order, must
    be those of the other. A copy in an assembly is identical to its original. The chain with
    the most residues represents its group, and the first of them in the file among equals.

    Parameters
    ----------
    structure
        A structure, or an assembly.
    declared
        Chains of the file to their declared sequences.

    Returns
    -------
    same_as : dict
        Chain to the chain that represents it, in file order; without the latter.
    warnings : list of str
        Which identical chains have other residues with coordinates than their representative.
    """
    original = {copy.chain: copy.copy_of for copy in structure.copies}
    protein = structure.is_protein
    modelled: dict[str, list[str]] = {name: [] for name in structure.protein_chains}
    pairs = zip(structure.chain[protein].tolist(), structure.residue_name[protein], strict=True)
    for chain, residue in pairs:
        modelled[chain].append(str(residue))
    groups: list[list[str]] = []
    for chain in modelled:
        checkpoint()
        source = original.get(chain, chain)
        sequence = declared.get(source)
        for group in groups:
            first = original.get(group[0], group[0])
            other = declared.get(first)
            if source == first or (
                modelled[chain] == modelled[group[0]]
                if sequence is None or other is None
                else list(sequence) == list(other)
            ):
                group.append(chain)
                break
        else:
            groups.append([chain])
    same_as: dict[str, str] = {}
    for group in groups:
        best = max(group, key=lambda chain: len(modelled[chain]))
        same_as |= {chain: best for chain in group if chain != best}
    same_as = {chain: same_as[chain] for chain in modelled if chain in same_as}
    return same_as, _differences(same_as, modelled)


def _differences(same_as: dict[str, str], modelled: dict[str, list[str]]) -> list[str]:
    unlike = [
        f"{chain_label(chain)} ({len(modelled[chain])} residues; {chain_label(other)} has "
        f"{len(modelled[other])})"
        for chain, other in same_as.items()
        if modelled[chain] != modelled[other]
    ]
    if not unlike:
        return []
    return [
        "Not scored, because their declared sequences are those of another chain, although other "
        f"residues have coordinates: {listing(unlike)}."
    ]
