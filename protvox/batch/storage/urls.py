"""Files by URL: object stores, and the other protocols of fsspec that are allowed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from protvox.errors import fail
from protvox.structure.limits import DEFAULT_LIMITS, ReadLimits

PROTOCOLS: Final = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "file": "",
    "memory": "",
}
"""Allowed protocols, and the packages that implement them. Lists may come from strangers and must
not make this machine contact any address they name, so ``http`` and chained URLs are excluded."""

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_url(path: str) -> bool:
    """Return whether a text is a URL rather than a path.

    Parameters
    ----------
    path
        Path or URL.

    Examples
    --------
    >>> is_url("s3://bucket/models"), is_url("models/a.pdb")
    (True, False)
    """
    return _URL.match(path) is not None


def open_url(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path within it.

    Parameters
    ----------
    url
        URL as written.

    Returns
    -------
    filesystem : fsspec.AbstractFileSystem
        It takes credentials and endpoints from where its provider usually stores them.
    path : str
        Path within the file system.

    Raises
    ------
    UsageError
        If the protocol is not allowed (``usage.protocol``), or its package is not installed
        (``usage.extra``).
    """
    import fsspec

    protocol = _protocol(url)
    if protocol not in PROTOCOLS:
        known = " ".join(f"{name}://" for name in PROTOCOLS)
        raise fail("usage.protocol.unknown", where=url, known=known)
    try:
        kind = fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        package = PROTOCOLS[protocol]
        raise fail("usage.extra.url", where=url, protocol=protocol, package=package) from error
    # fsspec.open would follow chained URLs such as zip::http://.
    return kind(), kind._strip_protocol(url)


def local_path(output: str) -> Path | None:
    """Return the path of an output on this machine, None if it is elsewhere.

    Parameters
    ----------
    output
        Path or URL; ``file://`` is a path.

    Examples
    --------
    >>> local_path("file:///data/scored"), local_path("s3://bucket/scored")
    (PosixPath('/data/scored'), None)
    """
    if not is_url(output):
        return Path(output)
    return Path(open_url(output)[1]) if output.lower().startswith("file:") else None


def url_of(url: str, path: str) -> str:
    """Return the URL of a path in the file system of another URL.

    Parameters
    ----------
    url
        URL in the same file system.
    path
        Path as the file system gives it.
    """
    protocol = _protocol(url)
    return f"{protocol}://{path if protocol == 'file' else path.lstrip('/')}"


def read_url(url: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    url
        URL of the file.
    limits
        Limits of its size.

    Raises
    ------
    UsageError
        See `open_url`.
    InputError
        If the file does not exist (``input.not_found``), cannot be read (``input.unreadable``),
        or is too large (``input.too_large``).
    """
    filesystem, path = open_url(url)
    try:
        size = filesystem.info(path)["size"]
        content = b"" if size > limits.inflated_bytes else filesystem.cat_file(path)
    except FileNotFoundError as error:
        raise fail("input.not_found.url", where=url) from error
    except Exception as error:
        # The errors of the providers have no common base class.
        raise fail("input.unreadable.url", where=url, reason=brief(error)) from error
    if max(size, len(content)) > limits.inflated_bytes:
        raise fail("input.too_large.url", where=url)
    return content


def brief(error: Exception) -> str:
    """Return the kind and message of an error on one line.

    Parameters
    ----------
    error
        Any error, e.g. one of a storage provider.
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _protocol(url: str) -> str:
    found = _URL.match(url)
    return found[1].lower() if found else "file"
