"""Training configurations: a TOML file with the tables ``architecture`` and ``loop``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from protvox.errors import ModelError
from protvox.train.loop import LoopConfig

T = TypeVar("T")


def read_config(path: Path, architecture: type[T]) -> tuple[T, LoopConfig]:
    """Read a training configuration.

    Parameters
    ----------
    path
        TOML file; what it leaves out has the default of its dataclass.
    architecture
        Dataclass of the table ``architecture``, e.g. `protvox.zoo.cath.CathConfig`.

    Returns
    -------
    architecture : dataclass
        The network and its input.
    loop : LoopConfig
        The schedule.

    Raises
    ------
    ModelError
        If the file cannot be read, or a name or value in it cannot be meant.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(
            f"the configuration cannot be read ({error})",
            where=str(path),
            remedy="Give a TOML file",
            code="config.read",
        ) from error
    _refuse_unknown(document, {"architecture", "loop"}, str(path))
    return (
        from_mapping(architecture, document.get("architecture", {}), f"{path} [architecture]"),
        from_mapping(LoopConfig, document.get("loop", {}), f"{path} [loop]"),
    )


def from_mapping(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Build a dataclass from plain values, as TOML and JSON have them.

    Parameters
    ----------
    kind
        Dataclass of numbers, strings, tuples of them, and dataclasses of the same.
    values
        Field to value; lists become tuples.
    where
        What to name in an error.

    Raises
    ------
    ModelError
        If a field is unknown or missing, or a value has the wrong type (``config.value``).
    """
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    _refuse_unknown(values, set(names), where)
    hints = get_type_hints(kind)
    given = {name: _value(hints[name], value, f"{where} {name}") for name, value in values.items()}
    try:
        return kind(**given)
    except TypeError as error:
        missing = str(error).partition(": ")[2] or str(error)
        raise _bad(f"{missing} must be given", where) from error


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _bad(f"{value!r} is not a table", where)
        return from_mapping(hint, value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise _bad(f"{value!r} is not a list", where)
        return tuple(_value(get_args(hint)[0], item, where) for item in value)
    kinds = get_args(hint) or (hint,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = tuple(kind for kind in kinds if isinstance(kind, type))
    if not isinstance(value, plain) or (isinstance(value, bool) and bool not in kinds):
        expected = " or ".join(kind.__name__ for kind in plain)
        raise _bad(f"{value!r} is not of type {expected}", where)
    return value


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise _bad(f"there is no {', '.join(unknown)} (only {', '.join(sorted(known))})", where)


def _bad(what: str, where: str) -> ModelError:
    return ModelError(what, where=where, remedy="Correct the configuration", code="config.value")
