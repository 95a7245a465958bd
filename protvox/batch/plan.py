"""The inputs of a run, from folders, patterns, lists and manifests."""

from __future__ import annotations

import glob
import json
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from protvox.batch.lists import Line, read_list, read_manifest
from protvox.batch.storage.urls import brief, is_url, open_url, url_of
from protvox.errors import ProtvoxError, fail

STRUCTURE_SUFFIXES: Final = (".pdb", ".ent", ".pqr", ".cif", ".mmcif", ".bcif")
"""Suffixes of the files taken from a folder, each also compressed."""

_PACKED: Final = (".gz", ".xz", ".bz2", ".zst")
_TABLES: Final = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Item:
    """One input of a run.

    Attributes
    ----------
    id
        Name in the tables, unique within a run.
    path
        Path of the file, as the operating system knows it, or its URL.
    chain
        Only this chain; ``""`` for all.
    chopping
        Only this domain, in the grammar of ``--domains``; ``""`` for all.
    topology
        Structure file that names the atoms, if `path` is a trajectory.
    frame, time
        Frame of the trajectory, from 0, and its time in ps once it has been read.
    """

    id: str
    path: str
    chain: str = ""
    chopping: str = ""
    topology: str = ""
    frame: int | None = None
    time: float | None = None

    @property
    def shown_path(self) -> str:
        """The path as text that every table can hold."""
        return readable(self.path)

    def to_json(self) -> str:
        """Return the input as JSON, which also holds paths that are not valid text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Item:
        """Return the input that `to_json` wrote.

        Parameters
        ----------
        text
            JSON.
        """
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs of a run.

    Attributes
    ----------
    items
        Inputs in order, each once.
    notes
        What was skipped and why, one sentence each.
    """

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()


def make_plan(inputs: Sequence[str]) -> Plan:
    """Find the structures to score.

    Parameters
    ----------
    inputs
        Folders (searched recursively for files with the suffix of a structure), files, patterns
        with ``*``, ``?`` or ``[...]`` (``**`` for any depth), ``@LIST`` with one path per line,
        or manifests (``.csv``, ``.tsv``). Each of these may be a URL
        (`protvox.batch.storage.urls.PROTOCOLS`).

    Returns
    -------
    Plan
        The id of a file in a folder is its path within the folder; that of any other file is its
        path as written. A file that is named twice is scored once.

    Raises
    ------
    UsageError
        If there is nothing to score (``batch.empty``), a list cannot be used (``batch.list``), or
        two different inputs have the same id (``batch.duplicate``).
    """
    notes: list[str] = []
    found: dict[str, Item] = {}
    for source in inputs:
        for item in _expand(source, notes):
            known = found.setdefault(item.id, item)
            if known != item:
                where = f"{readable(known.path)} and {readable(item.path)}"
                raise fail("batch.duplicate.input", where=where, id=item.id)
    if not found:
        where = ", ".join(map(readable, inputs)) or "score"
        raise fail("batch.empty.inputs", where=where, suffixes=" ".join(STRUCTURE_SUFFIXES))
    return Plan(tuple(found.values()), tuple(notes))


def plan_frames(inputs: Sequence[str], topology: str, stride: int) -> Plan:
    """Find the trajectory frames to score.

    Parameters
    ----------
    inputs
        Trajectories.
    topology
        Structure file that names their atoms.
    stride
        Score every `stride`-th frame.

    Returns
    -------
    Plan
        The id of a frame is ``NAME#NUMBER``.

    Raises
    ------
    UsageError
        If mdtraj is not installed, or there is no frame (``batch.empty``).
    InputError
        If a file cannot be read.
    """
    from protvox.structure.io.trajectory import Trajectory

    for path in (*inputs, topology):
        if is_url(path):
            raise fail("usage.protocol.trajectory", where=path)
    items = [
        Item(f"{readable(path)}#{frame}", path, topology=topology, frame=frame)
        for path in dict.fromkeys(inputs)
        for frame in range(0, len(Trajectory(path, topology)), stride)
    ]
    if not items:
        raise fail("batch.empty.frames", where=", ".join(map(readable, inputs)))
    return Plan(tuple(items))


