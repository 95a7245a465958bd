"""The reading process: bodies of requests and entries of databases to structures.

``python -m protvox.service.workers.read_process MEMORY_MIB``. What strangers send is touched here
and nowhere else, in a process with little memory that can be killed at any time.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

from protvox.errors import InputError
from protvox.processes.messages import Message, read_message, take_over_stdio, write_message
from protvox.processes.structure_codec import encode_structure
from protvox.service.failures import describe
from protvox.service.http.uploads import check_format, parse_upload
from protvox.service.logs import configure_logging, log, request_id
from protvox.service.settings import READ_LIMITS
from protvox.structure.io.fetch import fetch_structure, parse_identifier
from protvox.structure.io.read import read_structure
from protvox.structure.limits import MIB

_WORN_OUT: Final = 256 * MIB
"""Growth of a process after which a fresh one takes its place: what it freed, the operating
system does not always get back."""


def main() -> None:
    """Answer messages on stdin until it ends."""
    inward, outward = take_over_stdio()
    configure_logging()
    _limit_memory(int(sys.argv[1]) * MIB)
    base = _resident()
    write_message(outward, {"ready": True})
    while (message := read_message(inward)) is not None:
        reply = _answer(message)
        reply["worn"] = _resident() - base > _WORN_OUT
        write_message(outward, reply)


def _answer(message: Message) -> Message:
    request_id.set(message["request_id"])
    try:
        return _fetch(message) if "identifier" in message else _read(message)
    except MemoryError:
        return {"error": describe(_too_large())}
    except Exception as error:
        plain = describe(error)
        if plain["kind"] == "bug":
            log.exception("reading failed")
        return {"error": plain}


def _read(message: Message) -> Message:
    upload = parse_upload(message.pop("body"), message["content_type"], message["kind"])
    if upload.content is None:
        return {
            "identifier": upload.identifier,
            "form": upload.form,
            "model_number": upload.model_number,
            "options": upload.options,
        }
    return {
        **_structure(upload.content, upload.name, upload.model_number, upload.form),
        "options": upload.options,
    }


def _fetch(message: Message) -> Message:
    given = message["identifier"]
    identifier = parse_identifier(given)
    if identifier is None:
        raise InputError(
            "this is no identifier",
            where=given,
            remedy="Identifiers look like 1abc or AF-P12345-F1",
            code="input.identifier",
        )
    content = fetch_structure(identifier, limits=READ_LIMITS).read_bytes()
    return _structure(content, given, message["model_number"], message["form"])


def _structure(content: bytes, name: str, model: int | None, form: str | None) -> Message:
    structure = read_structure(content, name=name, model=model, limits=READ_LIMITS)
    check_format(structure.format, form, name)
    return {
        "structure": encode_structure(structure),
        "sha256": structure.sha256,
        "name": structure.name,
        "n_residues": structure.n_residues,
    }


def _too_large() -> InputError:
    return InputError(
        "the structure takes too much memory to read",
        remedy="Split the file",
        code="input.too_large",
    )


def _limit_memory(more: int) -> None:
    # Address space counts, not memory in use, so what the libraries have reserved comes on top.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Nothing is written but entries of databases into the cache.
    resource.setrlimit(resource.RLIMIT_FSIZE, (READ_LIMITS.inflated_bytes,) * 2)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
