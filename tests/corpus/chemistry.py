"""Corpus files with ligands, ions, modified residues, water, hydrogens and gaps."""

from __future__ import annotations

from dataclasses import replace

from accepted import BACKBONE, P, ok
from parts import (
    Atom,
    bcif,
    change,
    cif,
    ethanediol,
    of,
    pdb,
    pdb_line,
    put,
    shift,
    single,
    water,
)

CA_ONLY = [a for a in P if a.name == "CA"]
LYS = of(P, 6)
FREE_LYS = shift(change(LYS, number=301, hetero=True, entity="2"), 30)
MSE = [replace(a, residue="MSE", hetero=True, **({"name": "SE", "element": "SE"} if a.name == "SD"
               else {})) for a in of(P, 1)]  # fmt: skip
ZINC = single("ZN", "ZN", 202, "ZN")
CALCIUM = single("CA", "CA", 203, "CA")
CHLORIDE = single("CL", "CL", 204, "CL")
HYDROGENS = [Atom("H", "GLN", 2, 30, 30, 30, "H"), Atom("HA", "GLN", 2, 31, 30, 30, "H"),
             Atom("D", "ILE", 3, 30, 31, 30, "D")]  # fmt: skip
NUCLEOTIDES = [
    Atom(name, residue, number, 60.0 + i, 6.0 * number, 2.0, name[0], chain="B", entity="1")
    for number, residue in ((1, "DG"), (2, "DC"))
    for i, name in enumerate(("P", "O5'", "C5'", "C4'", "C3'", "O3'"))
]


def seqres(names: str) -> str:
    """Return a SEQRES record of chain A."""
    words = names.split()
    return f"SEQRES   1 A {len(words):4d}  {' '.join(words)}\n"


def rename(residues: dict[int, str], *, hetero: bool = False) -> list[Atom]:
    """Return the peptide with other residue names."""
    atoms = P
    for number, name in residues.items():
        atoms = put(atoms, number, residue=name, hetero=hetero)
    return atoms


TRACES = {
    "ca_only.pdb": ok(pdb(CA_ONLY), atoms=6, warnings=["CA atoms only: chain A"]),
    "ca_only.cif": ok(cif(CA_ONLY), form="mmcif", atoms=6,
                      warnings=["CA atoms only: chain A"]),
    "backbone_only.pdb": ok(pdb([a for a in P if a.name in BACKBONE]), atoms=24,
                            warnings=["Backbone atoms only: chain A"]),
    "one_residue.pdb": ok(pdb(of(P, 6)), atoms=9, sequence="K"),
    "missing_backbone.pdb": ok(pdb([a for a in P if (a.number, a.name) != (3, "N")]), atoms=51,
                               warnings=["backbone atoms: 1 residue of chain A"]),
    "residue_without_ca.pdb": ok(pdb([a for a in P if a.number != 6 or a.name in "NC"]),
                                 atoms=45, sequence="MQIFV", ligands=1,
                                 warnings=["CA atom: 1 amino acid"]),
    "ca_as_calcium.pdb": ok(
        pdb([replace(a, element="CA") if a.name == "CA" else a for a in P]),
        warnings=["the element of 6 atoms"]),
}  # fmt: skip

RESIDUES = {
    "selenomethionine.pdb": ok(pdb(MSE + P[8:])),
    "selenomethionine.cif": ok(cif(MSE + P[8:]), form="mmcif"),
    "phosphorylated.cif": ok(cif(rename({2: "SEP", 3: "TPO", 4: "PTR"}, hetero=True)),
                             form="mmcif", sequence="MSTYVK"),
    "force_field_names.pdb": ok(pdb(rename({2: "HSD", 3: "CYX", 4: "GLH", 5: "ASH"})),
                                sequence="MHCEDK"),
    "rare_modified.cif": ok(cif(rename({6: "MLY", 2: "PCA", 3: "MLE"}, hetero=True)),
                            form="mmcif", sequence="MQLFVK"),
    "only_in_gemmi.cif": ok(cif(rename({2: "NLE"}, hetero=True)), form="mmcif",
                            sequence="MLIFVK"),
    "d_residues.cif": ok(cif(rename({2: "DGN", 6: "DLY"}, hetero=True)), form="mmcif",
                         warnings=["L forms: 2 D-amino acids"]),
    "unknown_residues.pdb": ok(pdb(rename({5: "UNK", 6: "UNK"})), sequence="MQIFXX",
                               warnings=["no standard amino acid: 2 residues"]),
    "unknown_name_in_chain.pdb": ok(pdb(rename({3: "QQQ"}, hetero=True)), sequence="MQXFVK",
                                    warnings=["no standard amino acid: 1 residue"]),
    "caps.pdb": ok(pdb([Atom("CH3", "ACE", 0, 25.5, 25.0, 0.5, "C", hetero=True), *P,
                        Atom("N", "NH2", 7, 35.0, 33.0, 30.0, "N", hetero=True)]),
                   atoms=54, ligands=2),
}  # fmt: skip

