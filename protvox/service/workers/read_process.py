"""The reading process, which parses request bodies and database entries.

``python -m protvox.service.workers.read_process MEMORY_MIB SECONDS``, with the CPU time for one
structure. Untrusted files are parsed only here, in a process with limited memory that can be killed
at any time.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from protvox.errors import fail
from protvox.processes.messages import Message, read_message, take_over_stdio, write_message
from protvox.processes.structure_codec import encode_structure
from protvox.service.failures import describe
from protvox.service.http.uploads import check_format, parse_upload
from protvox.service.logs import configure_logging, log, request_id
from protvox.service.settings import READ_LIMITS
from protvox.structure.io.fetch import fetch_structure, parse_identifier
from protvox.structure.io.read import read_structure
from protvox.structure.limits import MIB, ReadLimits

_MAX_GROWTH: Final = 256 * MIB
"""Growth in memory after which the process is replaced, since freed memory does not always return
to the operating system."""


def main() -> None:
    """Process messages from stdin until it ends."""
    requests, replies = take_over_stdio()
    configure_logging()
    _limit_memory(int(sys.argv[1]) * MIB)
    limits = replace(READ_LIMITS, seconds=float(sys.argv[2]))
    base = _resident()
    write_message(replies, {"ready": True})
    while (message := read_message(requests)) is not None:
        reply = _reply(message, limits)
        reply["worn_out"] = _resident() - base > _MAX_GROWTH
        write_message(replies, reply)


def _reply(message: Message, limits: ReadLimits) -> Message:
    request_id.set(message["request_id"])
    try:
        return _fetch(message, limits) if "identifier" in message else _read(message, limits)
    except MemoryError:
        return {"error": describe(fail("input.too_large.memory"))}
    except Exception as error:
        plain = describe(error)
        if plain["kind"] == "bug":
            log.exception("reading failed")
        return {"error": plain}


def _read(message: Message, limits: ReadLimits) -> Message:
    upload = parse_upload(message.pop("body"), message["content_type"], message["route"])
    if upload.content is None:
        return {
            "identifier": upload.identifier,
            "format": upload.format,
            "reading": upload.reading,
            "options": upload.options,
        }
    reading, options = upload.reading, upload.options
    found = _structure(upload.content, upload.name, reading, options, upload.format, limits)
    return {**found, "options": options}


def _fetch(message: Message, limits: ReadLimits) -> Message:
    given = message["identifier"]
    identifier = parse_identifier(given)
    if identifier is None:
        raise fail("input.identifier.service", where=given)
    content = fetch_structure(identifier, limits=limits).read_bytes()
    reading, options = message["reading"], message["options"]
    return _structure(content, given, reading, options, message["format"], limits)


def _structure(
    content: bytes,
    name: str,
    reading: Mapping[str, Any],
    options: Mapping[str, Any],
    claimed: str | None,
    limits: ReadLimits,
) -> Message:
    structure = read_structure(
        content,
        name=name,
        model=reading["model_number"],
        assembly=reading["assembly"],
        unique=reading["unique"],
        limits=limits,
    )
    check_format(structure.format, claimed, name)
    requested = structure.chain == options["chain"] if options["chain"] else structure.is_protein
    return {
        "structure": encode_structure(structure),
        "sha256": structure.sha256,
        "name": structure.name,
        "n_residues": structure.n_residues,
        "n_requested": int(requested.sum()),
    }


def _limit_memory(extra: int) -> None:
    # The limit applies to address space, which includes what libraries have reserved.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The process writes only database entries, to the cache.
    resource.setrlimit(resource.RLIMIT_FSIZE, (READ_LIMITS.inflated_bytes,) * 2)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
