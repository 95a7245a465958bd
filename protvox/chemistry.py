"""Amino acids, modified residues, elements and atom types."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

AMINO_ACIDS: Final = (
    "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE",
    "LEU", "LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL",
)  # fmt: skip
"""The 20 standard amino acids, three-letter codes, in the order of every 20-way output."""

ONE_LETTER: Final = MappingProxyType(dict(zip(AMINO_ACIDS, "ARNDCQEGHILKMFPSTWYV", strict=True)))
"""Three-letter to one-letter codes of the standard amino acids."""

THREE_LETTER: Final = MappingProxyType({one: three for three, one in ONE_LETTER.items()})
"""One-letter to three-letter codes of the standard amino acids."""

AMINO_ACID_INDEX: Final = MappingProxyType({name: i for i, name in enumerate(AMINO_ACIDS)})

BACKBONE_ATOMS: Final = ("N", "CA", "C", "O")
"""The atoms that are kept when the side chain of a residue is removed."""

ATOM_TYPES: Final = (
    "backbone_N", "backbone_CA", "backbone_C", "backbone_O",
    "aliphatic_C", "aromatic_C", "polar_C",
    "charged_N", "neutral_N", "charged_O", "neutral_O", "sulfur",
    "hetero_C", "hetero_polar", "metal",
)  # fmt: skip
"""Atom-type channels: four of the protein backbone, eight of protein side chains, and three of
everything else (carbon of ligands and nucleic acids; their N, O, S, P and halogens; metals)."""

ATOM_TYPE_INDEX: Final = MappingProxyType({name: i for i, name in enumerate(ATOM_TYPES)})

METALS: Final = frozenset({
    "LI", "BE", "NA", "MG", "AL", "K", "CA", "SC", "TI", "V", "CR", "MN", "FE", "CO", "NI",
    "CU", "ZN", "GA", "RB", "SR", "Y", "ZR", "NB", "MO", "TC", "RU", "RH", "PD", "AG", "CD",
    "IN", "SN", "CS", "BA", "LA", "CE", "PR", "ND", "SM", "EU", "GD", "TB", "DY", "HO", "ER",
    "TM", "YB", "LU", "HF", "TA", "W", "RE", "OS", "IR", "PT", "AU", "HG", "TL", "PB", "BI",
    "TH", "U",
})  # fmt: skip
"""Element symbols (upper case) of the ``metal`` channel."""

_SIDE_CHAIN_TYPES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "polar_C": {"ASP": ("CG",), "GLU": ("CD",), "ASN": ("CG",), "GLN": ("CD",), "ARG": ("CZ",)},
    "charged_N": {"LYS": ("NZ",), "ARG": ("NE", "NH1", "NH2")},
    "charged_O": {"ASP": ("OD1", "OD2"), "GLU": ("OE1", "OE2")},
    "aromatic_C": {
        "PHE": ("CG", "CD1", "CD2", "CE1", "CE2", "CZ"),
        "TYR": ("CG", "CD1", "CD2", "CE1", "CE2", "CZ"),
        "TRP": ("CG", "CD1", "CD2", "CE2", "CE3", "CZ2", "CZ3", "CH2"),
        "HIS": ("CG", "CD2", "CE1"),
    },
}
_SIDE_CHAIN_TYPE: Final = {
    (residue, atom): ATOM_TYPE_INDEX[kind]
    for kind, residues in _SIDE_CHAIN_TYPES.items()
    for residue, atoms in residues.items()
    for atom in atoms
}
_BACKBONE_TYPE: Final = {
    "N": ATOM_TYPE_INDEX["backbone_N"],
    "CA": ATOM_TYPE_INDEX["backbone_CA"],
    "C": ATOM_TYPE_INDEX["backbone_C"],
    "O": ATOM_TYPE_INDEX["backbone_O"],
    "OXT": ATOM_TYPE_INDEX["backbone_O"],
}
_SIDE_CHAIN_BY_ELEMENT: Final = {
    "C": ATOM_TYPE_INDEX["aliphatic_C"],
    "N": ATOM_TYPE_INDEX["neutral_N"],
    "O": ATOM_TYPE_INDEX["neutral_O"],
    "S": ATOM_TYPE_INDEX["sulfur"],
    "SE": ATOM_TYPE_INDEX["sulfur"],
}

MODIFIED_RESIDUES: Final = MappingProxyType({
    "MSE": "MET", "SEP": "SER", "TPO": "THR", "PTR": "TYR", "CSO": "CYS", "OCS": "CYS",
    "CME": "CYS", "CSD": "CYS", "CSX": "CYS", "CAS": "CYS", "CSS": "CYS", "SMC": "CYS",
    "YCM": "CYS", "CAF": "CYS", "SNC": "CYS", "CSW": "CYS", "SEC": "CYS", "SCH": "CYS",
    "CMT": "CYS", "CYG": "CYS", "SCY": "CYS", "MLY": "LYS", "M3L": "LYS", "MLZ": "LYS",
    "KCX": "LYS", "LLP": "LYS", "ALY": "LYS", "PYL": "LYS", "HYP": "PRO", "PCA": "GLN",
    "MEN": "ASN", "MHO": "MET", "FME": "MET", "MHS": "HIS", "HIC": "HIS", "NEP": "HIS",
    "AGM": "ARG", "CIR": "ARG", "2MR": "ARG", "DA2": "ARG", "CGU": "GLU", "PHD": "ASP",
    "BFD": "ASP", "IAS": "ASP", "TYS": "TYR", "TYI": "TYR", "IYR": "TYR", "TPQ": "TYR",
    "TRQ": "TRP", "TRO": "TRP", "HTR": "TRP", "KYN": "TRP", "SAC": "SER", "OSE": "SER",
    "BMT": "THR", "MLE": "LEU", "MVA": "VAL", "SAR": "GLY", "AIB": "ALA", "ABA": "ALA",
    "DAL": "ALA", "HID": "HIS", "HIE": "HIS", "HIP": "HIS", "HSD": "HIS", "HSE": "HIS",
    "HSP": "HIS", "CYX": "CYS", "CYM": "CYS", "ASH": "ASP", "GLH": "GLU", "LYN": "LYS",
})  # fmt: skip
"""Standard parents of modified, protonated and force-field residue names."""


def parent_residue(name: str) -> str:
    """Return the standard amino acid that a residue name corresponds to.

    Parameters
    ----------
    name
        Residue name as in the file, upper case.

    Returns
    -------
    str
        Three-letter code from `AMINO_ACIDS`, or ``""`` if there is none.

    Examples
    --------
    >>> parent_residue("MSE")
    'MET'
    """
    return name if name in AMINO_ACID_INDEX else MODIFIED_RESIDUES.get(name, "")


def atom_type(residue: str, atom: str, element: str, *, protein: bool) -> int:
    """Return the atom-type channel of one atom.

    Parameters
    ----------
    residue
        Standard parent residue name (``""`` if none).
    atom
        Atom name without blanks, e.g. ``"CG1"``.
    element
        Element symbol, upper case.
    protein
        True for an atom of a protein residue, False for ligands, nucleic acids and ions.

    Returns
    -------
    int
        Index into `ATOM_TYPES`.

    Examples
    --------
    >>> ATOM_TYPES[atom_type("LYS", "NZ", "N", protein=True)]
    'charged_N'
    """
    if protein:
        kind = _BACKBONE_TYPE.get(atom)
        if kind is None:
            kind = _SIDE_CHAIN_TYPE.get((residue, atom))
        if kind is None:
            kind = _SIDE_CHAIN_BY_ELEMENT.get(element)
        if kind is not None:
            return kind
    if element in METALS:
        return ATOM_TYPE_INDEX["metal"]
    return ATOM_TYPE_INDEX["hetero_C" if element == "C" else "hetero_polar"]
