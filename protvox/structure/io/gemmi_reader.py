"""Parsing of PDB and mmCIF text into an atom table, with gemmi."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, Declared, factorize

if TYPE_CHECKING:
    import gemmi

_POLYMER: Final = 1
_WATER: Final = 4
_HETATM: Final = ord("H")
_ELEMENTS: Final = 119
_MAX_NAME: Final = 7
"""Longest name that gemmi's flat arrays can hold."""


def parse_text(data: bytes, form: str) -> AtomTable:
    """Parse PDB or mmCIF text.

    Parameters
    ----------
    data
        Plain text.
    form
        ``"pdb"`` or ``"mmcif"``.

    Returns
    -------
    AtomTable
        In gemmi's order: model, chain, residue, atom.

    Raises
    ------
    RuntimeError, ValueError
        From gemmi, for invalid text; the caller converts them to `protvox.errors.InputError`.
    """
    import gemmi

    strands: dict[str, str] = {}
    if form == "pdb":
        structure = gemmi.read_pdb_string(data)
        _name_blank_chains(structure)
    else:
        document = gemmi.cif.Document()
        structure = gemmi.read_structure_string(
            data, format=gemmi.CoorFormat.Mmcif, save_doc=document
        )
        strands = _strands(document)
    declared = _declared(structure, strands)
    chain_names: dict[str, str] = {}
    try:
        flat = gemmi.FlatStructure(structure)
    except RuntimeError:  # A chain name is too long for flat arrays.
        chain_names = _alias_long_chains(structure)
        flat = gemmi.FlatStructure(structure)
    hetero = np.array(flat.het_flags) == _HETATM
    entity = np.array(flat.entity_type)
    polymer = (entity == _POLYMER).astype(np.int8)
    # Some programs write TER at every gap, so in PDB files an ATOM record after TER may still
    # belong to the polymer.
    polymer[(entity == 0) | ((form == "pdb") & ~hetero & (polymer == 0))] = -1
    chain = _text(flat.chain_ids)
    if chain_names:
        words, which = factorize(chain)
        chain = np.array([chain_names.get(name, name) for name in words])[which]
    return AtomTable(
        model=np.array(flat.model_num, dtype=np.int32),
        chain=chain,
        number=np.array(flat.resnums, dtype=np.int32),
        insertion_code=_character(flat.icodes),
        residue_name=_text(flat.residue_names),
        atom_name=_text(flat.atom_names),
        element=_symbols()[np.array(flat.elements)],
        altloc=_character(flat.altlocs),
        occupancy=np.array(flat.occ, dtype=np.float32),
        coordinates=np.array(flat.pos, dtype=np.float64),
        hetero=hetero,
        polymer=polymer,
        water=entity == _WATER,
        declared=declared,
    )


def _name_blank_chains(structure: gemmi.Structure) -> None:
    """Name blank chains after their segments, which simulation programs write instead."""
    import gemmi

    for model in structure:
        parts: dict[str, gemmi.Chain] = {}
        replaced = []
        for i, chain in enumerate(model):
            if not chain.name and any(residue.segment for residue in chain):
                replaced.append(i)
                for residue in chain:
                    part = parts.setdefault(residue.segment, gemmi.Chain(residue.segment))
                    part.add_residue(residue)
        for i in reversed(replaced):
            del model[i]
        for part in parts.values():
            model.add_chain(part)


def _alias_long_chains(structure: gemmi.Structure) -> dict[str, str]:
    """Shorten names that flat arrays cannot hold; return a map from short to long names."""
    aliases: dict[str, str] = {}
    taken = {chain.name for model in structure for chain in model}
    for model in structure:
        for chain in model:
            if len(chain.name) > _MAX_NAME:
                short = aliases.get(chain.name)
                if short is None:
                    short = next(a for i in range(len(taken) + 1) if (a := f"~{i}") not in taken)
                    taken.add(short)
                    aliases[chain.name] = short
                chain.name = short
            for residue in chain:
                if len(residue.subchain) > _MAX_NAME:
                    residue.subchain = ""
                if len(residue.entity_id) > _MAX_NAME:
                    residue.entity_id = ""
    return {short: long for long, short in aliases.items()}


def _text(codes: Any) -> NDArray[np.str_]:
    # Widening each character from one byte to four gives numpy's layout of strings.
    wide = np.ascontiguousarray(codes).view(np.uint8).astype(np.uint32)
    return wide.view(f"<U{wide.shape[1]}").ravel()


def _character(codes: Any) -> NDArray[np.str_]:
    wide = np.array(codes).view(np.uint8).astype(np.uint32)
    wide[wide == ord(" ")] = 0
    return wide.view("<U1")


@lru_cache(maxsize=1)
def _symbols() -> NDArray[np.str_]:
    """Return upper-case element symbols by gemmi's element number."""
    import gemmi

    # gemmi numbers deuterium after the last element.
    return np.array([*(gemmi.Element(z).name.upper() for z in range(_ELEMENTS)), "D"])


def _strands(document: gemmi.cif.Document) -> dict[str, str]:
    """Return the author chains of each polymer entity, separated by commas."""
    import gemmi

    return {
        gemmi.cif.as_string(row[0]): gemmi.cif.as_string(row[1])
        for block in document
        for row in block.find("_entity_poly.", ["entity_id", "pdbx_strand_id"])
    }


def _declared(structure: gemmi.Structure, strands: dict[str, str]) -> tuple[Declared, ...]:
    chain_of: dict[str, str] = {}
    if len(structure):
        for chain in structure[0]:
            for subchain in chain.subchains():
                chain_of[subchain.subchain_id()] = chain.name
    found = []
    for entity in structure.entities:
        if not entity.full_sequence:
            continue
        # SEQRES names one chain; mmCIF lists all, including those without coordinates.
        chains = [name.strip() for name in strands.get(entity.name, "").split(",")]
        if not any(chains):
            chains = [chain_of[s] for s in entity.subchains if s in chain_of] or [entity.name]
        # Microheterogeneity is written as "SER,THR"; only the first is counted.
        residues = tuple(item.split(",")[0] for item in entity.full_sequence)
        found.append(Declared(tuple(dict.fromkeys(chains)), residues))
    return tuple(found)
