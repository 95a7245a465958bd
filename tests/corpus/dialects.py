"""Corpus files in the dialects of simulation, docking and old programs, with expected results."""

from __future__ import annotations

from dataclasses import replace

from accepted import BACKBONE, PLAIN_CIF, P, models, ok, without_side
from parts import Atom, bcif, change, cif, of, pdb, pdb_line, peptide, put, shift, single, water

SECOND = [  # THR LEU THR GLY LYS THR, 7 8 7 4 9 7 atoms: 42
    replace(a, number=a.number - 6, x=a.x + 40) for a in peptide(12) if a.number > 6
]
HISTIDINE = [a for a in peptide(70) if a.number > 65]  # THR LEU HIS LEU VAL: 40 atoms
BOTH = {"sequence": "MQIFVKTLTGKT", "atoms": 94}
TWICE = {"warnings": ["used for 2 chains"], **BOTH}


def lines(atoms: list[Atom], **numbers: str) -> list[str]:
    """Return atom lines; ``number`` formats the residue number in five columns."""
    form = numbers.get("number", "{:4d} ")
    return [
        f"{(text := pdb_line(a, i))[:22]}{form.format(a.number)}{text[27:]}"
        for i, a in enumerate(atoms, 1)
    ]


def text(rows: list[str]) -> str:
    """Return lines as a file."""
    return "".join(f"{row}\n" for row in rows) + "END\n"


def no_elements(atoms: list[Atom]) -> str:
    """Return a file without columns 67-80."""
    return text([row[:66] for row in lines(atoms)])


def left(atoms: list[Atom]) -> str:
    """Return a file as CHARMM writes them: names from column 13 on, segments, no elements."""
    return text([f"{row[:12]}{a.name:<4}{row[16:66]}      PROA"
                 for row, a in zip(lines(atoms), atoms, strict=True)])  # fmt: skip


def named(atoms: list[Atom], number: int, name: str) -> str:
    """Return a file in which one residue has a name of four letters in columns 18-21."""
    return text([f"{row[:17]}{name:<4}{row[21:]}" if a.number == number else row
                 for row, a in zip(lines(atoms), atoms, strict=True)])  # fmt: skip


def docked(atoms: list[Atom], types: dict[str, str], more: str = "") -> str:
    """Return a file as AutoDock writes it: charges in columns 71-76, types in 78-79."""
    rows = [f"{row[:66]}    {0.125:+6.3f} {types.get(a.element, a.element):<2}"
            for row, a in zip(lines(atoms), atoms, strict=True)]  # fmt: skip
    return more + text(rows)


def ions(*names: str, element: str = "") -> str:
    """Return the peptide with one ion of each name, no elements, names from column 13 on."""
    found = [single(n, n[:3], 200 + i, element) for i, n in enumerate(names)]
    rows = [row[:66] for row in lines(P)]
    rows += [f"{row[:12]}{n:<4} {n:<4}A{row[22:66]}{'':10}{element:>2}"
             for row, n in zip(lines(found), names, strict=True)]  # fmt: skip
    return text(rows)


OXT = replace(P[-1], name="OXT", element="O", x=P[-1].x + 1.2)
HYDROGENS = [replace(a, name="HA", element="H", x=a.x + 1) for a in P if a.name == "CA"]
BACKBONES_FIRST = [a for a in P if a.name in BACKBONE] + [a for a in P if a.name not in BACKBONE]
FAR = shift(change(SECOND, chain=""), 60)

