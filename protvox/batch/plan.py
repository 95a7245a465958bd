"""What a run is to score: inputs from folders, patterns, lists and manifests."""

from __future__ import annotations

import glob
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protvox.batch.lists import Line, read_list, read_manifest
from protvox.batch.storage.urls import brief, is_url, open_url, url_of
from protvox.errors import ProtvoxError, UsageError

STRUCTURE_SUFFIXES: Final = (".pdb", ".ent", ".cif", ".mmcif", ".bcif")
"""Endings of the files taken from a folder, each also compressed."""

_PACKED: Final = (".gz", ".bz2", ".zst")
_TABLES: Final = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to score.

    Attributes
    ----------
    id
        Its name in the tables, unique within a run.
    path
        The file, as the system knows it, or its URL.
    chain
        Only this chain, ``""`` for all.
    chopping
        Only this domain, in the grammar of ``--domains``, ``""`` for no choice.
    topology
        Structure file that names the atoms, if `path` is a trajectory.
    frame, time
        Which frame of the trajectory, from 0, and its time, ps, once it has been read.
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


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to score.

    Attributes
    ----------
    items
        In order, each once.
    notes
        What was passed over and why, one sentence each.
    """

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()


def make_plan(inputs: Sequence[str]) -> Plan:
    """Find what is to be scored.

    Parameters
    ----------
    inputs
        Folders (searched with everything below them for files that end like structures),
        files, patterns with ``*``, ``?`` or ``[...]`` (``**`` for any depth), ``@LIST`` with
        a path a line, or manifests (``.csv``, ``.tsv``); each of these also by URL
        (`protvox.batch.storage.urls.PROTOCOLS`).

    Returns
    -------
    Plan
        A file from a folder is called by its path within it, any other by its path as
        written. What is named twice is scored once.

    Raises
    ------
    UsageError
        If there is nothing to score (``batch.empty``), a list cannot be used
        (``batch.list``), or two different things have one id (``batch.duplicate``).
    """
    notes: list[str] = []
    found: dict[str, Item] = {}
    for source in inputs:
        for item in _expand(source, notes):
            known = found.setdefault(item.id, item)
            if known != item:
                raise UsageError(
                    f"two inputs have the id {item.id}",
                    where=f"{readable(known.path)} and {readable(item.path)}",
                    remedy="Score the folder above both, or give a manifest with a column id",
                    code="batch.duplicate",
                )
    if not found:
        raise UsageError(
            "there is nothing to score",
            where=", ".join(map(readable, inputs)) or "score",
            remedy="Give a folder, a pattern, @LIST or a manifest with structures, which end in "
            f"{' '.join(STRUCTURE_SUFFIXES)}",
            code="batch.empty",
        )
    return Plan(tuple(found.values()), tuple(notes))


def plan_frames(inputs: Sequence[str], topology: str, stride: int) -> Plan:
    """Find the frames of trajectories that are to be scored.

    Parameters
    ----------
    inputs
        Trajectories.
    topology
        Structure file that names their atoms.
    stride
        Every how many frames one is scored.

    Returns
    -------
    Plan
        A frame is called ``NAME#NUMBER``.

    Raises
    ------
    UsageError
        If mdtraj is not installed, or there is no frame (``batch.empty``).
    InputError
        If a file cannot be read.
    """
    from protvox.structure.io.trajectory import Trajectory

    for place in (*inputs, topology):
        if is_url(place):
            raise UsageError(
                "trajectories are read from this machine alone",
                where=place,
                remedy="Copy it here first",
                code="usage.protocol",
            )
    items = [
        Item(f"{readable(path)}#{frame}", path, topology=topology, frame=frame)
        for path in dict.fromkeys(inputs)
        for frame in range(0, len(Trajectory(path, topology)), stride)
    ]
    if not items:
        raise UsageError(
            "the trajectories have no frames",
            where=", ".join(map(readable, inputs)),
            remedy="Give trajectories with frames",
            code="batch.empty",
        )
    return Plan(tuple(items))


def readable(path: str) -> str:
    """Return a path as text; bytes in it that are no text become escapes.

    Parameters
    ----------
    path
        As the system gives it.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def looks_like_structure(name: str) -> bool:
    """Tell from a file's name whether it is meant to be a structure.

    Parameters
    ----------
    name
        With or without folders.
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
            notes.append(f"{readable(source)}: nothing matches")
        yield from (Item(readable(file), file) for file in files)
    else:
        yield Item(readable(source), source)


def _expand_url(source: str, notes: list[str]) -> Iterator[Item]:
    filesystem, path = open_url(source)
    try:
        if glob.has_magic(source):
            matches = filesystem.glob(path, detail=True).items()
            found = sorted(file for file, about in matches if about["type"] == "file")
            if not found:
                notes.append(f"{source}: nothing matches")
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
        # Each provider has errors of its own, which share no base.
        raise UsageError(
            f"the place cannot be searched ({brief(error)})",
            where=source,
            remedy="Check the URL and the credentials",
            code="batch.list",
        ) from error


def _items(lines: Iterable[Line]) -> Iterator[Item]:
    for line in lines:
        choice = ":".join(part for part in (line.chain, line.chopping) if part)
        name = line.id or readable(line.written) + (f":{choice}" if choice else "")
        if is_url(line.path):
            open_url(line.path)  # what cannot be meant is told before any work
        yield Item(name, line.path, line.chain, line.chopping)


def _walk(folder: str, notes: list[str]) -> Iterator[str]:
    """Find structures below a folder; follow links, but no folder twice."""

    def unreadable(error: OSError) -> None:
        notes.append(f"{readable(str(error.filename))}: passed over ({error.strerror})")

    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        try:
            about = os.stat(place)
        except OSError as error:
            unreadable(error)
            folders.clear()
            continue
        if (about.st_dev, about.st_ino) in seen:
            folders.clear()
            continue
        seen.add((about.st_dev, about.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith(".") or not looks_like_structure(name):
                continue
            path = os.path.join(place, name)
            if _is_special(path):
                notes.append(f"{readable(path)}: passed over (not a regular file)")
            else:
                yield path


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:  # a broken link: to be told as a failure, not passed over
        return False
