"""Arrays on disk that tell when they were damaged: safetensors with a digest in the header."""

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

from protvox.errors import ModelError, UsageError

Arrays = Mapping[str, NDArray[Any]]

_DIGEST = "sha256"


def write_arrays(arrays: Arrays, facts: Mapping[str, str], path: Path) -> str:
    """Write arrays and facts about them, complete or not at all.

    Parameters
    ----------
    arrays
        By name.
    facts
        What the file says about itself, ``schema`` among it.
    path
        File to write.

    Returns
    -------
    str
        Digest of arrays and facts, hex digits; it identifies the content.

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
        raise UsageError(
            f"cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="Check the folder, its permissions and the free space",
            code="output.write",
        ) from error
    return digest


def read_arrays(path: Path, schema: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read what `write_arrays` wrote.

    Parameters
    ----------
    path
        The file.
    schema
        What it must be.

    Returns
    -------
    arrays : dict of ndarray
        By name.
    facts : dict of str
        With the digest under ``sha256``.

    Raises
    ------
    ModelError
        If the file is missing, is something else (``index.file``) or was damaged
        (``index.hash``).
    """
    try:
        with safe_open(path, framework="numpy") as file:
            facts = dict(file.metadata() or {})
            if facts.get("schema") != schema:
                raise ValueError(f"no {schema}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"this cannot be read ({error})",
            where=str(path),
            remedy="Give a file written by protvox index build",
            code="index.file",
        ) from error
    stated = facts.get(_DIGEST)
    if _digest(arrays, {k: v for k, v in facts.items() if k != _DIGEST}) != stated:
        raise ModelError(
            "the content does not match its own hash",
            where=str(path),
            remedy="Build the index again, or install protvox again",
            code="index.hash",
        )
    return arrays, facts


def pack_texts(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return texts as bytes, for there is no array of texts on disk.

    Parameters
    ----------
    texts
        Any texts.
    """
    return np.frombuffer(json.dumps(list(texts)).encode(), dtype=np.uint8)


def unpack_texts(data: NDArray[np.uint8]) -> list[str]:
    """Return what `pack_texts` packed.

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