MOLECULES = {
    "molecules_ter_blank.pdb": ok(
        pdb(change(P, chain=""), end="TER\n") + pdb(change(SECOND, chain="")), chains=["", "_2"],
        **TWICE),
    "molecules_ter_letter.pdb": ok(pdb(P, end="TER\n") + pdb(SECOND), chains=["A", "A_2"], **TWICE),
    "molecules_restart_blank.pdb": ok(pdb(change(P + SECOND, chain="")), chains=["", "_2"],
                                      **TWICE),
    "molecules_restart_letter.pdb": ok(pdb(P + SECOND), chains=["A", "A_2"], **TWICE),
    "molecules_segments_letter.pdb": ok(
        pdb(change(P, chain="P", segment="PROA") + change(SECOND, chain="P", segment="PROB")),
        chains=["P", "P_2"], **TWICE),
    "molecules_segments_numbered_on.pdb": ok(
        pdb(change(P, segment="PROA")
            + [replace(a, number=a.number + 50, segment="PROB") for a in SECOND]),
        chains=["A", "A_2"], **TWICE),
    "molecules_segments_blank.pdb": ok(
        pdb(change(P, chain="", segment="PROA") + change(SECOND, chain="", segment="PROB")
            + shift(change(P, chain="", segment="HETC"), -40)),
        chains=["PROA", "PROB", "HETC"], sequence="MQIFVKTLTGKTMQIFVK", atoms=146),
    "molecules_three.pdb": ok(
        "".join(pdb(shift(P, 40 * i), end="TER\n") for i in range(3)), chains=["A", "A_2", "A_3"],
        sequence="MQIFVK" * 3, atoms=156, warnings=["used for 3 chains"]),
    "molecules_ter_numbered_on.pdb": ok(
        pdb(change(P, chain=""), end="TER\n")
        + pdb([replace(a, number=a.number + 6) for a in FAR]), chains=["", "_2"], **TWICE),
    "molecules_ter_terminal_oxygen.pdb": ok(
        pdb([*P, OXT], end="TER\n") + pdb([replace(a, number=a.number + 100) for a in SECOND]),
        chains=["A", "A_2"], warnings=["used for 2 chains"], sequence=BOTH["sequence"], atoms=95),
    "molecules_with_water.pdb": ok(
        pdb(P, end="TER\n") + pdb([water(1), water(2)], end="") + pdb(SECOND, end="TER\n"),
        chains=["A", "A_2"], dropped=[("2 water molecules", "chain A")], **TWICE),
    "molecules.cif": ok(cif(P + SECOND, entities=False), form="mmcif", chains=["A", "A_2"],
                        **TWICE),
    "molecules.bcif": ok(bcif(P + SECOND), form="bcif", chains=["A", "A_2"], **TWICE),
    "one_chain_ter_at_missing_residue.pdb": ok(
        pdb([a for a in P if a.number < 4], end="TER\n") + pdb([a for a in P if a.number > 4]),
        atoms=41, sequence="MQIVK"),
    "one_chain_side_chains_last.pdb": ok(pdb(BACKBONES_FIRST)),
    "one_chain_hydrogens_last.pdb": ok(pdb(P + HYDROGENS),
                                       dropped=[("6 hydrogen atoms", "chain A")]),
    "one_chain_alternatives_last.pdb": ok(
        pdb(change(P, alt="A", occupancy=0.6) + shift(change(P, alt="B", occupancy=0.4), 4)),
        dropped=[("52 atoms", "chain A")]),
    "one_chain_numbers_fall.pdb": ok(
        pdb([replace(a, number=a.number + (100 if a.number < 4 else 0)) for a in P])),
}  # fmt: skip

