"""Configurations of networks: shared parts, and construction from TOML or JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from protvox.errors import fail

T = TypeVar("T")


@dataclass(frozen=True)
class ConvConfig:
    """A steerable convolution with its norm and gate.

    Attributes
    ----------
    irreps
        Irreps after the gate, e.g. ``"96x0e+16x1e+8x2e"``.
    size
        Edge of the kernel, voxels.
    stride
        Keep every ``stride``-th voxel.
    padding
        Zeros around the field, in voxels.
    """

    irreps: str
    size: int = 3
    stride: int = 1
    padding: int = 0


def from_mapping(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Build a dataclass from the values of a TOML or JSON document.

    Parameters
    ----------
    kind
        Dataclass of numbers, strings, tuples and nested dataclasses.
    values
        Map from field to value; lists become tuples.
    where
        File or section named in errors.

    Raises
    ------
    ModelError
        If a field is unknown or missing, or a value has the wrong type (``config.value``).

    Examples
    --------
    >>> from_mapping(ConvConfig, {"irreps": "8x0e", "stride": 2}, "example").stride
    2
    """
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    refuse_unknown(values, set(names), where)
    hints = get_type_hints(kind)
    given = {name: _value(hints[name], value, f"{where} {name}") for name, value in values.items()}
    try:
        return kind(**given)
    except TypeError as error:
        missing = str(error).partition(": ")[2] or str(error)
        raise fail("config.value.missing", where=where, fields=missing) from error


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise fail("config.value.type", where=where, value=value, expected="a table")
        return from_mapping(hint, value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise fail("config.value.type", where=where, value=value, expected="a list")
        return tuple(_value(get_args(hint)[0], item, where) for item in value)
    kinds = get_args(hint) or (hint,)
    if NoneType in kinds:
        if value is None:
            return None
        # Exactly one kind besides None, so that errors can name it.
        (kind,) = (kind for kind in kinds if kind is not NoneType)
        return _value(kind, value, where)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = tuple(kind for kind in kinds if isinstance(kind, type))
    if not isinstance(value, plain) or (isinstance(value, bool) and bool not in kinds):
        expected = f"of type {' or '.join(kind.__name__ for kind in plain)}"
        raise fail("config.value.type", where=where, value=value, expected=expected)
    return value


def refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    """Check that all names are known, so that a misspelt one is not ignored.

    Parameters
    ----------
    values
        Map from name to value.
    known
        The known names.
    where
        File or section named in errors.

    Raises
    ------
    ModelError
        If there is an unknown name (``config.value``).
    """
    unknown = sorted(set(values) - known)
    if unknown:
        raise fail(
            "config.value.unknown",
            where=where,
            names=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
