"""Contents of files as text, bytes and open files."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile

import pytest

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.limits import ReadLimits


@pytest.fixture(scope="module")
def text(data_dir):
    return (data_dir / "1ubi.pdb").read_text()


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.cif"])
def test_text_of_a_file_is_read(data_dir, name):
    path = data_dir / name
    expected = read_structure(path)
    found = read_structure(path.read_text())
    assert found.name == "text"
    assert (found.format, found.sha256) == (expected.format, expected.sha256)
    assert (found.coordinates == expected.coordinates).all()
    assert read_structure(path.read_text().replace("\n", "\r\n")).n_atoms == expected.n_atoms
    assert read_structure(path.read_text(), name="mine").name == "mine"


def test_a_file_whose_name_has_a_line_end_is_a_file(text, tmp_path):
    path = tmp_path / "two\nlines.pdb"
    path.write_text(text)
    assert read_structure(str(path)).name == "two\nlines.pdb"


def test_text_without_a_structure_gives_one_short_line(text):
    for wrong in (text.replace("ATOM", "XTOM").replace("HETATM", "XXXXXX"), text[:4000], "a\nb"):
        with pytest.raises(InputError) as caught:
            read_structure(wrong)
        assert str(caught.value).startswith("text: ")
        assert len(str(caught.value)) < 120 and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="text: the file is empty"):
        read_structure("")


def test_long_names_are_shortened_in_errors():
    for wrong in ("x" * 424_713, "x/" * 400_000, "\0" * 9999):
        with pytest.raises(InputError) as caught:
            read_structure(wrong)
        assert len(str(caught.value)) < 500


def test_open_files_are_read(data_dir, text):
    path = data_dir / "1ubi.pdb"
    expected = read_structure(path)
    with path.open() as as_text, path.open("rb") as as_bytes, tempfile.TemporaryFile() as unnamed:
        unnamed.write(path.read_bytes())
        unnamed.seek(0)
        files = {
            as_text: "1ubi.pdb",
            as_bytes: "1ubi.pdb",
            unnamed: "open file",
            io.StringIO(text): "open file",
            io.BytesIO(path.read_bytes()): "open file",
        }
        for file, name in files.items():
            found = read_structure(file)
            assert (found.name, found.sha256) == (name, expected.sha256)
            assert not file.closed
            with pytest.raises(InputError, match="the file is empty"):
                read_structure(file)


def test_compressed_open_files_are_read(data_dir, tmp_path):
    path = data_dir / "1ejg.pdb.gz"
    with path.open("rb") as packed, gzip.open(path) as inside, gzip.open(path, "rt") as lines:
        names = {read_structure(file).n_atoms for file in (packed, inside, lines)}
    assert names == {327}
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "1ejg.pdb.gz")
        with archive.open("1ejg.pdb.gz") as member:
            assert read_structure(member).name == "1ejg.pdb.gz"


def test_a_compressed_open_file_is_limited(tmp_path):
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(b"\n" * 5_000_000))
    with gzip.open(path) as file, pytest.raises(InputError, match="larger than 1 MiB"):
        read_structure(file, limits=ReadLimits(inflated_bytes=1_048_576))
    assert file.closed


def test_invalid_open_files_are_refused(data_dir, tmp_path):
    class Strange:
        def read(self, size=-1):
            return 5

    class Broken:
        name = 7

        def read(self, size=-1):
            raise RuntimeError("the line is down")

    with (data_dir / "1ejg.pdb.gz").open(encoding="utf-8") as file:
        with pytest.raises(InputError, match="was opened as text") as caught:
            read_structure(file)
        assert caught.value.remedy == "Open it with open(PATH, 'rb')"
    with pytest.raises(InputError, match="closed file"):
        read_structure(file)
    with (tmp_path / "x").open("w") as file, pytest.raises(InputError, match="not readable"):
        read_structure(file)
    with pytest.raises(InputError, match="Strange is not a structure"):
        read_structure(Strange())
    with pytest.raises(InputError, match=r"open file: .*the line is down"):
        read_structure(Broken())


def test_bytes_like_objects_are_read(text):
    data = text.encode()
    for item in (bytearray(data), memoryview(data)):
        assert read_structure(item).name == "bytes"


def test_a_list_is_not_a_structure():
    with pytest.raises(InputError, match="a list is not a structure"):
        read_structure(["1ubi.pdb"])