NAMES = {
    "names_charmm.pdb": ok(left(put(HISTIDINE, 68, residue="HSD")), sequence="TLHLV", atoms=40),
    "names_charmm_blank.pdb": ok(left(put(change(HISTIDINE, chain=""), 68, residue="HSE")),
                                 chains=["PROA"], sequence="TLHLV", atoms=40),
    "names_no_elements_hsp.pdb": ok(no_elements(put(HISTIDINE, 68, residue="HSP")),
                                    sequence="TLHLV", atoms=40),
    "names_gromos_lysh.pdb": ok(named(P, 6, "LYSH")),
    "names_gromos_hisb_blank.pdb": ok(named(change(HISTIDINE, chain=""), 68, "HISB"), chains=[""],
                                      sequence="TLHLV", atoms=40),
    "names_gromacs_termini.pdb": ok(
        text([f"{row[:17]}{name:<4}{row[21:]}" if (name := {1: "NMET", 6: "CLYS"}.get(a.number))
              else row for row, a in zip(lines(P), P, strict=True)])),
    "names_amber_nhid.pdb": ok(named(HISTIDINE, 68, "NHID"), sequence="TLHLV", atoms=40),
    "names_lyn.pdb": ok(pdb(put(P, 6, residue="LYN"))),
    "names_lsn.pdb": ok(pdb(put(P, 6, residue="LSN"))),
    "names_lyp.pdb": ok(pdb(put(P, 6, residue="LYP"))),
    "names_arn.pdb": ok(pdb(put(P, 2, residue="ARN")), sequence="MRIFVK"),
    "names_glup.pdb": ok(named(P, 2, "GLUP"), sequence="MEIFVK"),
    "names_cys2.pdb": ok(named(without_side(2), 2, "CYS2"), sequence="MCIFVK", atoms=47),
    "chain_of_two_letters_like_lysh.pdb": ok(pdb(change(P, chain="HA")), chains=["HA"]),
    "chain_in_column_21.pdb": ok(text([f"{row[:20]}A {row[22:]}" for row in lines(P)])),
    "water_tip3.pdb": ok(
        text(lines(P) + [f"{row[:12]} OH2 TIP3A{row[22:]}" for row in lines([water(300)])]),
        dropped=[("1 water molecule", "chain A")]),
    "lipid_of_four_letters.pdb": ok(
        text(lines(P) + [f"{row[:17]}POPC {row[22:]}" for row in lines(
            [single("C1", "POP", 300, "C"), single("C2", "POP", 300, "C", x=51.5)])]),
        atoms=54, ligands=1),
    "ions_charmm.pdb": ok(ions("SOD", "CLA", "POT", "CAL", "CES", "LIT", "RUB", "BAR", "CAD"),
                          atoms=61, ions=9),
    "ions_amber.pdb": ok(ions("Na+", "Cl-", "K+", "Li+", "Cs+", "Rb+"), atoms=58, ions=6),
    "ions_gromacs.pdb": ok(ions("NA", "CL", "K", "ZN", "MG", "CA", "LI", "BR"), atoms=60, ions=8),
    "ions_first_letter.pdb": ok(ions("SOD", element="S"), atoms=53, ions=1),
    "chlorophyll_is_no_ion.pdb": ok(
        text(lines(P) + lines([single("MG", "CLA", 300, "MG"),
                               single("CHA", "CLA", 300, "C", x=53.0)])), atoms=54, ligands=1),
    "autodock_zinc.pdbqt": ok(docked([*P, single("ZN", "ZN", 300, "Zn")], {}), atoms=53, ions=1),
    "autodock_metals.pdbqt": ok(
        docked([*P, single("CA", "CA", 300, "Ca"), single("MN", "MN", 301, "Mn"),
                single("FE", "FE", 302, "Fe"), single("CL", "CL", 303, "Cl")], {}),
        atoms=56, ions=4),
    "autodock_types.pdbqt": ok(docked(P, {"N": "NA", "O": "OA", "C": "A", "S": "SA"})),
    "autodock_blank_chain.pdbqt": ok(docked(change(P, chain=""), {"O": "OA"}), chains=[""]),
    "autodock_branches.pdbqt": ok(
        docked(P, {"O": "OA"}, "REMARK  2 active torsions:\nROOT\nENDROOT\nBRANCH   1   2\n"
                               "ENDBRANCH   1   2\nTORSDOF 2\n")),
}  # fmt: skip

CARDS = [f"{row[:72]}1UBI{i + 100:4d}" for i, row in enumerate(lines(P), 1)]
HEX = ["9999", "2710", "2711", "2712", "2713", "2714"]