CONTEXT = {
    "ligand.pdb": ok(pdb(P + ethanediol(), ter=True), atoms=56, ligands=1),
    "ligand.cif": ok(cif(P + ethanediol()), form="mmcif", atoms=56, ligands=1),
    "ligand_same_number.cif": ok(cif(P + ethanediol(3)), form="mmcif", atoms=56, ligands=1),
    "ions.pdb": ok(pdb([*P, ZINC, CALCIUM, CHLORIDE], ter=True), atoms=55, ions=3),
    "ions.bcif": ok(bcif([*P, ZINC, CALCIUM, CHLORIDE]), form="bcif", atoms=55, ions=3),
    "ligand_apart_in_file.pdb": ok(
        pdb(P + shift(change(P, chain="B"), 30) + ethanediol()), atoms=108, ligands=1,
        chains="AB", sequence="MQIFVK" * 2),
    "free_amino_acid_after_ter.pdb": ok(pdb(P + FREE_LYS, ter=True), atoms=61, ligands=1),
    "free_amino_acid_without_ter.pdb": ok(pdb(P + FREE_LYS), atoms=61, ligands=1),
    "free_amino_acid.cif": ok(cif(P + FREE_LYS), form="mmcif", atoms=61, ligands=1),
    "free_amino_acid.bcif": ok(bcif(P + FREE_LYS), form="bcif", atoms=61, ligands=1),
    "with_dna.pdb": ok(pdb(P + NUCLEOTIDES), atoms=64, nucleotides=2),
    "with_dna.cif": ok(cif(P + NUCLEOTIDES), form="mmcif", atoms=64, nucleotides=2),
    "water.pdb": ok(pdb([*P, water(301), water(302), water(303, chain="B")]),
                    dropped=[("2 water molecules", "chain A"), ("1 water molecule", "chain B")]),
    "water.bcif": ok(bcif([*P, water(301)]), form="bcif",
                     dropped=[("1 water molecule", "chain A")]),
    "water_names.pdb": ok(
        pdb([*P, *(water(i, w) for i, w in enumerate(("HOH", "WAT", "DOD", "TIP", "SOL"), 301))]),
        dropped=[("5 water molecules", "chain A")]),
    "hydrogens.pdb": ok(pdb(P + HYDROGENS), dropped=[("3 hydrogen atoms", "chain A")]),
    "hydrogens.cif": ok(cif(P + HYDROGENS), form="mmcif",
                        dropped=[("3 hydrogen atoms", "chain A")]),
    "dummies.pdb": ok(pdb([*P, single("N", "DUM", 401, "N"), single("UNK", "UNX", 402, "X")]),
                      dropped=[("2 atoms", "chain A")]),
}  # fmt: skip

FULL = "MET GLN ILE PHE VAL LYS THR LEU"
SEQUENCES = {
    "seqres_gap.pdb": ok(pdb(P, head=seqres(FULL), end="TER\nEND\n"),
                         warnings=["2 of 8 in chain A"]),
    "seqres_caps.pdb": ok(pdb(P, head=seqres(f"ACE {FULL[:23]} NH2"), end="TER\nEND\n")),
    "seqres_complete.pdb": ok(pdb(P, head=seqres(FULL[:23]), end="TER\nEND\n")),
    "cut_at_row_end.cif": ok(cif(P[:25], sequence=FULL.split()), form="mmcif", atoms=25,
                             sequence="MQI", warnings=["5 of 8 in chain A"]),
    "seqres_chain_absent.pdb": ok(
        pdb(P, head=seqres(FULL[:23]) + seqres(FULL).replace(" A ", " B "), end="TER\nEND\n"),
        warnings=["8 of 8 in chain B"]),
    "cut_before_chain.cif": ok(
        cif(P, sequence=FULL.split()[:6], strands="A,B"), form="mmcif",
        warnings=["6 of 6 in chain B"]),
    "sequence_complete.cif": ok(cif(P, sequence=FULL.split()[:6]), form="mmcif"),
    "cut_within_line.pdb": ok("".join(f"{pdb_line(a, i)}\n" for i, a in enumerate(P, 1))[:-20],
                              atoms=52),
}  # fmt: skip
