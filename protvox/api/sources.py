"""What the Python functions accept as a structure, alone or in lists."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from protvox.errors import InputError, fail
from protvox.structure.io.adapters.objects import LibraryObject
from protvox.structure.io.content import Content
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

Source = Structure | Content | LibraryObject
"""A structure, or anything that `protvox.read_structure` accepts."""

Sources = list[Any] | tuple[Any, ...]
"""Several sources, each a `Source`."""

P = ParamSpec("P")
R = TypeVar("R")


class TakesSources(Protocol[P, R]):
    """A function of a structure, which returns a list if it is given a list."""

    @overload
    def __call__(self, source: Source, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(self, source: Sources, *args: P.args, **kwargs: P.kwargs) -> list[R]: ...


def takes_sources(function: Callable[Concatenate[Source, P], R]) -> TakesSources[P, R]:
    """Let a function of a structure take a list or tuple of structures too.

    Parameters
    ----------
    function
        Its first parameter is the structure.

    Returns
    -------
    TakesSources
        Given a list, it returns the list of results in the same order. An `InputError` names the
        index of the structure, from 0, and the results of the others are lost.
    """

    @wraps(function)
    def call(source: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        if not isinstance(source, (list, tuple)):
            return function(source, *args, **kwargs)
        results = []
        for index, item in enumerate(source):
            try:
                results.append(function(item, *args, **kwargs))
            except InputError as error:
                raise _at(index, error) from error
        return results

    return call


def _at(index: int, error: InputError) -> InputError:
    where = f"[{index}] {error.where or ''}".rstrip()
    return type(error)(error.what, where=where, remedy=error.remedy, code=error.code)


def as_structure(
    source: Source, assembly: str | int | None = None, unique: bool = False
) -> Structure:
    """Return a structure itself, or read one.

    Parameters
    ----------
    source
        See `Source`.
    assembly, unique
        See `protvox.read_structure`.

    Raises
    ------
    UsageError
        If an assembly or unique chains of a `Structure` are asked for (``usage.assembly``).
    InputError
        If it cannot be read.
    """
    if not isinstance(source, Structure):
        return read_structure(source, assembly=assembly, unique=unique)
    if assembly is not None or unique:
        raise fail("usage.assembly.structure", where=source.name)
    return source
