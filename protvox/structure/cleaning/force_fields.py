"""Residue names of force fields and simulation programs that the PDB does not use."""

from __future__ import annotations

from typing import Final

_PROTONATED: Final = {
    "ARG": "ARN ARGN ARGH ARGP RGN",
    "ASP": "ASH ASPH ASPP ASPN AS4 ASZ ASM APP",
    "CYS": "CYX CYM CYN CYS1 CYS2 CYSH CYSN CYSX CYSS CYP CYSD CYSG CYT CYSP CYD",
    "GLN": "GLNN",
    "GLU": "GLH GLUH GLUP GLM GL4 GLZ",
    "HIS": "HID HIE HIP HIN HISA HISB HISH HISD HISE HISP HISN HIS1 HIS2 HSD HSE HSP HSPM "
    "HS2 HIQ HYD HDD HDE HDP",
    "LYS": "LYN LYP LYSH LYSN LSN LYSP LYZ",
    "SER": "SRO SERN SERD S1P S2P",
    "THR": "THO THRN T1P T2P",
    "TYR": "TYM TYN TYRU TYRN TYRO TYO TYD Y1P Y2P",
    "ASN": "ASNN",
    "MET": "METN",
    "TRP": "TRPN",
    "PRO": "PRON",
}

_AMBER: Final = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL "
    "HID:HIS HIE:HIS HIP:HIS CYX:CYS CYM:CYS CYN:CYS ASH:ASP GLH:GLU LYN:LYS LYP:LYS HYP:PRO "
    "NLE:LEU"
)

_LIPIDS: Final = (
    "POPC POPE POPG POPS POPA POPI DPPC DPPE DPPG DPPS DMPC DMPE DMPG DMPS DOPC DOPE DOPG DOPS "
    "DLPC DLPE DSPC DSPE DAPC SDPC PLPC SAPC CHL1 CHOL ERGO PIPI POPX DOPX PSM1 CER1 GLPA"
)

_SOLVENTS: Final = (
    "TIP3 TIP4 TIP5 SPCE SPCF SPC1 H2OM SOLV WATR T3P1 T4P1 TP3M TP4E TP4M OPC3 HOH1 SPCW"
)

_NUCLEOTIDES: Final = (
    "ADE GUA CYT URA THY DADE DGUA DCYT DTHY RADE RGUA RCYT RURA RA RG RC RU DAN DGN DCN DTN "
    "DA3 DA5 DG3 DG5 DC3 DC5 DT3 DT5 RA3 RA5 RG3 RG5 RC3 RC5 RU3 RU5"
)


def _parents() -> dict[str, str]:
    found = {name: parent for parent, names in _PROTONATED.items() for name in names.split()}
    for entry in _AMBER.split():
        name, _, parent = entry.partition(":")
        # AMBER and older GROMACS files prefix the names of terminal residues with N and C.
        found |= {f"{end}{name}": parent or name for end in "NC"}
    return found


FORCE_FIELD_PARENTS: Final = _parents()
"""Standard amino acids of protonated, disulfide-bonded and terminal residue names."""

LIPIDS: Final = frozenset(_LIPIDS.split())
"""Four-letter names of lipids."""

SOLVENTS: Final = frozenset(_SOLVENTS.split())
"""Four-letter names of waters."""

NUCLEOTIDES: Final = frozenset(_NUCLEOTIDES.split())
"""Names of nucleotides that the Chemical Component Dictionary lacks or uses for bases."""
