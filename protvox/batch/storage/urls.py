"""Files by URL: object stores, and what else of fsspec is let in."""

from __future__ import annotations

import re
from typing import Any, Final

from protvox.errors import InputError, UsageError
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
"""Protocols to the packages that speak them. Lists may come from strangers, and must not make
this machine call whatever address they name; so neither ``http`` nor chains are among them."""

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_url(place: str) -> bool:
    """Tell a URL from a path.

    Parameters
    ----------
    place
        Either.
    """
    return _URL.match(place) is not None


def open_url(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path within it.

    Parameters
    ----------
    url
        As written.

    Returns
    -------
    filesystem : fsspec.AbstractFileSystem
        With credentials and addresses from the usual places of its provider.
    path : str
        For it.

    Raises
    ------
    UsageError
        If the protocol is not let in (``usage.protocol``), or its package is not installed
        (``usage.extra``).
    """
    import fsspec

    protocol = _protocol(url)
    if protocol not in PROTOCOLS:
        known = " ".join(f"{name}://" for name in PROTOCOLS)
        raise UsageError(
            "URLs of this kind are not read or written",
            where=url,
            remedy=f"Use one of {known}",
            code="usage.protocol",
        )
    try:
        kind = fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        raise UsageError(
            f"{protocol}:// needs a package that is not installed",
            where=url,
            remedy=f"Run: pip install {PROTOCOLS[protocol]}",
            code="usage.extra",
        ) from error
    # Not by fsspec's own opening of URLs, which would follow chains such as zip::http://.
    return kind(), kind._strip_protocol(url)


def url_of(url: str, path: str) -> str:
    """Return the URL of a path in the file system of another URL.

    Parameters
    ----------
    url
        The other one.
    path
        As the file system gives it.
    """
    protocol = _protocol(url)
    return f"{protocol}://{path if protocol == 'file' else path.lstrip('/')}"


def read_url(url: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    url
        Of the file.
    limits
        Caps on its size.

    Raises
    ------
    UsageError
        See `open_url`.
    InputError
        If there is none, it cannot be read, or it is too large.
    """
    filesystem, path = open_url(url)
    try:
        size = filesystem.info(path)["size"]
        content = b"" if size > limits.inflated_bytes else filesystem.cat_file(path)
    except FileNotFoundError as error:
        raise InputError(
            "there is no such file", where=url, remedy="Check the URL", code="input.not_found"
        ) from error
    except Exception as error:
        # Each provider has errors of its own, which share no base.
        raise InputError(
            f"the file cannot be read ({brief(error)})",
            where=url,
            remedy="Check the URL and the credentials",
            code="input.unreadable",
        ) from error
    if max(size, len(content)) > limits.inflated_bytes:
        raise InputError(
            "the file is too large",
            where=url,
            remedy="Split the file, or raise the limit",
            code="input.too_large",
        )
    return content


def brief(error: Exception) -> str:
    """Return what an error of a provider says, on one line.

    Parameters
    ----------
    error
        Any.
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _protocol(url: str) -> str:
    found = _URL.match(url)
    return found[1].lower() if found else "file"
