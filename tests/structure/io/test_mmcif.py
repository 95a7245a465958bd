"""Columns of mmCIF files that are missing or have gaps."""

from __future__ import annotations

import pytest

from protvox.structure.io.mmcif import parse_mmcif

TAGS = {
    "group_PDB": "ATOM",
    "id": "{i}",
    "type_symbol": "C",
    "label_atom_id": "CA",
    "label_comp_id": "GLY",
    "label_asym_id": "A",
    "label_entity_id": "1",
    "label_seq_id": "{i}",
    "auth_seq_id": "{i}",
    "auth_asym_id": "A",
    "Cartn_x": "{i}.0",
    "Cartn_y": "0.0",
    "Cartn_z": "0.0",
    "pdbx_PDB_model_num": "1",
}


def cif(rows: list[dict[str, str]], *, without: tuple[str, ...] = (), before: str = "") -> bytes:
    """Return a file with one atom per row; a row changes the values above."""
    tags = {tag: value for tag, value in TAGS.items() if tag not in without}
    text = f"data_x\n{before}loop_\n" + "".join(f"_atom_site.{tag}\n" for tag in tags)
    for i, row in enumerate(rows, 1):
        text += " ".join((row.get(tag, value)).format(i=i) for tag, value in tags.items()) + "\n"
    return text.encode()


@pytest.mark.parametrize("kind", ["atom", "comp", "asym", "seq"])
def test_missing_name_or_number_is_reported(kind: str) -> None:
    without = tuple(f"{who}_{kind}_id" for who in ("auth", "label"))
    names = " or ".join(without)
    with pytest.raises(ValueError, match=f"no column {names}"):
        parse_mmcif(cif([{}, {}], without=without))


def test_label_numbers_fill_the_gaps_of_author_numbers() -> None:
    table = parse_mmcif(cif([{"auth_seq_id": "7"}, {"auth_seq_id": "?"}, {"auth_seq_id": "9"}]))
    assert table.number.tolist() == [7, 2, 9]


def test_atoms_without_a_model_number_are_of_model_1() -> None:
    table = parse_mmcif(cif([{"pdbx_PDB_model_num": "?"}, {"pdbx_PDB_model_num": "2"}]))
    assert table.model.tolist() == [1, 2]


ENTITIES = """loop_
_entity.id
_entity.type
1 polymer
2 water
"""


def test_kinds_of_entities_come_from_the_atoms_without_struct_asym() -> None:
    # A struct_asym that lacks its second column is as good as none.
    rows = [{}, {"label_entity_id": "2", "label_comp_id": "HOH", "label_asym_id": "B"}]
    for asym in ("", "loop_\n_struct_asym.id\nA\nB\n"):
        table = parse_mmcif(cif(rows, before=ENTITIES + asym))
        assert table.polymer.tolist() == [1, 0]


def test_water_is_known_by_its_name_without_entities() -> None:
    rows = [{}, {"label_comp_id": "HOH", "label_asym_id": "B"}]
    assert parse_mmcif(cif(rows)).polymer.tolist() == [-1, 0]


def test_entity_outranks_the_name_of_a_residue() -> None:
    before = ENTITIES + "loop_\n_struct_asym.id\n_struct_asym.entity_id\nA 1\nB 1\n"
    rows = [{}, {"label_comp_id": "HOH", "label_asym_id": "B"}]
    assert parse_mmcif(cif(rows, before=before)).polymer.tolist() == [1, 1]
