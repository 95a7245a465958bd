"""Corpus files in which numbers, names or molecules occur again, with expected results."""

from __future__ import annotations

from dataclasses import replace

from accepted import PLAIN_CIF, P, models, ok
from dialects import FAR, OXT, SECOND, docked, lines, text
from parts import Atom, bcif, change, cif, ethanediol, of, pdb, pdb_line, peptide, shift, single

LIGAND = ethanediol(201)
COPY = shift(LIGAND, 20)
SHARED = ["share a number"]
WRONG = [
    single("SOD", "SOD", 300, "S"),
    single("SOD", "SOD", 300, "S", x=60.0),
    single("CL", "CL", 301, "C"),
    single("CAL", "CAL", 302, "C"),
]
ALIKE = [single("SOD", "SOD", 1, "", x=50.0 + 10 * i) for i in range(3)]
CAPPED = text([row[:60] for row in lines(P)])


RNA = ("RA", "RG", "RC", "RU", "ruthenium")


def rna(name: str) -> list[Atom]:
    """Return three atoms of a nucleotide, or a ruthenium ion."""
    number = 300 + RNA.index(name)
    if name == "ruthenium":
        return [single("RU", "RU", number, "RU", entity="1")]
    atoms = {"P": 0.0, "O5'": 1.6, "C5'": 3.0}
    return [
        single(a, name, number, a[0], x=50 + 10 * RNA.index(name) + x) for a, x in atoms.items()
    ]


def ions(*pairs: tuple[str, str], element: str = "") -> str:
    """Return the peptide with lone atoms of some residue and atom names, and no elements."""
    rows = []
    for i, (residue, name) in enumerate(pairs):
        line = pdb_line(single("X", "X", 200 + i, ""), i)
        symbol = element and name.strip()[:1]
        rows.append(f"{line[:12]}{name:<4} {residue:<4}A{line[22:66]}{'':10}{symbol:>2}")
    return text([row[:66] for row in lines(P)] + rows)


def elements_as_names() -> str:
    """Return a ligand as Open Babel writes it, whose atoms have the names of their elements."""
    return pdb(P + change([replace(a, name=a.element) for a in LIGAND], residue="UNL"))


COPIES = {
    "ligand_twice.pdb": ok(
        pdb(P + LIGAND + COPY), atoms=60, ligands=2, warnings=SHARED, numbers=[1, 201]
    ),
    "ligand_twice.cif": ok(
        cif(P + LIGAND + COPY), form="mmcif", atoms=60, ligands=2, warnings=SHARED
    ),
    "ligand_twice.bcif": ok(
        bcif(P + LIGAND + COPY), form="bcif", atoms=60, ligands=2, warnings=SHARED
    ),
    "ligand_three_times_blank.pdb": ok(
        pdb(change(P + LIGAND + COPY + shift(COPY, 20), chain="")),
        chains=[""],
        atoms=64,
        ligands=3,
        warnings=SHARED,
    ),
    "ligand_twice_in_place.pdb": ok(
        pdb(P + LIGAND + shift(LIGAND, 0.3)),
        atoms=56,
        ligands=1,
        dropped=[("4 atoms", "chain A")],
    ),
    "ion_twice.pdb": ok(
        pdb([*P, single("ZN", "ZN", 300, "ZN"), single("ZN", "ZN", 300, "ZN", x=60.0)]),
        atoms=54,
        ions=2,
        warnings=SHARED,
    ),
    "ion_with_number_of_a_residue.pdb": ok(
        pdb([*P, single("NA", "NA", 3, "NA")]), atoms=53, ions=1
    ),
    "free_amino_acid_with_number_of_a_residue.pdb": ok(
        pdb(P, end="TER\n") + pdb(shift(change(of(P, 2), hetero=True), 40)),
        atoms=61,
        ligands=1,
        warnings=SHARED,
    ),
    "ligand_named_by_elements.pdb": ok(
        elements_as_names(), atoms=56, ligands=1, warnings=["several atoms of one name: 2 atoms"]
    ),
    "molecules_restart_at_0.pdb": ok(
        pdb(change(P + [replace(a, number=a.number - 1, x=a.x + 25) for a in P], chain="")),
        chains=["", "_2"],
        sequence="MQIFVKMQIFVK",
        atoms=104,
        numbers=[1, 5],
        warnings=["used for 2 chains"],
    ),
    "dipeptides.pdb": ok(
        pdb([a for a in P if a.number < 3] + [a for a in shift(P, 30) if a.number < 3]),
        chains=["A", "A_2"],
        sequence="MQMQ",
        atoms=34,
        warnings=["used for 2 chains"],
    ),
    "molecules_numbered_on_without_ter.pdb": ok(
        pdb(change([*P, OXT, *[replace(a, number=a.number + 6) for a in FAR]], chain="A")),
        chains=["A", "A_2"],
        sequence="MQIFVKTLTGKT",
        atoms=95,
        warnings=["used for 2 chains"],
    ),
    "one_chain_numbered_on_after_oxygen.pdb": ok(
        pdb([replace(a, name="O2") if a is P[-1] else a for a in peptide(8)]),
        sequence="MQIFVKTL",
        atoms=67,
    ),
    "two_names_far_side_chains.pdb": ok(
        pdb(P + [replace(a, residue="ALA", x=a.x + 1.2) for a in of(P, 6)[:5]]),
        dropped=[("5 atoms", "chain A")],
    ),
}

