"""Where compiled functions are kept on disk, and how long they are valid."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from protvox.errors import ProtvoxError
from protvox.settings import users_cache_dir

_IMPORT: Final = re.compile(
    r"^\s*(?:from (?P<module>protvox[\w.]*) import (?P<names>\([^)]*\)|.*)"
    r"|import (?P<plain>protvox[\w.]*))",
    re.MULTILINE,
)
_UNUSED: Final = 30 * 24 * 3600
"""Seconds after which what was compiled from other sources of a module is removed."""


@cache
def source_stamp(file: Path) -> str:
    """Return a digest of a module and of all modules of this package that it imports.

    A compiled function contains the constants and the functions that its module imports. numba
    looks at the file of the function alone, and would use a function with the constants of an
    older version after an upgrade that left this file as it was.

    Parameters
    ----------
    file
        Source of the module.

    Returns
    -------
    str
        Hexadecimal SHA-256.

    Raises
    ------
    OSError
        A source cannot be read.

    Examples
    --------
    >>> from protvox.compiled import folder
    >>> len(source_stamp(Path(folder.__file__)))
    64
    """
    sources: dict[Path, bytes] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in sources:
            sources[path] = path.read_bytes()
            waiting += _imported(sources[path].decode())
    digest = hashlib.sha256()
    for _, content in sorted(sources.items()):
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _imported(source: str) -> Iterator[Path]:
    """Yield the files of the modules of this package that a module imports, wherever it does."""
    root = Path(__file__).parents[2]
    for match in _IMPORT.finditer(source):
        module = match["module"] or match["plain"]
        names = re.findall(r"\w+", match["names"] or "")
        for name in (module, *(f"{module}.{name}" for name in names)):
            path = root.joinpath(*name.split("."))
            if path.with_suffix(".py").is_file():
                yield path.with_suffix(".py")
            elif (path / "__init__.py").is_file():
                yield path / "__init__.py"


class _Folder(_CacheLocator):
    """The folder of a function: ``MODULE-DIGEST`` in the first parent that can be written.

    These are ``NUMBA_CACHE_DIR`` where it is set, and otherwise ``protvox/compiled`` in the user's
    cache, which all installations share, and ``__pycache__`` beside the module. Not
    ``PROTVOX_CACHE_DIR``, which several users may share.
    """

    def __init__(self, path: Path, stamp: str, line: int) -> None:
        self._path, self._stamp, self._line = path, stamp, line

    def get_cache_path(self) -> str:
        return str(self._path)

    def get_source_stamp(self) -> str:
        return self._stamp

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Self | None:
        source = Path(py_file)
        try:
            stamp = source_stamp(source)
        except OSError:
            return None
        for parent in _parents(source):
            folder = parent / f"{py_func.__module__}-{stamp[:16]}"
            self = cls(folder, stamp, py_func.__code__.co_firstlineno)
            new = not folder.exists()
            try:
                self.ensure_cache_path()  # type: ignore[no-untyped-call]
            except OSError:
                continue
            if new:
                _remove_unused(folder)
            return self
        return None


def _parents(source: Path) -> Iterator[Path]:
    own = config.CACHE_DIR  # type: ignore[attr-defined]
    if own:
        yield Path(own)
        return
    try:
        users = users_cache_dir() / "compiled"
        users.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What lies there is executed. With the HOME of somebody else, as under sudo, it is theirs.
        if users.stat().st_uid == os.geteuid():
            yield users
    except (OSError, ProtvoxError):  # HOME is not set, or cannot be written.
        pass
    yield source.parent / "__pycache__"


def _remove_unused(folder: Path) -> None:
    """Remove the folders of other sources of a module into which nothing was written for long."""
    module = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{module}-*"):
        if other.name.rpartition("-")[0] == module and _age(other) > _UNUSED:
            shutil.rmtree(other, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # Another process removed it.
        return 0.0


class _FolderOfResults(CompileResultCacheImpl):
    _locator_classes = [_Folder]  # type: ignore[list-item]  # noqa: RUF012


class StampedCache(FunctionCache):
    """The cache of a compiled function, valid for the sources from which it was compiled.

    Parameters
    ----------
    py_func
        The function before compilation.

    Raises
    ------
    RuntimeError
        There is no folder that can be written.
    """

    _impl_class = _FolderOfResults

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)  # type: ignore[no-untyped-call]
