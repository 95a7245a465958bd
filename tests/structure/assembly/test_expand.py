"""Assemblies against gemmi and biotite, and what is refused."""

import gzip
import io
import re

import biotite.structure.io.pdbx as pdbx
import gemmi
import numpy as np
import pytest

from protvox.errors import InputError
from protvox.structure.io.read import ReadLimits, read_structure
from protvox.structure.selection import parse_selection

TOLERANCE = 1e-3
FILES = [
    ("1a8o.cif", "1"),
    ("1a8o.pdb", "1"),
    ("3enl.pdb.gz", "1"),
    ("3hsy.pdb.gz", "1"),
    ("3jqh.cif", "1"),
    ("1ake_chimerax.cif.gz", "1"),
    ("1ake_chimerax.cif.gz", "2"),
    ("1gbt.cif.gz", "1"),
]
IDENTITY = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
"""
TWOFOLD = """\
REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        0.00000
"""


def alpha_carbons(structure):
    rows = (structure.atom_name == "CA") & structure.is_protein[structure.residue_index]
    return structure.coordinates[rows]


def same_points(a, b) -> bool:
    """Whether two sets of points are the same in some order."""
    a, b = (np.asarray(x, dtype=np.float64) for x in (a, b))
    if a.shape != b.shape:
        return False
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    return bool(distance.min(axis=1).max() < TOLERANCE and distance.min(axis=0).max() < TOLERANCE)


def gemmi_alpha_carbons(path, assembly: str, kept: set[str]):
    structure = gemmi.read_structure(str(path))
    structure.setup_entities()
    (found,) = [a for a in structure.assemblies if a.name == assembly]
    model = gemmi.make_assembly(found, structure[0], gemmi.HowToNameCopiedChain.Dup)
    for chain in model:
        sites: dict[str, list[gemmi.Atom]] = {}
        for residue in chain:
            if residue.name in kept and "CA" in residue:
                sites.setdefault(str(residue.seqid), []).extend(residue["CA"])
        # As in protvox: the highest occupancy, or else the first.
        yield from (max(atoms, key=lambda atom: atom.occ).pos.tolist() for atoms in sites.values())


@pytest.mark.parametrize(("name", "assembly"), FILES)
def test_coordinates_equal_gemmi(data_dir, name, assembly):
    structure = read_structure(data_dir / name, assembly=assembly)
    kept = set(structure.residue_name[structure.is_protein].tolist())
    expected = list(gemmi_alpha_carbons(data_dir / name, assembly, kept))
    assert same_points(alpha_carbons(structure), expected)


@pytest.mark.parametrize("name", ["3jqh.cif", "3jqh.bcif.gz", "1a8o.cif", "1gbt.bcif.gz"])
def test_coordinates_equal_biotite(data_dir, name):
    structure = read_structure(data_dir / name, assembly="1")
    data = (data_dir / name).read_bytes()
    data = gzip.decompress(data) if name.endswith(".gz") else data
    if ".bcif" in name:
        file = pdbx.BinaryCIFFile.read(io.BytesIO(data))
    else:
        file = pdbx.CIFFile.read(io.StringIO(data.decode()))
    atoms = pdbx.get_assembly(file, "1", model=1, altloc="occupancy")
    names = np.unique(structure.residue_name[structure.is_protein])
    chosen = atoms[(atoms.atom_name == "CA") & np.isin(atoms.res_name, names)]
    assert same_points(alpha_carbons(structure), chosen.coord)


def test_three_formats_give_one_assembly(data_dir):
    a = read_structure(data_dir / "1a8o.cif", assembly="1")
    b = read_structure(data_dir / "1a8o.pdb", assembly=1)
    c = read_structure(data_dir / "3jqh.cif", assembly="1")
    d = read_structure(data_dir / "3jqh.bcif.gz", assembly="1")
    for one, two in ((a, b), (c, d)):
        assert (one.chain == two.chain).all()
        assert one.copies == two.copies
        assert np.abs(one.coordinates - two.coordinates).max() < TOLERANCE
    assert d.protein_chains == ("A", *(f"A-{n}" for n in range(2, 25)))


def test_a_residue_at_a_crystallographic_interface_sees_its_partner(data_dir):
    alone = read_structure(data_dir / "1a8o.cif")
    dimer = read_structure(data_dir / "1a8o.cif", assembly="1")

    def neighbours(structure) -> int:
        row = int(np.flatnonzero(parse_selection("A:184").mask(structure))[0])
        own = structure.residue_index == row
        distance = np.linalg.norm(
            structure.coordinates[own][:, None] - structure.coordinates[~own][None], axis=2
        )
        return int((distance.min(axis=0) < 5).sum())

    # Tryptophan 184 is the centre of the dimer interface.
    assert neighbours(dimer) > neighbours(alone) + 10
    assert (dimer.coordinates[: alone.n_atoms] == alone.coordinates).all()


def test_names_of_copies_can_be_selected(data_dir):
    structure = read_structure(data_dir / "1a8o.cif", assembly="1")
    assert [c.chain for c in structure.copies] == ["A", "A-2"]
    assert [(c.copy_of, c.operator) for c in structure.copies] == [("A", "1"), ("A", "2")]
    assert parse_selection("A-2").mask(structure).sum() == 70
    assert parse_selection("A-2:151-160").mask(structure).sum() == 10
    text = str(parse_selection("A:151-160,A-2:151-155"))
    assert parse_selection(text).mask(structure).sum() == 15


def renamed(data: bytes, chain: str) -> bytes:
    lines = data.decode().splitlines()
    out = []
    for line in lines:
        if line.startswith(("ATOM", "HETATM", "TER", "ANISOU")):
            line = line[:21] + chain + line[22:]
        out.append(line.replace("TO CHAINS: A", f"TO CHAINS: {chain}"))
    return "\n".join(out).encode()


def test_a_chain_named_by_a_digit_has_copies_that_are_not_ranges(data_dir):
    data = renamed((data_dir / "1a8o.pdb").read_bytes(), "1")
    structure = read_structure(data, assembly="1")
    assert structure.protein_chains == ("1", "1_2")
    assert parse_selection("1_2").mask(structure).sum() == 70
    assert parse_selection("1_2:151-160").mask(structure).sum() == 10


def test_chains_outside_of_the_assembly_are_reported(data_dir):
    structure = read_structure(data_dir / "1ake_chimerax.cif.gz", assembly="2")
    assert structure.protein_chains == ("B",)
    assert next(d for d in structure.dropped if "assembly" in d.why).where == "chain A"


def test_a_ligand_on_a_symmetry_axis_is_kept_once(data_dir):
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    atoms = "\n".join(line for line in lines if line.startswith("ATOM"))
    zinc = "HETATM 9999 ZN    ZN A 201       0.000   0.100   5.000  0.50 10.00          ZN"
    data = f"{IDENTITY}{TWOFOLD}{atoms}\n{zinc}\n".encode()
    structure = read_structure(data, assembly="1")
    assert (structure.residue_name == "ZN").sum() == 1
    assert structure.protein_chains == ("A", "A-2")
    assert next(d for d in structure.dropped if "symmetry axis" in d.why).what == "1 residue"


def test_limits_hold_before_anything_is_built(data_dir):
    limits = ReadLimits(atoms=1000)
    assert read_structure(data_dir / "1a8o.cif", limits=limits).n_atoms < 1000
    with pytest.raises(InputError, match=r"1112 atoms, more than the limit of 1000"):
        read_structure(data_dir / "1a8o.cif", assembly="1", limits=limits)
    text = (data_dir / "1a8o.cif").read_text()
    bomb = re.sub(r"(oper_expression\s+)1,2", r"\1(1-300)(1-300)", text)
    rows = "\n".join(f"{i} t {i} x 1 0 0 0 0 1 0 0 0 0 1 0" for i in range(3, 301))
    bomb = bomb.replace("44.4600000000 \n# \n", f"44.46\n{rows}\n#\n")
    with pytest.raises(InputError, match=r"50040000 atoms, more than the limit of 5000000"):
        read_structure(bomb.encode(), assembly="1")


@pytest.mark.parametrize(
    ("name", "assembly", "message"),
    [
        ("1a8o.cif", "2", "has no assembly 2. Choose one of: 1"),
        ("1ake_chimerax.cif.gz", "PAU", "Choose one of: 1, 2"),
        ("1vii_3frames.pdb.gz", "1", "does not define any assembly"),
        ("3mht.pdb.gz", "1", "does not define any assembly"),
    ],
)
def test_unknown_assemblies_are_refused(data_dir, name, assembly, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_structure(data_dir / name, assembly=assembly)
    assert caught.value.code == "input.assembly"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("BIOMT2   2  0.000000 -1", "BIOMT2   2  0.000000  1", "not a rotation"),
        ("BIOMT2   2  0.000000", "BIOMT2   2      word", "word"),
        ("BIOMT3   2", "BIOMT3   3", "three rows"),
        ("CHAINS: A", "CHAINS: Z", "none of its chains"),
        ("BIOMT1   2 -1.000000  0.000000", "BIOMT1   2 -1.000000", "invalid line"),
    ],
)
def test_wrong_definitions_are_refused(data_dir, old, new, message):
    atoms = (data_dir / "1ubi.pdb").read_text().partition("\nATOM")[2]
    data = f"{IDENTITY}{TWOFOLD}ATOM{atoms}"
    assert old in data
    with pytest.raises(InputError, match=message) as caught:
        read_structure(data.replace(old, new).encode(), assembly="1")
    assert caught.value.code == "input.assembly"
    assert read_structure(data.replace(old, new).encode()).protein_chains == ("A",)


def test_one_place_for_two_copies_is_refused(data_dir):
    atoms = (data_dir / "1ubi.pdb").read_text().partition("\nATOM")[2]
    again = "".join(
        line.replace("   1  ", "   2  ", 1) + "\n" for line in IDENTITY.splitlines()[2:]
    )
    with pytest.raises(InputError, match="puts chain A on itself"):
        read_structure(f"{IDENTITY}{again}ATOM{atoms}".encode(), assembly="1")


def test_paragraphs_of_remark_350():
    from protvox.structure.io.assemblies import read_assembly

    text = IDENTITY.replace("CHAINS: A", "CHAINS: A, B,\nREMARK 350      AND CHAINS: C, NULL")
    text = text.replace("BIOMOLECULE: 1", "BIOMOLECULE: 1, 3") + TWOFOLD
    text += IDENTITY.split("\n", 1)[1].replace("CHAINS: A", "CHAINS: D")
    assembly = read_assembly(text.encode(), "pdb", "3", where="x")
    assert [g.units for g in assembly.generators] == [("A", "B", "C", ""), ("D",)]
    assert [len(g.operators) for g in assembly.generators] == [2, 1]