IONS = {
    "ions_called_ion.pdb": ok(
        ions(("ION", "NA+"), ("ION", " NA+"), ("ION", "CL-"), ("ION", " K+"), ("ION", "CA")),
        atoms=57,
        ions=5,
    ),
    "ions_with_charge.pdb": ok(
        ions(*((name, name) for name in ("ZN2+", "MG2+", "CA2+", "MG+2", "ZN++", "FE3+"))),
        atoms=58,
        ions=6,
    ),
    "ions_of_first_letter.pdb": ok(
        ions(*((n, n) for n in ("NA", "CL", "ZN", "MG", "CA", "CLA", "POT")), element="first"),
        atoms=59,
        ions=7,
    ),
    "ions_of_first_letter.cif": ok(cif(P + WRONG), form="mmcif", atoms=56, ions=4, warnings=SHARED),
    "ions_of_first_letter.bcif": ok(
        bcif(P + WRONG), form="bcif", atoms=56, ions=4, warnings=SHARED
    ),
    "ions_called_alike.pdb": ok(
        text([row[:66] for row in lines(P)] + [row[:66] for row in lines(ALIKE)]),
        atoms=55,
        ions=3,
        warnings=SHARED,
    ),
    "autodock_sodium_in_capitals.pdbqt": ok(
        docked([*P, single("NA", "NA", 300, "@")], {"@": "NA"}), atoms=53, ions=1
    ),
}

LINES = {
    "nucleotides_amber.pdb": ok(
        pdb(P + [replace(a, hetero=False) for name in RNA for a in rna(name)]),
        atoms=65,
        nucleotides=4,
        ions=1,
    ),
    "model_numbers_of_six_digits.pdb": ok(
        models((100_000, P), (100_001, shift(P, 1))),
        dropped=[("1 model", "model 100001")],
        warnings=["2 models; model 100000"],
    ),
    "cut_after_occupancy.pdb": ok(CAPPED),
    "names_tinker.pdb": ok(
        pdb([replace(a, residue="TYD") if a.number == 4 else a for a in P]), sequence="MQIYVK"
    ),
    "names_amber_chyp.pdb": ok(
        text(
            [
                f"{row[:17]}CHYP{row[21:]}" if a.number == 6 else row
                for row, a in zip(lines(P), P, strict=True)
            ]
        ),
        sequence="MQIFVP",
    ),
    "ligand_without_auth_seq_id.cif": ok(
        cif(P + LIGAND, without=("auth_seq_id",)),
        form="mmcif",
        atoms=56,
        ligands=1,
        numbers=[1, 7],
    ),
    "two_chains_without_auth_seq_id.cif": ok(
        cif(P + LIGAND + change(SECOND, chain="B") + COPY, without=("auth_seq_id",)),
        form="mmcif",
        chains=["A", "B"],
        sequence="MQIFVKTLTGKT",
        atoms=102,
        ligands=2,
    ),
    "empty_block_first.cif": ok(
        "data_empty\nloop_\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
        + PLAIN_CIF,
        form="mmcif",
    ),
}