def readable(path: str) -> str:
    """Return a path as text, with escapes for bytes that are not valid text.

    Parameters
    ----------
    path
        Path as the operating system gives it.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def looks_like_structure(name: str) -> bool:
    """Return whether a file has the suffix of a structure, possibly compressed.

    Parameters
    ----------
    name
        Name or path of the file.

    Examples
    --------
    >>> looks_like_structure("models/1ABC.PDB.GZ")
    True
    """
    lower = name.lower()
    for packed in _PACKED:
        lower = lower.removesuffix(packed)
    return lower.endswith(STRUCTURE_SUFFIXES)


def _expand(source: str, notes: list[str]) -> Iterator[Item]:
    path = Path(source)
    if is_url(source):
        yield from _expand_url(source, notes)
    elif source.startswith("@") and not path.exists():
        yield from _items(read_list(source[1:]))
    elif path.is_dir():
        for file in sorted(_walk(source, notes)):
            yield Item(readable(os.path.relpath(file, source)), file)
    elif path.suffix.lower() in _TABLES and path.is_file():
        yield from _items(read_manifest(source))
    elif not os.path.lexists(path) and glob.has_magic(source):
        matches = sorted(glob.glob(source, recursive=True))
        files = [match for match in matches if not os.path.isdir(match)]
        if not files:
            notes.append(f"{readable(source)}: no file matches")
        yield from (Item(readable(file), file) for file in files)
    else:
        yield Item(readable(source), source)


def _expand_url(source: str, notes: list[str]) -> Iterator[Item]:
    filesystem, path = open_url(source)
    try:
        if glob.has_magic(source):
            matches = filesystem.glob(path, detail=True).items()
            found = sorted(file for file, info in matches if info["type"] == "file")
            if not found:
                notes.append(f"{source}: no file matches")
            yield from (Item(url, url) for url in (url_of(source, file) for file in found))
        elif source.lower().endswith(_TABLES):
            yield from _items(read_manifest(source))
        elif source.endswith("/") or filesystem.isdir(path):
            for file in sorted(filesystem.find(path)):
                name = posixpath.relpath(file, path)
                hidden = any(part.startswith(".") for part in name.split("/"))
                if looks_like_structure(name) and not hidden:
                    yield Item(name, url_of(source, file))
        else:
            yield Item(source, source)
    except ProtvoxError:
        raise
    except Exception as error:
        # The errors of the providers have no common base class.
        raise fail("batch.list.search", where=source, reason=brief(error)) from error


def _items(lines: Iterable[Line]) -> Iterator[Item]:
    for line in lines:
        selected = ":".join(part for part in (line.chain, line.chopping) if part)
        name = line.id or readable(line.written) + (f":{selected}" if selected else "")
        if is_url(line.path):
            open_url(line.path)  # reports an invalid URL before any work is done
        yield Item(name, line.path, line.chain, line.chopping)


def _walk(folder: str, notes: list[str]) -> Iterator[str]:
    """Find the structures below a folder; follow links, but visit no folder twice."""

    def unreadable(error: OSError) -> None:
        notes.append(f"{readable(str(error.filename))}: skipped ({error.strerror})")

    seen: set[tuple[int, int]] = set()
    for directory, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        try:
            info = os.stat(directory)
        except OSError as error:
            unreadable(error)
            folders.clear()
            continue
        if (info.st_dev, info.st_ino) in seen:
            folders.clear()
            continue
        seen.add((info.st_dev, info.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith(".") or not looks_like_structure(name):
                continue
            path = os.path.join(directory, name)
            if _is_special(path):
                notes.append(f"{readable(path)}: skipped (not a regular file)")
            else:
                yield path


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:  # a broken link is reported as a failure, not skipped
        return False