RECORDS = {
    "end_between_chains.pdb": ok(pdb(P) + pdb(change(SECOND, chain="B")), chains="AB",
                                 warnings=["END"], **BOTH),
    "end_between_equal_chains.pdb": ok(
        pdb(P) + pdb(shift(P, 60)), chains=["A", "A_2"], sequence="MQIFVK" * 2, atoms=104,
        warnings=["END", "used for 2 chains"]),
    "end_between_frames.pdb": ok(
        pdb(P) + pdb(shift(P, 0.5)) + pdb(shift(P, 1)), dropped=[("2 models", "model 2, 3")],
        warnings=["3 models; model 1"]),
    "end_before_ligand.pdb": ok(
        pdb(P) + pdb([single("C1", "EDO", 201, "C"), single("O1", "EDO", 201, "O", x=51.4)]),
        atoms=54, ligands=1, warnings=["END"]),
    "identifier_and_line_numbers.pdb": ok(text(CARDS)),
    "identifier_and_line_numbers_blank.pdb": ok(
        text([f"{row[:21]} {row[22:]}" for row in CARDS]), chains=[""]),
    "numbers_of_five_digits.pdb": ok(
        text([f"{row[:22]}{a.number + 9997:<5d}{row[27:]}" if a.number > 2 else
              f"{row[:22]}{a.number + 9997:4d}{row[26:]}"
              for row, a in zip(lines(P), P, strict=True)]), numbers=[9998, 10003]),
    "numbers_of_six_digits.pdb": ok(
        text([f"{row[:22]}{a.number + 99999:<6d}{row[28:]}"
              for row, a in zip(lines(P), P, strict=True)]), numbers=[100000, 100005]),
    "numbers_in_five_columns.pdb": ok(text(lines(P, number="{:5d}")), numbers=[1, 6]),
    "numbers_hybrid36_lower.pdb": ok(
        text([f"{row[:22]}a{a.number - 1:03d}{row[26:]}"
              for row, a in zip(lines(P), P, strict=True)]), numbers=[1223056, 1223061]),
    "numbers_hexadecimal.pdb": ok(
        text([f"{row[:22]}{HEX[a.number - 1]}{row[26:]}"
              for row, a in zip(lines(P), P, strict=True)]), numbers=[9999, 10004]),
    "numbers_blank.pdb": ok(text(lines(P, number="     ")), numbers=[1, 6],
                            warnings=["Numbered in file order"]),
    "numbers_stars.pdb": ok(text(lines(P, number="**** ")), numbers=[1, 6],
                            warnings=["Numbered in file order"]),
    "insertion_code_of_a_digit.pdb": ok(pdb(put(P, 3, number=2, code="1")), numbers=[1, 6]),
    "model_number_twice.pdb": ok(models((1, P), (1, shift(P, 1))),
                                 dropped=[("1 model", "model 2")],
                                 warnings=["2 models; model 1", "next free number"]),
    "frames_without_model.pdb": ok(
        pdb(P, end="ENDMDL\n") + pdb(shift(P, 1), end="ENDMDL\n"),
        dropped=[("1 model", "model 2")], warnings=["2 models; model 1"]),
    "two_names_one_number.pdb": ok(
        pdb(P + change(of(P, 6)[:5], residue="ALA", alt="A", occupancy=0.4)),
        dropped=[("5 atoms", "chain A")]),
    "two_names_better_second.pdb": ok(
        pdb(put(P, 6, occupancy=0.3) + change(of(P, 6)[:5], residue="ALA", occupancy=0.7)),
        atoms=48, sequence="MQIFVA", dropped=[("9 atoms", "chain A")]),
}  # fmt: skip

RESTRAINTS = "data_restraints\n_chem_comp.id LIG\n#\n"
LONG = [single("C1", "LIG-000001", 300, "C"), single("O1", "LIG-000001", 300, "O", x=51.4)]

COLUMNS = {
    "long_ligand_name.cif": ok(cif(P + LONG), form="mmcif", atoms=54, ligands=1),
    "without_label_asym_id.cif": ok(cif(P, without=("label_asym_id",)), form="mmcif"),
    "without_label_alt_id.cif": ok(cif(P, without=("label_alt_id",)), form="mmcif"),
    "without_type_symbol.cif": ok(cif(P, without=("type_symbol",)), form="mmcif"),
    "without_id.cif": ok(cif(P, without=("id",)), form="mmcif"),
    "without_all_four.cif": ok(
        cif(P, without=("label_asym_id", "label_alt_id", "type_symbol", "id")), form="mmcif"),
    "without_group.cif": ok(cif(P, without=("group_PDB",)), form="mmcif"),
    "second_block.cif": ok(RESTRAINTS + PLAIN_CIF, form="mmcif"),
    "first_block.cif": ok(PLAIN_CIF + RESTRAINTS, form="mmcif"),
    "uncertainties.cif": ok(PLAIN_CIF.replace(f"{P[0].x:.3f} ", f"{P[0].x:.3f}(5) ", 1),
                            form="mmcif"),
    "exponents.cif": ok(PLAIN_CIF.replace(f"{P[0].x:.3f} ", f"{P[0].x / 10:.4f}e1 ", 1),
                        form="mmcif"),
    "upper_case_tags.cif": ok(PLAIN_CIF.replace("_atom_site.Cartn", "_ATOM_SITE.CARTN"),
                              form="mmcif"),
    "rows_over_lines.cif": ok(PLAIN_CIF.replace(" MET ", "\nMET\n# a comment\n  "), form="mmcif"),
    "text_field.cif": ok(PLAIN_CIF.replace(" MET ", "\n;MET\n; "), form="mmcif"),
    "chain_name_in_quotes.cif": ok(cif(change(P, chain="'A b'")).replace("\"'A b'\"", "'A b'"),
                                   form="mmcif", chains=["A b"]),
}  # fmt: skip
