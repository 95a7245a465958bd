"""Groups of identical chains."""

import gemmi

from protvox.structure.io.read import read_structure


def test_chains_of_one_entity_are_grouped(data_dir):
    structure = read_structure(data_dir / "1ake_chimerax.cif.gz", unique=True)
    document = gemmi.read_structure(str(data_dir / "1ake_chimerax.cif.gz"))
    document.setup_entities()
    polymers = [e for e in document.entities if e.entity_type == gemmi.EntityType.Polymer]
    assert len(polymers) == 1
    assert dict(structure.same_as) == {"B": "A"}


def test_the_chain_with_the_most_residues_is_scored(data_dir):
    structure = read_structure(data_dir / "3hsy.pdb.gz", unique=True)
    assert dict(structure.same_as) == {"A": "B"}
    assert "other residues have coordinates: chain A" in structure.warnings[-1]


def test_chains_without_a_declared_sequence_are_compared_by_their_residues(data_dir):
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    atoms = [line for line in lines if line.startswith("ATOM")]
    other = [
        line[:21] + "B" + line[22:30] + f"{float(line[30:38]) + 80:8.3f}" + line[38:]
        for line in atoms
    ]
    short = [line for line in other if int(line[22:26]) < 70]
    for more, expected in ((other, {"B": "A"}), (short, {})):
        data = "\n".join([*atoms, "TER", *more, ""]).encode()
        assert dict(read_structure(data, unique=True).same_as) == expected


def test_copies_are_identical_to_their_chain(data_dir):
    structure = read_structure(data_dir / "3enl.pdb.gz", assembly="1", unique=True)
    assert dict(structure.same_as) == {"A-2": "A"}
    assert not any("declared" in warning for warning in structure.warnings)


def test_groups_are_found_only_on_request(data_dir):
    assert read_structure(data_dir / "3hsy.pdb.gz").same_as is None
    assert read_structure(data_dir / "1ubi.pdb", unique=True).same_as == {}
