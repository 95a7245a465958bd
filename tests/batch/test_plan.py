from __future__ import annotations

import os

import pytest

from protvox.batch.plan import Item, looks_like_structure, make_plan
from protvox.errors import UsageError


@pytest.fixture
def designs(tmp_path, monkeypatch):
    """Folder with structures on two levels and other things."""
    folder = tmp_path / "designs"
    (folder / "deep" / "er").mkdir(parents=True)
    for name in ("b.pdb", "a.cif.gz", "notes.txt", ".hidden.pdb", "deep/er/c.BCIF", "deep/b.pdb"):
        (folder / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    return folder


def ids(*inputs):
    return [item.id for item in make_plan([str(i) for i in inputs]).items]


def test_structures_in_a_folder_are_named_by_relative_path(designs):
    assert ids(designs) == ["a.cif.gz", "b.pdb", "deep/b.pdb", "deep/er/c.BCIF"]


def test_a_pattern_equals_its_expansion_by_the_shell(designs):
    assert ids("designs/*.pdb") == ids("designs/b.pdb") == ["designs/b.pdb"]
    assert ids("designs/**/*.pdb") == ["designs/b.pdb", "designs/deep/b.pdb"]


def test_a_file_named_twice_is_scored_once(designs):
    assert ids("designs/b.pdb", "designs/b.pdb", "designs/*.pdb") == ["designs/b.pdb"]


def test_two_inputs_with_the_same_id_are_refused(designs, monkeypatch):
    monkeypatch.chdir(designs / "deep")
    with pytest.raises(UsageError, match=r"two inputs have the id b\.pdb") as caught:
        make_plan(["b.pdb", str(designs)])
    assert caught.value.code == "batch.duplicate"


def test_links_in_a_circle_end(designs):
    (designs / "deep" / "round").symlink_to(designs)
    assert ids(designs) == ["a.cif.gz", "b.pdb", "deep/b.pdb", "deep/er/c.BCIF"]


def test_a_link_to_another_folder_is_followed(designs, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.ent").write_text("x")
    (designs / "far").symlink_to(tmp_path / "elsewhere")
    assert "far/d.ent" in ids(designs)


def test_a_broken_link_is_kept_and_a_pipe_is_skipped_with_a_note(designs):
    (designs / "gone.pdb").symlink_to("nowhere.pdb")
    os.mkfifo(designs / "pipe.pdb")
    plan = make_plan([str(designs)])
    assert "gone.pdb" in [item.id for item in plan.items]
    assert [note.split(": ")[1] for note in plan.notes] == ["skipped (not a regular file)"]


def test_a_folder_named_like_a_structure_is_searched_not_read(designs):
    (designs / "folder.pdb").mkdir()
    (designs / "folder.pdb" / "x.pdb").write_text("x")
    assert "folder.pdb/x.pdb" in ids(designs)
    assert "folder.pdb" not in ids(designs)


@pytest.mark.parametrize("inputs", [[], ["empty"], ["empty/*.pdb"], ["@list"]])
def test_nothing_to_score_is_refused(tmp_path, monkeypatch, inputs):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "list").write_text("# nothing\n\n")
    with pytest.raises(UsageError) as caught:
        make_plan(inputs)
    assert caught.value.code == "batch.empty"


def test_a_name_that_is_not_valid_text_is_kept_and_shown_with_escapes(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9 \n<b>.pdb")).write_text("x")
    (item,) = make_plan([str(tmp_path)]).items
    assert item.id == "caf\\xe9 \n<b>.pdb"
    assert os.path.exists(item.path)
    item.shown_path.encode()


def test_paths_in_a_list_are_relative_to_the_list(designs, tmp_path):
    (designs / "list.txt").write_text("b.pdb\n# note\n\ndeep/b.pdb\n")
    plan = make_plan(["@designs/list.txt"])
    assert [item.id for item in plan.items] == ["b.pdb", "deep/b.pdb"]
    assert all(os.path.exists(item.path) for item in plan.items)


def test_a_manifest_gives_chains_choppings_and_ids(designs):
    (designs / "m.csv").write_text(
        "\ufeffid,path,extra,chain,chopping\nfirst,b.pdb,7,A,1-90_120-150\n,deep/b.pdb,,,\n"
        ',b.pdb,,B,"1-5,8-9"\n',
        encoding="utf-8",
    )
    items = make_plan(["designs/m.csv"]).items
    assert items[0] == Item("first", "designs/b.pdb", "A", "1-90_120-150")
    assert items[1] == Item("deep/b.pdb", "designs/deep/b.pdb")
    assert items[2] == Item("b.pdb:B:1-5,8-9", "designs/b.pdb", "B", "1-5,8-9")


def test_columns_of_a_manifest_may_have_capitals_and_spaces(designs):
    """Formerly such a chain was ignored, and the whole structure scored."""
    (designs / "m.csv").write_text("Path, chain ,ID\nb.pdb, A, first\n")
    (item,) = make_plan(["designs/m.csv"]).items
    assert item == Item("first", "designs/b.pdb", "A")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("chain,id\nA,x\n", "batch.list", "no column path"),
        ("", "batch.list", "no column path"),
        ("path,id\na.pdb,x\nb.pdb,x\n", "batch.duplicate", "already used in line 2"),
        ("path,id\n,x\n", "batch.list", "no path"),
        ('path,id\n"a.pdb,x\n', "batch.list", "not a valid table"),
    ],
)
def test_an_invalid_manifest_is_reported_with_its_line(tmp_path, text, code, words):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        make_plan([str(tmp_path / "m.csv")])
    assert caught.value.code == code


def test_endings():
    assert looks_like_structure("x/1ABC.PDB.GZ")
    assert looks_like_structure("a.bcif.zst")
    assert not looks_like_structure("a.pdb.txt")
    assert not looks_like_structure("pdb")
