from __future__ import annotations

import gzip
import io
import json
import urllib.request
import urllib.response
from email.message import Message
from pathlib import Path

import pytest

from protvox.errors import FetchError, InputError
from protvox.structure.io import fetch
from protvox.structure.io.fetch import fetch_structure, parse_identifier
from protvox.structure.io.read import read_structure
from protvox.structure.limits import ReadLimits

ENTRY = "https://files.rcsb.org/download/1ubq.cif.gz"
INDEX = "https://alphafold.ebi.ac.uk/api/prediction/P12345"
MODEL = "https://alphafold.ebi.ac.uk/files/AF-P12345-F1-model_v6.cif"


class Internet(urllib.request.HTTPSHandler):
    """Serves https requests from a table of pages; everything else fails."""

    def __init__(self, pages: dict[str, bytes | int | str], headers: dict[str, str] | None = None):
        super().__init__()
        self.pages = pages
        self.headers = headers or {}
        self.requested: list[str] = []
        self.failures: list[int | Exception] = []
        """Errors of the first requests."""

    def https_open(self, request: urllib.request.Request) -> urllib.response.addinfourl:
        url = request.full_url
        self.requested.append(url)
        page = self.failures.pop(0) if self.failures else self.pages.get(url, 404)
        if isinstance(page, Exception):
            raise page
        headers = Message()
        for key, value in self.headers.items():
            headers[key] = value
        if isinstance(page, str):
            headers["Location"] = page
        status = page if isinstance(page, int) else 302 if isinstance(page, str) else 200
        body = page if isinstance(page, bytes) else b""
        response = urllib.response.addinfourl(io.BytesIO(body), headers, url, status)
        response.msg = "x"
        return response

    @property
    def opener(self) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(self, fetch._StayOnHosts)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record pauses instead of sleeping."""
    pauses: list[float] = []
    monkeypatch.setattr(fetch.time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def entry(data_dir: Path) -> bytes:
    return gzip.compress((data_dir / "1a8o.cif").read_bytes(), mtime=0)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1abc", "1abc"),
        ("1ABC", "1abc"),
        ("9xyz", "9xyz"),
        ("pdb_00001abc", "1abc"),
        ("PDB_00001ABC", "1abc"),
        ("pdb_12345678", "pdb_12345678"),
        ("AF-P12345-F1", "AF-P12345-F1"),
        ("af-p12345-f1", "AF-P12345-F1"),
        ("AF-A0A023GPI8-F2", "AF-A0A023GPI8-F2"),
        ("AF-P12345-F1-model_v4", "AF-P12345-F1-model_v4"),
        ("P12345", "AF-P12345-F1"),
        ("q5vsl9", "AF-Q5VSL9-F1"),
        ("A0A023GPI8", "AF-A0A023GPI8-F1"),
    ],
)
def test_identifiers(text: str, name: str) -> None:
    found = parse_identifier(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abcd",
        "0abc",
        "1abcd",
        "1ab",
        "1abc.pdb",
        "../1abc",
        "1abc\n",
        "AF-P12345",
        "AF-P1234-F1",
        "AF-P12345-F1/x",
        "pdb_0001abc",
        "１abc",
        "P1234",
        "P12345-2",  # an isoform
        "ABCDEF",
        "112345",
        "A0A023GPI",
        "P1234５",
    ],
)
def test_other_text_is_not_an_identifier(text: str) -> None:
    assert parse_identifier(text) is None


def get(text: str, internet: Internet, folder: Path, **more) -> Path:
    identifier = parse_identifier(text)
    assert identifier is not None
    return fetch_structure(
        identifier, cache_dir=folder, opener=internet.opener, offline=False, **more
    )


def test_entry_is_downloaded_once(tmp_path: Path, entry: bytes) -> None:
    internet = Internet({ENTRY: entry})
    path = get("1UBQ", internet, tmp_path)
    assert path.read_bytes() == entry
    assert get("pdb_00001ubq", internet, tmp_path) == path
    assert internet.requested == [ENTRY]
    assert list(path.parent.iterdir()) == [path]


def test_alphafold_model_is_found_in_its_index(tmp_path: Path, entry: bytes) -> None:
    index = json.dumps([{"cifUrl": MODEL.replace("F1", "F2")}, {"cifUrl": MODEL}]).encode()
    internet = Internet({INDEX: index, MODEL: gzip.decompress(entry)})
    path = get("AF-P12345-F1", internet, tmp_path)
    assert path.name == "AF-P12345-F1.cif"
    assert internet.requested == [INDEX, MODEL]


def test_an_accession_is_the_model_of_alphafold_db(tmp_path: Path, entry: bytes) -> None:
    """It shares the cache with the identifier of the model."""
    index = json.dumps([{"cifUrl": MODEL.replace("P12345", "P12345-2")}, {"cifUrl": MODEL}])
    internet = Internet({INDEX: index.encode(), MODEL: gzip.decompress(entry)})
    path = get("P12345", internet, tmp_path)
    assert internet.requested == [INDEX, MODEL]
    assert get("AF-P12345-F1", internet, tmp_path) == path
    assert len(internet.requested) == 2


@pytest.mark.parametrize("index", [500, 403, b"<html>", b"[{}]"])
def test_without_its_index_the_newest_version_is_found(tmp_path: Path, entry: bytes, index) -> None:
    version = MODEL.replace("v6", "v4")
    internet = Internet({INDEX: index, version: gzip.decompress(entry)})
    assert get("P12345", internet, tmp_path).read_bytes() == gzip.decompress(entry)
    versions = [MODEL, MODEL.replace("v6", "v5"), version]
    assert [url for url in internet.requested if url != INDEX] == versions


def test_without_index_and_versions_the_first_error_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        get("P12345", Internet({INDEX: 403}), tmp_path)
    assert caught.value.code == "input.fetch"
    assert "403" in caught.value.what


@pytest.mark.parametrize("failure", [404, urllib.error.URLError(OSError(101, "unreachable"))])
def test_no_version_is_guessed_for_an_entry_or_a_network_that_is_absent(
    tmp_path: Path, failure
) -> None:
    internet = Internet({})
    internet.failures = [failure] if isinstance(failure, Exception) else []
    with pytest.raises(FetchError):
        get("P12345", internet, tmp_path)
    assert internet.requested == [INDEX]


def test_an_accession_is_refused_offline_and_a_file_of_that_name_is_read(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROTVOX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FetchError) as caught:
        read_structure("P12345", offline=True)
    assert caught.value.code == "input.offline"
    (tmp_path / "P12345").write_bytes((data_dir / "1ubi.pdb").read_bytes())
    assert read_structure("P12345", offline=True).n_residues == 76


def test_alphafold_version_can_be_given(tmp_path: Path, entry: bytes) -> None:
    url = MODEL.replace("v6", "v4")
    internet = Internet({url: gzip.decompress(entry)})
    get("AF-P12345-F1-model_v4", internet, tmp_path)
    assert internet.requested == [url]


def test_offline_uses_only_the_cache(tmp_path: Path, entry: bytes) -> None:
    internet = Internet({ENTRY: entry})
    identifier = parse_identifier("1ubq")
    assert identifier is not None
    with pytest.raises(FetchError) as caught:
        fetch_structure(identifier, cache_dir=tmp_path, offline=True, opener=internet.opener)
    assert caught.value.code == "input.offline"
    assert internet.requested == []
    get("1ubq", internet, tmp_path)
    assert fetch_structure(identifier, cache_dir=tmp_path, offline=True).is_file()


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (404, "input.not_found"),
        (410, "input.not_found"),
        (500, "input.fetch"),
        (503, "input.fetch"),
        (b"", "input.fetch"),
        (b"\x1f\x8b\x08broken", "input.fetch"),
        ("https://evil.example/1ubq.cif.gz", "input.fetch"),
        ("http://files.rcsb.org/download/1ubq.cif.gz", "input.fetch"),
        ("file:///etc/passwd", "input.fetch"),
    ],
)
def test_failed_download_is_one_error_and_leaves_no_file(
    tmp_path: Path, page: bytes | int | str, code: str
) -> None:
    internet = Internet({ENTRY: page})
    with pytest.raises(FetchError) as caught:
        get("1ubq", internet, tmp_path)
    assert caught.value.code == code
    assert caught.value.remedy
    assert internet.requested == [ENTRY] * (3 if page in (500, 503) else 1)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "failures", [[503], [429, 502], [ConnectionResetError(104, "reset"), 504]], ids=str
)
def test_temporary_failures_are_retried(
    tmp_path: Path, entry: bytes, failures: list[int | Exception], pauses: list[float]
) -> None:
    internet = Internet({ENTRY: entry})
    internet.failures = [*failures]
    assert get("1ubq", internet, tmp_path).read_bytes() == entry
    assert len(internet.requested) == len(failures) + 1
    assert pauses == list(fetch.PAUSES[: len(failures)])


@pytest.mark.parametrize("failure", [403, TimeoutError("timed out"), OSError(101, "unreachable")])
def test_other_failures_are_not_retried(
    tmp_path: Path, entry: bytes, failure: int | Exception, pauses: list[float]
) -> None:
    internet = Internet({ENTRY: entry})
    internet.failures = [failure]
    with pytest.raises(FetchError):
        get("1ubq", internet, tmp_path)
    assert internet.requested == [ENTRY]
    assert pauses == []


def test_truncated_download_is_detected(tmp_path: Path, entry: bytes) -> None:
    internet = Internet({ENTRY: entry}, headers={"Content-Length": str(len(entry) + 1)})
    with pytest.raises(FetchError, match="ended early"):
        get("1ubq", internet, tmp_path)
    with pytest.raises(FetchError, match="damaged"):
        get("1ubq", Internet({ENTRY: entry[:-100]}), tmp_path)


def test_large_download_is_rejected(tmp_path: Path, entry: bytes) -> None:
    with pytest.raises(FetchError) as caught:
        get("1ubq", Internet({ENTRY: entry}), tmp_path, limits=ReadLimits(inflated_bytes=1000))
    assert caught.value.code == "input.too_large"


@pytest.mark.parametrize(
    "index", [b"not json", b"{}", b"[{}]", b"[1]", b"[]", b'[{"cifUrl": "x"}]']
)
def test_invalid_index_is_rejected(tmp_path: Path, index: bytes) -> None:
    with pytest.raises(FetchError):
        get("AF-P12345-F1", Internet({INDEX: index}), tmp_path)


def test_index_cannot_redirect_to_another_host(tmp_path: Path) -> None:
    url = "https://evil.example/AF-P12345-F1-model_v6.cif"
    internet = Internet({INDEX: json.dumps([{"cifUrl": url}]).encode()})
    with pytest.raises(FetchError, match="redirects to another host"):
        get("AF-P12345-F1", internet, tmp_path)
    assert internet.requested == [INDEX]


def test_unwritable_cache_is_reported(tmp_path: Path, entry: bytes) -> None:
    (tmp_path / "structures").write_text("in the way")
    with pytest.raises(FetchError) as caught:
        get("1ubq", Internet({ENTRY: entry}), tmp_path)
    assert caught.value.code == "input.cache"


def test_reader_uses_cached_entries(
    tmp_path: Path, entry: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    get("1ubq", Internet({ENTRY: entry}), tmp_path)
    monkeypatch.setenv("PROTVOX_CACHE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    structure = read_structure("1ubq", offline=True)
    assert structure.name == "1ubq"
    assert structure.n_residues == 70
    with pytest.raises(InputError) as caught:
        read_structure("2ubq", offline=True)
    assert caught.value.code == "input.offline"


def test_files_take_precedence_over_identifiers(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1abc").write_bytes((data_dir / "1ubi.pdb").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert read_structure("1abc", offline=True).is_protein.sum() == 76
