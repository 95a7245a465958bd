"""Arrays on disk, checked for damage: safetensors with a digest in the header."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from protvox.errors import fail

Arrays = Mapping[str, NDArray[Any]]

_DIGEST = "sha256"


def write_arrays(arrays: Arrays, facts: Mapping[str, str], path: Path) -> str:
    """Write arrays with metadata, as a complete file or not at all.

    Parameters
    ----------
    arrays
        Arrays by name.
    facts
        Metadata, including ``schema``.
    path
        File to write.

    Returns
    -------
    str
        Digest of arrays and metadata, hex digits; it identifies the content.

    Raises
    ------
    UsageError
        If the file cannot be written (``output.write``).
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    digest = _digest(whole, facts)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            temporary.write_bytes(save(whole, metadata={**facts, _DIGEST: digest}))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("output.write.index", where=str(path), reason=reason) from error
    return digest


def read_arrays(path: Path, schema: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read a file from `write_arrays`.

    Parameters
    ----------
    path
        The file.
    schema
        Expected schema.

    Returns
    -------
    arrays : dict of ndarray
        Arrays by name.
    facts : dict of str
        Metadata, with the digest as ``sha256``.

    Raises
    ------
    ModelError
        If the file is missing or of another kind (``index.file``), or damaged (``index.hash``).
    """
    try:
        with safe_open(path, framework="numpy") as file:
            facts = dict(file.metadata() or {})
            if facts.get("schema") != schema:
                raise ValueError(f"it is not a {schema} file")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise fail("index.file", where=str(path), error=error) from error
    stated = facts.get(_DIGEST)
    if _digest(arrays, {k: v for k, v in facts.items() if k != _DIGEST}) != stated:
        raise fail("index.hash", where=str(path))
    return arrays, facts


def pack_texts(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return strings as bytes, since the file holds no arrays of strings.

    Parameters
    ----------
    texts
        The strings.
    """
    return np.frombuffer(json.dumps(list(texts)).encode(), dtype=np.uint8)


def unpack_texts(data: NDArray[np.uint8]) -> list[str]:
    """Return the strings from `pack_texts`.

    Parameters
    ----------
    data
        The bytes.
    """
    texts: list[str] = json.loads(data.tobytes())
    return texts


def _digest(arrays: Arrays, facts: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(sorted(facts.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data)
    return digest.hexdigest()
