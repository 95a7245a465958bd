"""The manifest of a run: written with a checksum, and checked when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from protvox.errors import fail
from protvox.parquet import SEAL

MANIFEST: Final = "manifest.json"
"""Name of the file."""
FIRST_LEDGER: Final = "inputs/part-000000.parquet"
"""The ledger that every run has."""
_FAMILY: Final = "protvox.score/"
_CHECKSUM: Final = "sha256"
_TYPES: Final = {"schema": str, "options": dict, "models": dict, "protvox": str}
_OPTIONAL: Final = {"tables": list}
_ERRORS: Final = (ValueError, TypeError, LookupError, RecursionError)
"""What the decoding of damaged JSON raises."""


def encode_manifest(values: Mapping[str, Any]) -> bytes:
    """Return the content of a manifest.

    Parameters
    ----------
    values
        JSON values: ``schema``, ``options``, ``models``, ``protvox`` and ``tables``.
    """
    return (json.dumps({**values, _CHECKSUM: _digest(values)}, indent=1) + "\n").encode()


def find_manifest(read: Callable[[str], bytes], where: str) -> dict[str, Any] | None:
    """Read the manifest of a folder.

    Parameters
    ----------
    read
        Returns the content of a file of the folder.
    where
        The folder, for errors.

    Returns
    -------
    dict or None
        The values given to `encode_manifest`; None if the folder holds no run. A manifest of an
        earlier version, without a checksum, is accepted if its values have the right types.

    Raises
    ------
    UsageError
        If the folder holds a run, by the texts in its manifest or first ledger, and the manifest
        is missing or damaged (``batch.damaged``).
    """
    content = b""
    try:
        content = read(MANIFEST)
        return _decode(content)
    except FileNotFoundError:
        reason = "it is missing"
    except (OSError, *_ERRORS) as error:
        reason = str(error) or type(error).__name__
    if _FAMILY.encode() in content or SEAL in _read_ledger(read):
        raise fail("batch.damaged.manifest", where=f"{where}/{MANIFEST}", reason=reason)
    return None


def _decode(content: bytes) -> dict[str, Any]:
    manifest = json.loads(content)
    if not isinstance(manifest, dict):
        raise TypeError("it is not an object")
    checksum = manifest.pop(_CHECKSUM, None)
    if checksum is not None and checksum != _digest(manifest):
        raise ValueError("its content has changed")
    for key, kind in _TYPES.items():
        if not isinstance(manifest[key], kind):
            raise TypeError(f"{key} has the wrong type")
    for key in manifest.keys() - _TYPES.keys():
        # Only manifests with a checksum may have keys of later versions: without it, such a key
        # is one that a flipped bit has renamed.
        if checksum is None and not isinstance(manifest[key], _OPTIONAL[key]):
            raise TypeError(f"{key} has the wrong type")
    if not all(isinstance(name, str) for name in manifest.get("tables", ())):
        raise TypeError("tables has the wrong type")
    if not manifest["schema"].startswith(_FAMILY):
        raise ValueError("it was written by another program")
    return manifest


def _read_ledger(read: Callable[[str], bytes]) -> bytes:
    try:
        return read(FIRST_LEDGER)
    except OSError:
        return b""


def _digest(values: Mapping[str, Any]) -> str:
    # In the form that JSON gives them: tuples become lists, and keys texts.
    plain = json.loads(json.dumps(values))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
