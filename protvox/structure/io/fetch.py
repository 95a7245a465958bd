"""Download of structures by identifier, from RCSB PDB and AlphaFold DB, with a cache."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from protvox.errors import FetchError, InputError, fail
from protvox.settings import load_settings
from protvox.structure.io.decompress import decompress
from protvox.structure.limits import DEFAULT_LIMITS, ReadLimits

RCSB: Final = "files.rcsb.org"
ALPHAFOLD: Final = "alphafold.ebi.ac.uk"
HOSTS: Final = frozenset({RCSB, ALPHAFOLD})
TIMEOUT: Final = 30.0
"""Seconds without a response after which a download fails."""

PAUSES: Final = (0.5, 2.0)
"""Seconds before each further attempt, after an error that may be temporary."""

_TEMPORARY: Final = frozenset({429, 500, 502, 503, 504})
"""HTTP status codes of errors that may be temporary."""

_PDB: Final = re.compile(r"(?:pdb_0000)?([1-9][a-z0-9]{3})|(pdb_[a-z0-9]{8})", re.ASCII)
_AF: Final = re.compile(
    r"AF-((?:[A-Z0-9]{6}|[A-Z0-9]{10}))-F(\d{1,3})(?:-MODEL_V(\d{1,2}))?", re.ASCII
)
_ACCESSION: Final = re.compile(
    r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}", re.ASCII
)
"""Accessions of UniProt, of six or ten characters; identifiers of the PDB have four or twelve."""

_VERSIONS: Final = (6, 5, 4, 3, 2, 1)
"""Versions of AlphaFold DB, tried from the newest if its index does not answer."""

_INDEX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Identifier:
    """A database entry.

    Attributes
    ----------
    name
        Identifier in its usual form.
    host
        Host of the database.
    accession, fragment, version
        Parts of an identifier of AlphaFold DB; the version is None if not given.
    """

    name: str
    host: str
    accession: str = ""
    fragment: int = 0
    version: int | None = None


def parse_identifier(text: str) -> Identifier | None:
    """Parse an identifier; return None if the text is not an identifier.

    Parameters
    ----------
    text
        ``1abc``, ``pdb_00001abc``, ``AF-P12345-F1`` (optionally ``-model_v4``) or ``P12345``, an
        accession of UniProt that stands for its model in AlphaFold DB; in upper or lower case.

    Examples
    --------
    >>> parse_identifier("PDB_00001ABC").name
    '1abc'
    """
    pdb = _PDB.fullmatch(text.lower())
    if pdb:
        return Identifier(pdb[1] or pdb[2], RCSB)
    model = _AF.fullmatch(text.upper())
    if model:
        version = int(model[3]) if model[3] else None
        suffix = f"-model_v{version}" if model[3] else ""
        fragment = int(model[2])
        return Identifier(
            f"AF-{model[1]}-F{fragment}{suffix}", ALPHAFOLD, model[1], fragment, version
        )
    accession = _ACCESSION.fullmatch(text.upper())
    if accession:
        return Identifier(f"AF-{accession[0]}-F1", ALPHAFOLD, accession[0], 1)
    return None


def fetch_structure(
    identifier: Identifier,
    *,
    offline: bool | None = None,
    cache_dir: Path | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
    opener: urllib.request.OpenerDirector | None = None,
) -> Path:
    """Return the path of an entry's mmCIF file in the cache, after downloading it if needed.

    Parameters
    ----------
    identifier
        From `parse_identifier`.
    offline
        Use only the cache; ``PROTVOX_OFFLINE`` by default.
    cache_dir
        Folder of the cache; ``PROTVOX_CACHE_DIR`` by default.
    limits
        Limits on the download, before and after decompression.
    opener
        Opener of URLs; by default restricted to https on `HOSTS`.

    Returns
    -------
    Path
        A complete file: it is moved into the cache only after it was checked.

    Raises
    ------
    FetchError
        ``input.offline``, ``input.not_found`` (no such entry), ``input.too_large``,
        ``input.fetch`` (network or server error) or ``input.cache`` (not writable).
    """
    settings = load_settings()
    folder = (settings.cache_dir if cache_dir is None else cache_dir) / "structures"
    suffix = ".cif.gz" if identifier.host == RCSB else ".cif"
    path = folder / (identifier.name + suffix)
    if path.is_file():
        return path
    if settings.offline if offline is None else offline:
        raise fail("input.offline", where=identifier.name)
    opener = opener or _secure_opener()
    data = _obtain(identifier, opener, limits.inflated_bytes)
    try:
        decompress(data, where=identifier.name, limits=limits)
    except InputError as error:
        raise fail("input.fetch.damaged", where=identifier.name, reason=error.what) from error
    _store(data, path)
    return path


def download(url: str, *, opener: urllib.request.OpenerDirector, limit: int, where: str) -> bytes:
    """Return the content of a URL.

    Parameters
    ----------
    url
        https address on one of `HOSTS`.
    opener
        Opener of URLs.
    limit
        Largest number of bytes to accept.
    where
        Name used in errors.

    Raises
    ------
    FetchError
        See `fetch_structure`.
    """
    _check_address(url, where)
    try:
        data, expected = _read(url, opener, limit)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            raise fail("input.not_found.entry", where=where) from error
        raise fail("input.fetch.status", where=where, number=error.code) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)  # The cause of a URLError.
        words = getattr(reason, "strerror", None) or reason
        raise fail("input.fetch.network", where=where, reason=words) from error
    if len(data) > limit:
        raise fail("input.too_large.download", where=where)
    if not data or (expected is not None and expected.isdecimal() and int(expected) != len(data)):
        raise fail("input.fetch.short", where=where)
    return data


def _read(url: str, opener: urllib.request.OpenerDirector, limit: int) -> tuple[bytes, str | None]:
    """Return the content of a URL and its declared length, after retries if necessary."""
    request = urllib.request.Request(url, headers={"User-Agent": "protvox"})
    for pause in (*PAUSES, None):
        try:
            with opener.open(request, timeout=TIMEOUT) as response:
                return response.read(limit + 1), response.headers.get("Content-Length")
        except (OSError, http.client.HTTPException) as error:
            if pause is None or not _is_temporary(error):
                raise
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _TEMPORARY
    reason = getattr(error, "reason", error)  # The cause of a URLError.
    return isinstance(reason, ConnectionError | http.client.HTTPException)


def _obtain(identifier: Identifier, opener: urllib.request.OpenerDirector, limit: int) -> bytes:
    """Return the file of an entry; without the index of AlphaFold DB, the newest there is."""
    where = identifier.name
    try:
        url = _locate(identifier, opener)
    except FetchError as error:
        # Without a network, or for an entry that does not exist, no version can be had either.
        answered = not isinstance(error.__cause__, OSError)
        failed = isinstance(error.__cause__, urllib.error.HTTPError)
        if error.code == "input.not_found" or not (answered or failed):
            raise
        for version in _VERSIONS:
            model = f"https://{ALPHAFOLD}/files/{where}-model_v{version}.cif"
            try:
                return download(model, opener=opener, limit=limit, where=where)
            except FetchError as missing:
                if missing.code != "input.not_found":
                    raise error from missing
        raise
    return download(url, opener=opener, limit=limit, where=where)


def _locate(identifier: Identifier, opener: urllib.request.OpenerDirector) -> str:
    if identifier.host == RCSB:
        return f"https://{RCSB}/download/{identifier.name}.cif.gz"
    if identifier.version is not None:
        return f"https://{ALPHAFOLD}/files/{identifier.name}.cif"
    # The file name includes a version, which only the index gives.
    index = download(
        f"https://{ALPHAFOLD}/api/prediction/{identifier.accession}",
        opener=opener,
        limit=_INDEX_BYTES,
        where=identifier.name,
    )
    wanted = f"/{identifier.name}-model_v"
    try:
        urls = [str(entry["cifUrl"]) for entry in json.loads(index)]
    except (ValueError, TypeError, KeyError) as error:
        raise fail("input.fetch.index", where=identifier.name) from error
    for url in urls:
        if wanted in url:
            return url
    raise fail("input.not_found.entry", where=identifier.name)


def _check_address(url: str, where: str) -> None:
    address = urllib.parse.urlsplit(url)
    if address.scheme != "https" or address.netloc not in HOSTS:
        raise fail("input.fetch.redirect", where=where, host=address.netloc)


class _StayOnHosts(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to `HOSTS`, over https."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_address(newurl, req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _secure_opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_StayOnHosts)


def _store(data: bytes, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise fail("input.cache", where=str(path.parent), reason=error) from error
